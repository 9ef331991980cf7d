import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';

import { simulate } from '../../../algorithms/evaluation/simulate';
import { scheduleCost, solveAlmgrenChriss } from '../../../algorithms/solvers/almgren-chriss';
import {
  obizhaevaWangSolver,
  solveContinuousTransient,
  solveExponentialImpact,
  solveObizhaevaWang,
  solveTransientImpact,
} from '../../../algorithms/solvers/obizhaeva-wang';
import { minimiseQuadratic } from '../../../algorithms/solvers/obizhaeva-wang/bounded-quadratic';
import {
  obizhaevaWang,
  solveTransientSchedule,
} from '../../../algorithms/solvers/obizhaeva-wang/policy';
import { defineEnvironment } from '../../../envs/environment';
import { kind } from '../../../envs/execution';
import { executionSchema } from '../../../envs/execution/config';
import { evenNumber } from './even-number';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const reference = { quantity: 1e5, horizon: 1, resilience: 2, impact: 1e-4 };

/** Σ over the trades of x·(displacement + ½κx), the displacement decaying between them. */
function costOf(
  trades: ArrayLike<number>,
  times: readonly number[],
  { resilience, impact }: typeof reference,
) {
  let [displacement, cost] = [0, 0];
  for (let i = 0; i < trades.length; i += 1) {
    if (i > 0) displacement *= Math.exp(-resilience * (times[i]! - times[i - 1]!));
    cost += trades[i]! * (displacement + 0.5 * impact * trades[i]!);
    displacement += impact * trades[i]!;
  }
  return cost;
}

const evenly = (periods: number) => Array.from({ length: periods + 1 }, (_, i) => i / periods);

test('the closed form costs what its trades cost, and is the linear solve', () => {
  for (const periods of [1, 2, 7, 60]) {
    const { trades, cost } = solveObizhaevaWang({ ...reference, periods });
    expect(trades.reduce((sum, x) => sum + x, 0)).toBeCloseTo(1e5, 6);
    expect(costOf(trades, evenly(periods), reference) / cost).toBeCloseTo(1, 12);
    const solved = solveTransientImpact(1e5, 1e-4, evenly(periods), (lag) => Math.exp(-2 * lag));
    expect(solved.cost / cost).toBeCloseTo(1, 10);
    solved.trades.forEach((x, i) => expect(x).toBeCloseTo(trades[i]!, 4));
  }
});

test('the limit of many periods has the published values', () => {
  const { block, rate, cost } = solveContinuousTransient(reference);
  expect([block, cost]).toEqual([25_000, 250_000]);
  const many = solveObizhaevaWang({ ...reference, periods: 1_000_000 });
  expect(many.cost).toBeCloseTo(250_000, -1);
  expect(many.trades[0]).toBeCloseTo(25_000, -1);
  expect(many.trades[5]! * 1e6).toBeCloseTo(rate, -1);
  const twap = costOf(new Float64Array(20_001).fill(1e5 / 20_001), evenly(20_000), reference);
  expect(twap / 283_833.82).toBeCloseTo(1, 3);
});

test('no other schedule is cheaper, at uneven times and under other kernels', () => {
  const kernels: Record<string, (lag: number) => number> = {
    exponential: (lag) => Math.exp(-2 * lag),
    'power-law': (lag) => (1 + lag / 0.1) ** -0.5,
    exponentials: (lag) => 0.3 * Math.exp(-lag) + 0.7 * Math.exp(-20 * lag),
  };
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.keys(kernels)),
      fc.array(evenNumber(0.02, 1), { minLength: 2, maxLength: 7 }),
      fc.array(evenNumber(-1, 1), { minLength: 8, maxLength: 8 }),
      (kind, gaps, change) => {
        const decay = kernels[kind]!;
        const times = [0, ...gaps.map((_, i) => gaps.slice(0, i + 1).reduce((s, g) => s + g, 0))];
        const { trades, cost } = solveTransientImpact(10, 0.5, times, decay);
        const price = (x: ArrayLike<number>) =>
          times.reduce(
            (sum, t, i) =>
              sum +
              times.reduce(
                (inner, s, j) => inner + 0.25 * x[i]! * x[j]! * decay(Math.abs(t - s)),
                0,
              ),
            0,
          );
        expect(price(trades)).toBeCloseTo(cost, 9);
        const mean = change.slice(0, times.length).reduce((s, c) => s + c, 0) / times.length;
        const other = trades.map((x, i) => x + change[i]! - mean);
        expect(price(other)).toBeGreaterThanOrEqual(cost - 1e-9);
      },
    ),
  );
});

