import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';

import { simulate } from '../../../algorithms/evaluation/simulate';
import {
  almgrenChriss,
  type AlmgrenChrissProblem,
  scheduleCost,
  solveAlmgrenChriss,
} from '../../../algorithms/solvers/almgren-chriss';
import { solveTwap, twap } from '../../../algorithms/solvers/twap';
import { makeKey, phases } from '../../../engine/random';
import { defineEnvironment } from '../../../envs/environment';
import { kind } from '../../../envs/execution';
import { executionSchema } from '../../../envs/execution/config';
import { evenNumber } from './even-number';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** The example of Almgren and Chriss (2000), section 3. */
const published: AlmgrenChrissProblem = {
  quantity: 1e6,
  periods: 5,
  horizon: 5,
  volatility: 0.95,
  temporaryImpact: 2.5e-6,
  permanentImpact: 2.5e-7,
  spreadCost: 0.0625,
  riskAversion: 1e-6,
};

test('the published case: risk-averse and risk-neutral', () => {
  const averse = solveAlmgrenChriss(published);
  expect(averse.kappa).toBeCloseTo(0.607076, 6);
  [1000, 541.956, 289.854, 147.897, 62.142, 0].forEach((thousands, k) => {
    expect(averse.holdings[k]! / 1000).toBeCloseTo(thousands, 3);
  });
  expect(averse.expectedCost).toBeCloseTo(911226.99, 2);
  expect(Math.sqrt(averse.variance)).toBeCloseTo(603430.67, 2);
  expect(averse.utility).toBeCloseTo(1275355.56, 2);

  const neutral = solveAlmgrenChriss({ ...published, riskAversion: 0 });
  expect(neutral.kappa).toBe(0);
  expect([...neutral.holdings]).toEqual([1e6, 8e5, 6e5, 4e5, 2e5, 0]);
  expect(neutral.expectedCost).toBeCloseTo(662500, 6);
  expect(Math.sqrt(neutral.variance)).toBeCloseTo(1040672.86, 2);
  expect(neutral.holdings).toEqual(solveTwap(published).holdings);
});

/**
 * The holdings that minimise E + λV, from its stationarity −x_{j−1} + (2 + c)x_j − x_{j+1} = 0 by
 * elimination; null if the quadratic form has no minimum (a pivot is not positive).
 */
function minimise(problem: AlmgrenChrissProblem): number[] | null {
  const { quantity, periods, horizon, volatility, riskAversion } = problem;
  const tau = horizon / periods;
  const net = problem.temporaryImpact - 0.5 * problem.permanentImpact * tau;
  const diagonal = 2 + (riskAversion * volatility ** 2 * tau) / (net / tau);
  const pivots: number[] = [];
  const right: number[] = [];
  for (let j = 1; j < periods; j += 1) {
    const above = pivots[j - 2];
    const pivot = above === undefined ? diagonal : diagonal - 1 / above;
    if (pivot <= 0) return null;
    pivots.push(pivot);
    right.push(above === undefined ? quantity : right[j - 2]! / above);
  }
  const holdings = new Array<number>(periods + 1).fill(0);
  holdings[0] = quantity;
  for (let j = periods - 1; j >= 1; j -= 1) {
    holdings[j] = (right[j - 1]! + holdings[j + 1]!) / pivots[j - 1]!;
  }
  return holdings;
}

