import fc from 'fast-check';

import { scheduleCost, solveAlmgrenChriss } from '../../../algorithms/solvers/almgren-chriss';
import {
  obizhaevaWangSolver,
  solveContinuousTransient,
  solveObizhaevaWang,
  solveTransientImpact,
} from '../../../algorithms/solvers/obizhaeva-wang';
import { solveTransientSchedule } from '../../../algorithms/solvers/obizhaeva-wang/policy';
import { executionSchema } from '../../../envs/execution/config';

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
      fc.array(fc.double({ min: 0.02, max: 1, noNaN: true }), { minLength: 2, maxLength: 7 }),
      fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 8, maxLength: 8 }),
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

test('2,000 periods are solved', () => {
  const { trades, cost } = solveTransientImpact(1e5, 1e-4, evenly(600), (lag) =>
    Math.exp(-2 * lag),
  );
  const closed = solveObizhaevaWang({ ...reference, periods: 600 });
  expect(cost / closed.cost).toBeCloseTo(1, 9);
  expect(trades[300]! / closed.trades[300]!).toBeCloseTo(1, 6);
});

test('bad input is refused with the key', () => {
  const message = (input: object) =>
    obizhaevaWangSolver.schema.safeParse({ ...reference, periods: 2, ...input }).error?.issues[0];
  expect(message({ times: [0, 1] })).toMatchObject({ path: ['times'] });
  expect(message({ times: [0, 2, 1] })).toMatchObject({ path: ['times'] });
  expect(message({ resilience: 0 })).toMatchObject({ path: ['resilience'] });
  const growing = (lag: number) => 1 + lag;
  expect(() => solveTransientImpact(1, 1, [0, 1, 2], growing)).toThrow(
    /kernel: not positive definite/,
  );
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
});
