import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import loadHighs from 'highs';

import { evaluatePolicies } from '../../../algorithms/evaluation/evaluate';
import { findSolver } from '../../../algorithms/solvers/registry';
import {
  type ScheduleProblem,
  scheduleSolver,
  solveSchedule,
} from '../../../algorithms/solvers/schedule';
import { solveVwap } from '../../../algorithms/solvers/vwap';
import { makeEnvironment, parseEnvironment } from '../../../envs/registry';
import { evenNumber } from './even-number';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const solve = (quantity: number, impact: number[], cap: number[] | null, lots = false) =>
  solveSchedule({ quantity, impact, cap, lots });

const sumOf = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, x) => sum + x, 0);

describe('execution under caps', () => {
  it('gives the values of the reference', () => {
    const free = solve(7, [1, 2, 4], null);
    expect([...free.trades, free.marginalCost, free.cost]).toEqual([4, 2, 1, 4, 14]);
    const capped = solve(7, [1, 2, 4], [3, 10, 10]);
    const expected = [3, 8 / 3, 4 / 3, 16 / 3, 91 / 6];
    [...capped.trades, capped.marginalCost, capped.cost].forEach((value, index) =>
      expect(value).toBeCloseTo(expected[index]!, 12),
    );
    expect(capped.capDuals[0]).toBeCloseTo(7 / 3, 12);
    const full = solve(6, [1, 2, 4], [1, 2, 3]);
    expect([...full.trades, full.marginalCost, full.cost]).toEqual([1, 2, 3, 12, 22.5]);
    expect(() => solve(7, [1, 2, 4], [1, 2, 3])).toThrow(/6 shares in all, 1 fewer/);
  });

  it('knows zero caps, no quantity, equal bends and one period', () => {
    expect([...solve(2, [1, 1, 1], [0, 5, 5]).trades]).toEqual([0, 1, 1]);
    expect(solve(0, [1, 2], [0, 0])).toMatchObject({ marginalCost: 0, cost: 0 });
    expect([...solve(6, [2, 2, 2], [2, 2, 2]).trades]).toEqual([2, 2, 2]);
    expect([...solve(5, [3], null).trades]).toEqual([5]);
    expect(() => solve(1, [1, 1], [1])).toThrow(/cap: 1 numbers for 2 periods/);
  });

  const problems = fc
    .record({
      periods: fc.integer({ min: 1, max: 8 }),
      seeds: fc.array(evenNumber(0, 1), { minLength: 17, maxLength: 17 }),
    })
    .map(({ periods, seeds }) => {
      const impact = seeds.slice(0, periods).map((u) => 0.1 + 5 * u);
      const cap = seeds.slice(8, 8 + periods).map((u) => (u < 0.15 ? 0 : 10 * u));
      return { impact, cap, quantity: seeds[16]! * sumOf(cap) };
    });

  it('satisfies the conditions of the optimum', () => {
    fc.assert(
      fc.property(problems, ({ impact, cap, quantity }) => {
        const { trades, marginalCost, capDuals } = solve(quantity, impact, cap);
        expect(sumOf(trades)).toBeCloseTo(quantity, 9);
        trades.forEach((x, t) => {
          expect(x).toBeGreaterThanOrEqual(0);
          expect(x).toBeLessThanOrEqual(cap[t]!);
          // Stationary, and the dual of a cap that does not bind is zero.
          if (x > 0) expect(impact[t]! * x + capDuals[t]!).toBeCloseTo(marginalCost, 9);
          expect(capDuals[t]! * (cap[t]! - x)).toBeCloseTo(0, 9);
        });
      }),
      { numRuns: 200 },
    );
  });

  it('equals a quadratic programme', async () => {
    const highs = await loadHighs();
    fc.assert(
      fc.property(problems, ({ impact, cap, quantity }) => {
        fc.pre(quantity > 0.01);
        const names = impact.map((_, t) => `x${t}`);
        const solution = highs.solve(
          [
            'Minimize',
            `obj: [ ${impact.map((a, t) => `${a} ${names[t]} ^2`).join(' + ')} ] / 2`,
            'Subject To',
            `all: ${names.join(' + ')} = ${quantity}`,
            'Bounds',
            ...cap.map((most, t) => `0 <= ${names[t]} <= ${most}`),
            'End',
          ].join('\n'),
        );
        expect(solution.Status).toBe('Optimal');
        expect(solve(quantity, impact, cap).cost).toBeCloseTo(solution.ObjectiveValue, 4);
      }),
      { numRuns: 25 },
    );
  });

  it('leaves a period without a cap where its cap is null', () => {
    const { schema, solve: answer } = scheduleSolver;
    const input = { quantity: 7, impact: [1, 2, 4], cap: [3, null, 1] };
    expect(answer(schema.parse(input))).toEqual({
      trades: [3, 3, 1],
      marginalCost: 6,
      capDuals: [3, 0, 2],
      cost: 15.5,
    });
  });

  it('has the marginal cost and the duals as derivatives of its cost', () => {
    const [quantity, impact, cap] = [21, [0.5, 1, 2, 4, 0.1], [8, 3, 4, 9, 6]];
    const { marginalCost, capDuals } = solve(quantity, impact, cap);
    const h = 1e-5;
    const slope = (more: (by: number) => number) => (more(h) - more(-h)) / (2 * h);
    expect(slope((by) => solve(quantity + by, impact, cap).cost)).toBeCloseTo(marginalCost, 6);
    capDuals.forEach((dual, t) => {
      const raised = (by: number) => cap.map((most, i) => (i === t ? most + by : most));
      expect(slope((by) => -solve(quantity, impact, raised(by)).cost)).toBeCloseTo(dual, 6);
    });
  });

  it('keeps its precision where impacts differ by 40 orders of magnitude, and says where it cannot', () => {
    const impact = Array.from({ length: 81 }, (_, t) => 10 ** (t / 2 - 20));
    const cap = impact.map((_, t) => (t % 3 === 0 ? 1e-3 : 1 + t));
    const { trades, marginalCost } = solve(1000, impact, cap);
    expect(sumOf(trades)).toBeCloseTo(1000, 9);
    trades.forEach((x, t) => {
      if (x < cap[t]!) expect((x * impact[t]!) / marginalCost).toBeCloseTo(1, 12);
    });
    expect(() => solve(1, [1e-320, 1], null)).toThrow(/impact: beyond what float64 can hold/);
    expect(() => solve(1e200, [1, 1], null)).toThrow(/impact: beyond what float64 can hold/);
  });

  it('takes hundreds of thousands of periods', () => {
    const periods = 300_000;
    const impact = Float64Array.from({ length: periods }, (_, t) => 1 + ((t * 7919) % 1000) / 100);
    const cap = Float64Array.from({ length: periods }, (_, t) => ((t * 104729) % 500) / 100);
    const problem: ScheduleProblem = { quantity: 3e5, impact, cap, lots: false };
    const { trades, marginalCost } = solveSchedule(problem);
    expect(sumOf(trades)).toBeCloseTo(3e5, 3);
    expect(
      trades.every(
        (x, t) => x === cap[t] || Math.abs(x * impact[t]! - marginalCost) < 1e-9 * marginalCost,
      ),
    ).toBe(true);
    const part = { quantity: 1e5, impact: impact.subarray(0, 1e5), cap: cap.subarray(0, 1e5) };
    expect(sumOf(solveSchedule({ ...part, lots: true }).trades)).toBe(1e5);
  });
});