test('exponential decay at uneven times is that of the linear solve', () => {
  fc.assert(
    fc.property(
      fc.array(evenNumber(1e-3, 1), { minLength: 1, maxLength: 12 }),
      evenNumber(0.05, 20),
      (gaps, resilience) => {
        const times = [0.5];
        for (const gap of gaps) times.push(times.at(-1)! + gap);
        const market = { quantity: -300, resilience, impact: 0.2 };
        const direct = solveExponentialImpact(market, times);
        const solved = solveTransientImpact(-300, 0.2, times, (lag) => Math.exp(-resilience * lag));
        expect(direct.cost / solved.cost).toBeCloseTo(1, 9);
        direct.trades.forEach((x, i) => expect(x).toBeCloseTo(solved.trades[i]!, 5));
      },
    ),
  );
});

test('2,000 periods are solved under another kernel, to equal marginal costs', () => {
  const { schema, solve } = obizhaevaWangSolver;
  const kernel = { kind: 'power-law', exponent: 0.5, scale: 0.1 } as const;
  const { trades, cost, times } = solve(schema.parse({ ...reference, periods: 2000, kernel }));
  expect(trades).toHaveLength(2001);
  for (const i of [0, 1, 2, 3, 700, 1999, 2000]) {
    const marginal = trades.reduce(
      (sum, x, j) => sum + 1e-4 * x * (1 + Math.abs(times[i]! - times[j]!) / 0.1) ** -0.5,
      0,
    );
    expect(marginal / ((2 * cost) / 1e5)).toBeCloseTo(1, 9);
  }
});

test('two equal terms of a kernel are one', () => {
  const { schema, solve } = obizhaevaWangSolver;
  const plain = solve(schema.parse({ ...reference, periods: 9 }));
  const terms = [
    { weight: 3, resilience: 2 },
    { weight: 1, resilience: 2 },
  ];
  const split = solve(
    schema.parse({ ...reference, periods: 9, kernel: { kind: 'exponentials', terms } }),
  );
  expect(split.cost / plain.cost).toBeCloseTo(1, 12);
  split.trades.forEach((x, i) => expect(x).toBeCloseTo(plain.trades[i]!, 6));
});

test('bad input is refused with the key', () => {
  const message = (input: object) =>
    obizhaevaWangSolver.schema.safeParse({ ...reference, periods: 2, ...input }).error?.issues[0];
  expect(message({ times: [0, 1] })).toMatchObject({ path: ['times'] });
  expect(message({ times: [0, 2, 1] })).toMatchObject({ path: ['times'] });
  expect(message({ times: [0, 1, 3] })).toMatchObject({
    message: 'expected times up to the horizon',
  });
  expect(message({ resilience: 0 })).toMatchObject({ path: ['resilience'] });
  const growing = (lag: number) => 1 + lag;
  expect(() => solveTransientImpact(1, 1, [0, 1, 2], growing)).toThrow(
    /kernel: not positive definite/,
  );
  const many = Array.from({ length: 4001 }, (_, i) => i);
  expect(() => solveTransientImpact(1, 1, many, Math.exp)).toThrow(
    /periods: 4000; .* at most 3999/,
  );
});