test('equals direct minimisation of E + λV, for λ of either sign', () => {
  const problems = fc.record({
    quantity: fc.constantFrom(1, 1e6, -500),
    periods: fc.integer({ min: 1, max: 60 }),
    horizon: evenNumber(0.1, 10),
    volatility: evenNumber(0, 2),
    temporaryImpact: evenNumber(0.5, 3),
    permanentImpact: evenNumber(0, 0.09),
    spreadCost: evenNumber(0, 1),
    riskAversion: fc.oneof(evenNumber(-2, 2), evenNumber(0, 1e5)),
  });
  fc.assert(
    fc.property(problems, (problem) => {
      const expected = minimise(problem);
      // The edge of existence is a hair's breadth in float64: either answer is right there.
      const tau = problem.horizon / problem.periods;
      const net = problem.temporaryImpact - 0.5 * problem.permanentImpact * tau;
      const curvature = (problem.riskAversion * (problem.volatility * tau) ** 2) / net;
      const edge = -2 * (1 - Math.cos(Math.PI / problem.periods));
      fc.pre(Math.abs(curvature - edge) > 1e-3 * Math.abs(edge));
      if (expected === null) {
        expect(() => solveAlmgrenChriss(problem)).toThrow('no minimum');
        return;
      }
      const { holdings, trades } = solveAlmgrenChriss(problem);
      const size = Math.max(...expected.map(Math.abs));
      expected.forEach((value, j) => {
        expect(Math.abs(holdings[j]! - value)).toBeLessThanOrEqual(1e-9 * size);
        if (j > 0) {
          const traded = expected[j - 1]! - value;
          expect(Math.abs(trades[j - 1]! - traded)).toBeLessThanOrEqual(1e-9 * size);
        }
      });
    }),
    { numRuns: 300 },
  );
});

test('stays finite and exact for extreme urgency and for 100,000 periods', () => {
  const urgent = solveAlmgrenChriss({ ...published, riskAversion: 1e300 });
  // e^(−κτ) tends to η̃/(λσ²τ²).
  expect(urgent.holdings[1]! / ((1e6 * 2.375e-6) / (1e300 * 0.95 ** 2))).toBeCloseTo(1, 12);
  expect([...urgent.holdings.slice(2)]).toEqual([0, 0, 0, 0]);
  expect(urgent.trades[0]).toBeCloseTo(1e6, 6);

  expect(() => solveAlmgrenChriss({ ...published, riskAversion: 1e305 })).toThrow(
    /λσ²τ²\/η̃ overflows/,
  );

  const fine = solveAlmgrenChriss({ ...published, periods: 100_000, riskAversion: 1e-4 });
  const { kappa } = fine;
  // Far from the end the holdings fall as e^(−κt).
  expect(fine.holdings[20_000]! / (1e6 * Math.exp(-kappa * 1))).toBeCloseTo(1, 10);
  expect(fine.trades.reduce((sum, trade) => sum + trade, 0)).toBeCloseTo(1e6, 4);
  expect(Number.isFinite(fine.utility)).toBe(true);

  const faint = solveAlmgrenChriss({ ...published, periods: 100_000, riskAversion: 1e-20 });
  expect(faint.holdings[50_000]! / 5e5).toBeCloseTo(1, 9);
  const none = solveAlmgrenChriss({ ...published, volatility: 0 });
  expect(none.holdings).toEqual(solveTwap(published).holdings);
  const immediate = solveAlmgrenChriss({ ...published, periods: 1 });
  expect([...immediate.holdings]).toEqual([1e6, 0]);
});

test('refuses impact that pays for haste', () => {
  expect(() => solveAlmgrenChriss({ ...published, permanentImpact: 6e-6 })).toThrow(
    'it must be positive for a best schedule to exist',
  );
});