describe('whole lots', () => {
  /** All schedules, one after the other. */
  function cheapest(quantity: number, impact: readonly number[], cap: readonly number[]): number {
    if (impact.length === 0) return quantity === 0 ? 0 : Infinity;
    const [a, ...others] = impact;
    const [most, ...otherCaps] = cap;
    let best = Infinity;
    for (let x = 0; x <= Math.min(quantity, most!); x += 1) {
      best = Math.min(best, 0.5 * a! * x * x + cheapest(quantity - x, others, otherCaps));
    }
    return best;
  }

  it('cost as little as the best of all schedules', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({ a: fc.integer({ min: 1, max: 12 }), cap: fc.integer({ min: 0, max: 6 }) }),
          { minLength: 1, maxLength: 4 },
        ),
        evenNumber(0, 1),
        (periods, part) => {
          const impact = periods.map(({ a }) => a / 4);
          const cap = periods.map((one) => one.cap);
          const quantity = Math.floor(part * sumOf(cap));
          const { trades, cost } = solve(quantity, impact, cap, true);
          expect(sumOf(trades)).toBe(quantity);
          expect(trades.every((x, t) => Number.isInteger(x) && x >= 0 && x <= cap[t]!)).toBe(true);
          expect(cost).toBeCloseTo(cheapest(quantity, impact, cap), 9);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('are those of a heap that takes the cheapest lot each time', () => {
    const periods = fc.array(
      fc.record({
        a: fc.oneof(
          fc.constantFrom(0.25, 1, 3),
          fc.integer({ min: -12, max: 12 }).map((exponent) => 10 ** exponent),
        ),
        cap: fc.oneof(fc.integer({ min: 0, max: 90 }), fc.constant(Infinity)),
      }),
      { minLength: 1, maxLength: 12 },
    );
    fc.assert(
      fc.property(periods, fc.nat({ max: 200 }), (some, wanted) => {
        const impact = some.map(({ a }) => a);
        const cap = some.map((one) => one.cap);
        const quantity = Math.min(wanted, sumOf(cap));
        const lots = impact.map(() => 0);
        for (let lot = 0; lot < quantity; lot += 1) {
          const costs = lots.map((x, t) => (x < cap[t]! ? impact[t]! * (x + 0.5) : Infinity));
          lots[costs.indexOf(Math.min(...costs))]! += 1;
        }
        expect([...solve(quantity, impact, cap, true).trades]).toEqual(lots);
      }),
      { numRuns: 300 },
    );
  });

  it('round caps down and refuse a broken quantity', () => {
    expect([...solve(3, [1, 1], [2.9, 1.5], true).trades]).toEqual([2, 1]);
    expect(() => solve(4, [1, 1], [2.9, 1.5], true)).toThrow(/3 shares in all, 1 fewer/);
    const broken = { quantity: 2.5, impact: [1], cap: null, lots: true };
    expect(() => scheduleSolver.solve(broken)).toThrow(/quantity: 2.5; expected a whole number/);
  });

  it('are found for large orders', () => {
    const { trades, cost } = solve(1e9, [1, 2, 4], null, true);
    expect(sumOf(trades)).toBe(1e9);
    expect(cost / solve(1e9, [1, 2, 4], null).cost).toBeCloseTo(1, 12);
    // Impacts so different that a threshold which suits one means more lots of the other than there are numbers.
    expect(sumOf(solve(2 ** 52, [1e-20, 1, 1e20], [1e15, Infinity, 5], true).trades)).toBe(2 ** 52);
    expect(() => solve(2 ** 53, [1], null, true)).toThrow(/expected a whole number below 2\^53/);
  });

  it('of thousands of periods with equal costs go to the earlier ones', () => {
    const equal = new Array<number>(10_000).fill(1);
    const { trades } = solve(25_000, equal, null, true);
    expect([trades[0], trades[4_999], trades[5_000], trades[9_999]]).toEqual([3, 3, 2, 2]);
  });
});

test('VWAP is the optimum where impact is inverse to volume', () => {
  const volume = [3, 2, 1, 2, 4];
  const { trades, holdings } = solveVwap({ quantity: 12, volume });
  expect([...trades]).toEqual([3, 2, 1, 2, 4]);
  expect([...holdings]).toEqual([12, 9, 7, 6, 4, 0]);
  const impact = volume.map((v) => 1 / v);
  expect(solve(12, impact, null).cost).toBeCloseTo(6, 12);
  expect(sumOf(impact.map((a) => 0.5 * a * 2.4 ** 2))).toBeCloseTo(7.44, 12);
  expect(() => solveVwap({ quantity: 1, volume: [0, 0] })).toThrow(/volume: zero in every period/);
});

describe('the policy', () => {
  const market = {
    id: 'execution',
    quantity: 12,
    periods: 5,
    horizon: 5,
    volatility: 0,
    spread: 0,
    permanentImpact: 0,
    temporaryImpact: { low: 0.25, high: 2, scale: 'log' },
    capacity: { low: 2, high: 6 },
    riskAversion: 0,
    reward: 'shortfall',
  };

  it.each([
    ['drawn for each period', {}],
    ['drawn for each episode', { temporaryImpact: { low: 0.25, high: 2, per: 'episode' } }],
    [
      'given for each period',
      { temporaryImpact: [1, 2, 0.5, 1.5, 0.25], capacity: [1, 4, 2, 5, 6] },
    ],
    ['without capacities', { capacity: null }],
    ['as a pace', { action: 'pace' }],
    ['and permanent impact', { permanentImpact: { low: 0.05, high: 0.3 }, capacity: 4 }],
  ])('costs what the solver says, with coefficients %s', async (_, change) => {
    const config = parseEnvironment({ ...market, ...change });
    const environment = makeEnvironment(config);
    const { definition } = environment;
    const create = (name: string) => findSolver(name).create(config.id, config, definition);
    const episodes = 64;
    const seen: { impact: number[]; permanent: number; cap: number[] | null }[] = [];
    const schedule = create('schedule');
    const { policies } = await evaluatePolicies(environment, {
      policies: [
        {
          ...schedule,
          act(input) {
            const { step, temporaryImpact, permanentImpact, capacity } = input.state;
            if (step!.dataSync()[0] === 0) {
              const impacts = (temporaryImpact ?? input.parameters.temporaryImpact!).arraySync();
              const permanents = permanentImpact?.arraySync() as number[] | undefined;
              const caps = capacity?.arraySync() as number[][] | undefined;
              for (let row = 0; row < step!.size; row += 1) {
                const own = Array.isArray(impacts) ? impacts[row]! : impacts;
                const impact = Array.isArray(own) ? own : new Array<unknown>(5).fill(own);
                seen.push({
                  impact: impact as number[],
                  permanent: permanents?.[row] ?? 0,
                  cap: caps?.[row] ?? null,
                });
              }
            }
            return schedule.act(input);
          },
        },
      ],
      baselines: [create('twap')],
      aggregates: [],
      episodes,
      seed: 3,
      phase: 'test',
    });
    expect(seen).toHaveLength(episodes);
    // Periods last one unit of time; Σ γ n_k x_k = ½γ(X² − Σ n²).
    const costs = seen.map(({ impact, permanent, cap }) => {
      const net = impact.map((eta) => 2 * eta - permanent);
      const { cost } = solveSchedule({ quantity: 12, impact: net, cap, lots: false });
      return 0.5 * permanent * 12 ** 2 + cost;
    });
    const mean = sumOf(costs) / episodes;
    const [own, twap] = policies.map(({ metrics }) => metrics.shortfall!.mean);
    expect(own! / mean).toBeCloseTo(1, 5);
    expect(own!).toBeLessThanOrEqual(twap! + 1e-6);
  });
});