describe('a quadratic programme between bounds', () => {
  /** Its own costs may be far below the shared ones, so that free trades would become negative. */
  const problems = fc
    .record({
      n: fc.integer({ min: 1, max: 7 }),
      numbers: fc.array(evenNumber(-1, 1), {
        minLength: 64,
        maxLength: 64,
      }),
      share: evenNumber(0.01, 1),
      unbounded: fc.boolean(),
    })
    .map(({ n, numbers, share, unbounded }) => {
      const matrix = new Float64Array(n * n);
      for (let i = 0; i < n; i += 1) {
        for (let j = 0; j < n; j += 1) {
          let sum = i === j ? 0.05 : 0;
          for (let k = 0; k < n; k += 1) sum += numbers[i * 7 + k]! * numbers[j * 7 + k]!;
          // Nothing on the whole space: convex among trades of the same sum only.
          matrix[i * n + j] = sum - 2;
        }
      }
      const caps = numbers.slice(50, 50 + n).map((u) => Math.max(0, u));
      caps[0] = 0.5;
      const quantity = share * caps.reduce((sum, most) => sum + most, 0);
      const cap = Float64Array.from(caps, (most) => (unbounded ? Infinity : most));
      return { n, matrix, quantity, cap };
    });

  // These conditions are sufficient. (The QP solver of the highs package does not come back from some of these.)
  it('has marginal costs that no exchange improves', () => {
    fc.assert(
      fc.property(problems, ({ n, matrix, quantity, cap }) => {
        const x = minimiseQuadratic(matrix, quantity, cap)!;
        expect(x.reduce((sum, v) => sum + v, 0)).toBeCloseTo(quantity, 10);
        const marginal = x.map((_, i) => x.reduce((sum, v, j) => sum + matrix[i * n + j]! * v, 0));
        x.forEach((from, i) => {
          expect(from).toBeGreaterThanOrEqual(-1e-10 * quantity);
          expect(from).toBeLessThanOrEqual(cap[i]! + 1e-10 * quantity);
          if (from <= 1e-9) return;
          x.forEach((to, j) => {
            if (to >= cap[j]! - 1e-9) return;
            expect(marginal[i]! - marginal[j]!).toBeLessThanOrEqual(1e-7);
          });
        });
      }),
      { numRuns: 500 },
    );
  });

  it('is refused where no trades are the cheapest', () => {
    expect(minimiseQuadratic(Float64Array.of(0, 0, 0, 0), 1, Float64Array.of(1, 1))).toBeNull();
    expect(minimiseQuadratic(Float64Array.of(1, 3, 3, 1), 1, Float64Array.of(1, 1))).toBeNull();
  });
});