test('the cost of a schedule in closed form', () => {
  const config = executionSchema.parse({});
  const { holdings, expectedCost, variance, utility } = solveAlmgrenChriss(published);
  const cost = scheduleCost(config, holdings);
  expect(cost.expectedCost / expectedCost).toBeCloseTo(1, 12);
  expect(cost.variance / variance).toBeCloseTo(1, 12);
  expect(cost.utility / utility).toBeCloseTo(1, 12);

  const base = { volatility: 0, spread: 0, permanentImpact: 0 };
  const planning = executionSchema.parse({
    ...base,
    quantity: 7,
    periods: 3,
    horizon: 3,
    temporaryImpact: [0.5, 1, 2],
  });
  expect(scheduleCost(planning, [7, 4, 4 / 3, 0]).expectedCost).toBeCloseTo(91 / 6, 12);

  // Obizhaeva and Wang: TWAP of ever finer trades costs κX²(ρT − 1 + e^(−ρT))/(ρT)².
  const periods = 20_000;
  const transient = executionSchema.parse({
    ...base,
    quantity: 1e5,
    periods,
    horizon: 1,
    temporaryImpact: 0,
    transientImpact: { impact: 1e-4, resilience: 2 },
  });
  const even = solveTwap({ quantity: 1e5, periods }).holdings;
  expect(scheduleCost(transient, even).expectedCost / 283833.82).toBeCloseTo(1, 4);

  expect(() => scheduleCost(config, [1e6, 0])).toThrow('expected 6 for 5 periods');
  const drawn = executionSchema.parse({ volatility: { low: 0.5, high: 1 } });
  expect(() => scheduleCost(drawn, holdings)).toThrow('no cost in closed form');
});

test('the return of a schedule is −(E + λV) on average', async () => {
  const config = executionSchema.parse({
    transientImpact: { impact: 1e-7, resilience: 0.5 },
    temporaryImpact: [1e-6, 2e-6, 3e-6, 2e-6, 1e-6],
    rewardScale: 1e-6,
    side: 'buy',
    riskAversion: 2e-6,
  });
  const definition = kind.create(config);
  const policy = twap.create('execution', config, definition);
  const metrics = await simulate(defineEnvironment(definition), policy, {
    episodes: 4000,
    seed: 0,
    phase: 'test',
  });
  policy.dispose?.();
  const cost = scheduleCost(config, solveTwap(config).holdings);
  const mean = metrics.return!.reduce((sum, value) => sum + value, 0) / 4000;
  const error = Math.sqrt(cost.variance / 4000) * 1e-6;
  expect(Math.abs(mean + cost.utility * 1e-6)).toBeLessThan(3 * error);
});

test.each(['fraction', 'pace'] as const)(
  'the policy follows the schedule by %s, and its costs are the published ones',
  async (action) => {
    const config = executionSchema.parse({ action });
    const definition = kind.create(config);
    const environment = defineEnvironment(definition);
    const before = tf.memory().numTensors;
    const policy = almgrenChriss.create('execution', config, definition);
    const { holdings } = solveAlmgrenChriss(published);

    tf.tidy(() => {
      const parameters = environment.parameters();
      const key = makeKey({ seed: 0, phase: phases.check, rows: 2 });
      let { state, observation } = environment.reset(parameters, key);
      for (let k = 1; k < 5; k += 1) {
        const chosen = policy.act({ parameters, state, observation, key });
        ({ state, observation } = environment.step(parameters, state, chosen, key));
        const [left] = state.remaining!.arraySync() as number[];
        expect(Math.abs(left! - holdings[k]!)).toBeLessThan(1);
      }
    });

    const episodes = 20_000;
    const metrics = await simulate(environment, policy, { episodes, seed: 0, phase: 'test' });
    policy.dispose?.();
    expect(tf.memory().numTensors).toBe(before);
    const shortfall = metrics.shortfall!;
    const mean = shortfall.reduce((sum, value) => sum + value, 0) / episodes;
    const variance = shortfall.reduce((sum, value) => sum + (value - mean) ** 2, 0) / episodes;
    // Three standard errors: 1.4 % of the mean, 1.5 % of the deviation.
    expect(Math.abs(mean / 911226.99 - 1)).toBeLessThan(0.014);
    expect(Math.abs(Math.sqrt(variance) / 603430.67 - 1)).toBeLessThan(0.015);
    expect(metrics.completion!.every((value) => value === 1)).toBe(true);
    expect(metrics.participation![0]).toBeCloseTo(0.04, 6);
  },
);