describe('the schedule for the environment', () => {
  const market = (change: object) =>
    executionSchema.parse({
      quantity: 1000,
      periods: 6,
      horizon: 3,
      volatility: 0.3,
      spread: 0,
      temporaryImpact: 0.002,
      permanentImpact: 0.0003,
      transientImpact: { impact: 0.004, resilience: 1.5 },
      riskAversion: 0.002,
      ...change,
    });
  const holdingsOf = (trades: ArrayLike<number>) => {
    const holdings = [1000];
    for (let i = 0; i < trades.length; i += 1) holdings.push(holdings[i]! - trades[i]!);
    return holdings;
  };

  it.each([
    ['all costs', {}],
    ['no risk', { riskAversion: 0 }],
    ['impact by period', { temporaryImpact: [0.001, 0.003, 0.002, 0.004, 0.001, 0.002] }],
    ['transient impact alone', { temporaryImpact: 0.0, permanentImpact: 0, riskAversion: 0 }],
  ])('has equal marginal costs in all periods: %s', (_, change) => {
    const config = market(change);
    const trades = solveTransientSchedule(config);
    const utility = (x: ArrayLike<number>) => scheduleCost(config, holdingsOf(x)).utility;
    const best = utility(trades);
    const marginal = Array.from(trades, (_, k) => {
      const shifted = (by: number) =>
        trades.map((x, i) => (i === k ? x + by : i === (k + 1) % trades.length ? x - by : x));
      return (utility(shifted(0.5)) - utility(shifted(-0.5))) / best;
    });
    marginal.forEach((slope) => expect(Math.abs(slope)).toBeLessThan(1e-8));
    const even = new Float64Array(6).fill(1000 / 6);
    expect(best).toBeLessThanOrEqual(utility(even) * (1 + 1e-12));
  });

  it('is that of Almgren and Chriss without transient impact', () => {
    const config = market({ transientImpact: null });
    const { trades } = solveAlmgrenChriss({
      quantity: 1000,
      periods: 6,
      horizon: 3,
      volatility: 0.3,
      temporaryImpact: 0.002,
      permanentImpact: 0.0003,
      spreadCost: 0,
      riskAversion: 0.002,
    });
    solveTransientSchedule(config).forEach((n, k) => expect(n).toBeCloseTo(trades[k]!, 7));
  });

  it('is that of Obizhaeva and Wang with transient impact alone', () => {
    const config = market({ temporaryImpact: 0, permanentImpact: 0, riskAversion: 0 });
    const closed = solveObizhaevaWang({
      quantity: 1000,
      periods: 5,
      horizon: 2.5,
      resilience: 1.5,
      impact: 0.004,
    });
    solveTransientSchedule(config).forEach((n, k) => expect(n).toBeCloseTo(closed.trades[k]!, 7));
  });

  it('is the sine of Almgren and Chriss where risk is sought', () => {
    const config = market({ transientImpact: null, riskAversion: -0.003 });
    const { trades } = solveAlmgrenChriss({
      quantity: 1000,
      periods: 6,
      horizon: 3,
      volatility: 0.3,
      temporaryImpact: 0.002,
      permanentImpact: 0.0003,
      spreadCost: 0,
      riskAversion: -0.003,
    });
    expect(trades[0]).toBeGreaterThan(0);
    expect(trades[0]).toBeLessThan(trades[5]!);
    solveTransientSchedule(config).forEach((n, k) => expect(n).toBeCloseTo(trades[k]!, 6));
  });

  it('keeps to capacities, and no exchange within them is cheaper', () => {
    const capacity = [100, 400, 50, 300, 0, 500];
    const config = market({ capacity });
    const trades = solveTransientSchedule(config);
    const utility = (x: ArrayLike<number>) => scheduleCost(config, holdingsOf(x)).utility;
    trades.forEach((n, k) => expect(n).toBeLessThanOrEqual(capacity[k]! + 1e-9));
    expect(trades.reduce((sum, n) => sum + n, 0)).toBeCloseTo(1000, 9);
    trades.forEach((from, i) =>
      trades.forEach((to, j) => {
        const moved = Math.min(0.01, from, capacity[j]! - to);
        if (i === j || moved <= 0) return;
        const other = trades.map((n, k) => n + (k === j ? moved : 0) - (k === i ? moved : 0));
        expect(utility(other)).toBeGreaterThanOrEqual(utility(trades) * (1 - 1e-13));
      }),
    );
  });

  it.each([
    ['as a sale', {}],
    ['as a purchase by pace under capacities', { side: 'buy', action: 'pace', capacity: 300 }],
  ])('costs in the environment what it is said to, %s', async (_, change) => {
    const config = market({ volatility: 0, ...change });
    const definition = kind.create(config);
    const policy = obizhaevaWang.create('execution', config, definition);
    const { shortfall } = await simulate(defineEnvironment(definition), policy, {
      episodes: 2,
      seed: 0,
      phase: 'test',
    });
    policy.dispose?.();
    const { expectedCost } = scheduleCost(config, holdingsOf(solveTransientSchedule(config)));
    expect(shortfall![0]! / expectedCost).toBeCloseTo(1, 5);
  });

  it('is refused for many thousands of periods, and where nothing costs', () => {
    expect(() => solveTransientSchedule(market({ periods: 5000 }))).toThrow(/env\.periods: 5000/);
    const free = { temporaryImpact: 0, permanentImpact: 0, transientImpact: null, riskAversion: 0 };
    expect(() => solveTransientSchedule(market(free))).toThrow(/no schedule is the cheapest/);
  });
});
