import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';

import {
  forUse,
  type Key,
  keyAt,
  makeKey,
  normals,
  phases,
  uniform,
  uniforms,
  uses,
} from '../../engine/random';
import type { Tensors } from '../../engine/tensors';
import { draws, kind } from '../../envs/basket-execution';
import {
  type BasketExecutionConfig,
  basketExecutionSchema,
} from '../../envs/basket-execution/config';
import { checkEnvironment } from '../../envs/check';
import { defineEnvironment } from '../../envs/environment';
import { coefficient, commonCorrelation, list, number, range } from './arbitraries';
import {
  type Basket,
  meanHolding,
  openAccount,
  shortfallOf,
  work,
} from './basket-execution/reference';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** One common correlation, or a model of factors. */
const correlation = (assets: number) =>
  fc.oneof(
    number(0, 0.95).map((rho) => commonCorrelation(rho, assets)),
    fc.record({ mean: number(0, 0.9), factors: fc.integer({ min: 1, max: 5 }) }),
  );

const configs = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 5 }))
  .chain(([assets, periods]) =>
    fc.record({
      assets: fc.constant(assets),
      periods: fc.constant(periods),
      horizon: fc.constantFrom(1, 5),
      quantity: fc.oneof(
        fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: assets, maxLength: assets }),
        range(100, 1000).chain((ends) => number(0, 1).map((saleShare) => ({ ...ends, saleShare }))),
      ),
      volatility: list(0.1, 2, assets),
      correlation: correlation(assets),
      temporaryImpact: list(1e-3, 1e-2, assets),
      crossImpact: coefficient(0.01, 0.9),
      permanentImpact: coefficient(0.01, 1.5),
      spread: fc.constantFrom(0, 0.01),
      riskAversion: coefficient(1e-4, 1e-2),
      rewardScale: fc.constantFrom(1, 0.01),
    }),
  )
  .map((config) => basketExecutionSchema.parse(config));

const rows = 3;
type Ends = { low: number; high: number; scale: 'linear' | 'log' };
const within = ({ low, high, scale }: Ends, u: number): number =>
  scale === 'linear' ? low + (high - low) * u : low * (high / low) ** u;

/** The roots R of correlations that are drawn, from the same random numbers. */
function rootsOf({ assets, correlation }: BasketExecutionConfig, key: Key): number[][][] {
  if (Array.isArray(correlation)) return [];
  const { mean, factors } = correlation;
  return normals(key, draws.correlation, assets * factors)
    .arraySync()
    .map((numbers) =>
      Array.from({ length: assets }, (_, i) => {
        const own = numbers.slice(i * factors, (i + 1) * factors);
        const loads = own.map(
          (z, f) => (f === 0 ? Math.sqrt(mean) : 0) + Math.sqrt((1 - mean) / factors) * z,
        );
        const length = Math.sqrt(loads.reduce((sum, load) => sum + load * load, 0));
        return loads.map((load) => load / length);
      }),
    );
}

/** What each row drew, as whole matrices. */
function basketsOf(config: BasketExecutionConfig, key: Key): Basket[] {
  const { assets, periods, correlation, quantity } = config;
  const tau = config.horizon / periods;
  const lists = (
    value: BasketExecutionConfig['volatility'],
    draw: number,
    row: number,
  ): number[] =>
    typeof value === 'number'
      ? new Array<number>(assets).fill(value)
      : Array.isArray(value)
        ? value
        : uniforms(key, draw, assets)
            .arraySync()
            [row]!.map((u) => within(value, u));
  const one = (value: BasketExecutionConfig['crossImpact'], draw: number, row: number): number =>
    typeof value === 'number' ? value : within(value, uniform(key, draw).arraySync()[row]!);
  const roots = rootsOf(config, key);
  return Array.from({ length: rows }, (_, row) => {
    const rho = (i: number, j: number): number =>
      Array.isArray(correlation)
        ? correlation[i]![j]!
        : roots[row]![i]!.reduce((sum, load, f) => sum + load * roots[row]![j]![f]!, 0);
    const sigma = lists(config.volatility, draws.volatility, row);
    const eta = lists(config.temporaryImpact, draws.temporaryImpact, row);
    const beta = one(config.crossImpact, draws.crossImpact, row);
    const g = one(config.permanentImpact, draws.permanentImpact, row);
    const matrix = (entry: (i: number, j: number) => number) =>
      Array.from({ length: assets }, (_, i) =>
        Array.from({ length: assets }, (_, j) => entry(i, j)),
      );
    const temporary = matrix((i, j) =>
      i === j ? eta[i]! : beta * rho(i, j) * Math.sqrt(eta[i]! * eta[j]!),
    );
    const quantities = Array.isArray(quantity)
      ? quantity
      : lists(quantity, draws.quantity, row).map((size, i) =>
          uniforms(key, draws.side, assets).arraySync()[row]![i]! < quantity.saleShare
            ? size
            : -size,
        );
    return {
      periods,
      tau,
      quantities,
      temporary,
      permanent: temporary.map((line) => line.map((entry) => (g * entry) / tau)),
      covariance: matrix((i, j) => sigma[i]! * sigma[j]! * rho(i, j)),
      spread: config.spread,
      riskAversion: one(config.riskAversion, draws.riskAversion, row),
    };
  });
}

/** Solves Sx = r. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rest = matrix.map((row, i) => [...row, right[i]!]);
  const size = right.length;
  for (let k = 0; k < size; k += 1) {
    for (let i = k + 1; i < size; i += 1) {
      const factor = rest[i]![k]! / rest[k]![k]!;
      rest[i] = rest[i]!.map((value, j) => value - factor * rest[k]![j]!);
    }
  }
  const x = new Array<number>(size).fill(0);
  for (let i = size - 1; i >= 0; i -= 1) {
    let value = rest[i]![size]!;
    for (let j = i + 1; j < size; j += 1) value -= rest[i]![j]! * x[j]!;
    x[i] = value / rest[i]![i]!;
  }
  return x;
}

/** A ratio; of nothing 0. */
const beside = (value: number, unit: number): number => (unit > 0 ? value / unit : 0);

/** The observation by name, in shares and whole matrices as far as they go. */
function lookAt(config: BasketExecutionConfig, basket: Basket, held: number[], period: number) {
  const { temporary, permanent, covariance, tau, riskAversion } = basket;
  const left = config.periods - period;
  const unit = meanHolding(basket, held);
  const eta = temporary.map((row, i) => row[i]!);
  const relative = held.map((x, i) => beside(x, unit[i]!));
  const pull = held.map((_, i) =>
    held.reduce((sum, x, j) => sum + riskAversion * tau * covariance[i]![j]! * x, 0),
  );
  const matrix = temporary.map((row, i) =>
    row.map(
      (entry, j) =>
        (entry - (tau / 2) * permanent[i]![j]!) / tau + riskAversion * tau * covariance[i]![j]!,
    ),
  );
  const myopic = solve(matrix, pull);
  const size = unit[0]! * Math.sqrt(eta[0]!);
  const named = (name: string, value: (i: number) => number) =>
    Object.fromEntries(held.map((_, i) => [`${name}[${i}]`, value(i)]));
  const correlations = held.flatMap((_, i) =>
    held.map((_, j) => [
      `correlation[${i},${j}]`,
      covariance[i]![j]! / Math.sqrt(covariance[i]![i]! * covariance[j]![j]!),
    ]),
  );
  const own = temporary[0]![0]!;
  return {
    timeLeft: left / config.periods,
    pace: left > 0 ? 1 / left : 0,
    size: size * Math.sqrt(config.rewardScale / tau),
    ...named('held', (i) => relative[i]!),
    ...named('risk', (i) => beside((pull[i]! * tau) / eta[i]!, unit[i]!)),
    ...named('myopic', (i) => beside(myopic[i]!, unit[i]!)),
    ...named('urgency', (i) => tau * Math.sqrt((riskAversion * covariance[i]![i]!) / eta[i]!)),
    ...named('spread', (i) =>
      Math.min(10, (basket.spread * tau) / ((eta[i]! * unit[i]!) / Math.max(1, left))),
    ),
    ...Object.fromEntries(correlations as [string, number][]),
    permanentImpact: (permanent[0]![0]! * tau) / own,
  } as Record<string, number>;
}

const near = (actual: number, expected: number, scale: number, what: string) => {
  if (!(Math.abs(actual - expected) <= 1e-4 * scale + 1e-4 * Math.abs(expected))) {
    throw new Error(`${what}: ${actual}, expected ${expected}`);
  }
};

test('equals a broker’s account of the same baskets, transition by transition', () => {
  const actions = fc.array(number(-1, 1), { minLength: 60, maxLength: 60 });
  fc.assert(
    fc.property(configs, actions, fc.integer({ min: 0, max: 99 }), (config, chosen, seed) => {
      tf.tidy(() => {
        const { assets, periods, rewardScale } = config;
        const definition = kind.create(config);
        const { fields } = definition.observationSpace;
        const parameters = definition.parameters();
        const key = makeKey({ seed, phase: phases.check, rows });
        let state: Tensors = definition.reset(parameters, forUse(key, uses.reset));
        const baskets = basketsOf(config, forUse(key, uses.reset));
        const accounts = baskets.map(openAccount);
        for (let step = 0; step < periods; step += 1) {
          const observed = definition.observe(parameters, state).arraySync();
          accounts.forEach(({ held, period }, row) => {
            const expected = lookAt(config, baskets[row]!, held, period);
            fields.forEach(({ name }, index) => {
              if (name === 'crossImpact') return;
              near(observed[row]![index]!, expected[name]!, 1, `observed ${name}`);
            });
          });
          const action = Array.from({ length: rows }, (_, row) =>
            chosen.slice((step * rows + row) * assets).slice(0, assets),
          );
          // Every other action is wild, to be clipped.
          if (step % 2 === 1) action[0] = action[0]!.map((value) => value * 20);
          const before = state.held!.arraySync() as number[][];
          const change = definition.transition(
            parameters,
            state,
            tf.tensor2d(action, [rows, assets]),
            keyAt(key, tf.scalar(step, 'int32')),
          );
          state = change.state;
          const held = state.held!.arraySync() as number[][];
          const [reward, noise] = [change.reward.arraySync(), change.noise!.arraySync()];
          accounts.forEach((account, row) => {
            const basket = baskets[row]!;
            // The chance that the environment reports, spread over one asset that is held.
            const kept = held[row]!;
            const most = kept.reduce(
              (best, x, i) => (Math.abs(x) > Math.abs(kept[best]!) ? i : best),
              0,
            );
            const chance = kept.map((x, i) =>
              i === most && x !== 0 ? noise[row]! / rewardScale / x : 0,
            );
            const expected = work(basket, account, action[row]!, chance) * rewardScale;
            const scale = before[row]!.reduce((sum, x) => sum + Math.abs(x), 1) * 10;
            near(reward[row]!, expected, scale * rewardScale, 'reward');
            account.held.forEach((x, i) => near(kept[i]!, x, scale, 'held'));
            const figures = ['shortfall', 'riskCost'].map(
              (name) => (state[name]!.arraySync() as number[])[row]!,
            );
            near(figures[0]!, shortfallOf(basket, account), scale, 'shortfall');
            near(figures[1]!, account.riskCost, scale, 'riskCost');
          });
          expect(change.terminated.arraySync().map(Boolean)).toEqual(
            new Array(rows).fill(step === periods - 1),
          );
        }
        expect((state.held!.arraySync() as number[][]).flat().every((x) => x === 0)).toBe(true);
        const measured = definition.measure!(parameters, state);
        accounts.forEach((account, row) => {
          const basket = baskets[row]!;
          const figure = (name: string) => (measured[name]!.arraySync() as number[])[row]!;
          const shortfall = shortfallOf(basket, account);
          const scale = Math.abs(shortfall) + Math.abs(account.luck);
          near(figure('expectedCost'), shortfall - account.luck, scale, 'expectedCost');
          const whole = basket.quantities.reduce(
            (sum, x, i) => sum + Math.sqrt(basket.temporary[i]![i]!) * Math.abs(x),
            0,
          );
          near(figure('turnover'), beside(account.volume, whole), 1, 'turnover');
        });
      });
    }),
    { numRuns: 40 },
  );
});

test('the chance has the covariances of the prices, on average nothing', () => {
  tf.tidy(() => {
    const many = 10_000;
    const config = basketExecutionSchema.parse({
      assets: 2,
      periods: 4,
      horizon: 2,
      quantity: [300, -200],
      volatility: [0.5, 2],
      correlation: [
        [1, -0.6],
        [-0.6, 1],
      ],
      temporaryImpact: 1e-3,
      crossImpact: 0.5,
      rewardScale: 0.5,
    });
    const definition = kind.create(config);
    const parameters = definition.parameters();
    const key = makeKey({ seed: 0, phase: phases.check, rows: many });
    const state = definition.reset(parameters, forUse(key, uses.reset));
    const change = definition.transition(parameters, state, tf.zeros([many, 2]), key);
    const held = [225, -150];
    const variance =
      0.25 *
      0.5 *
      ((0.5 * held[0]!) ** 2 + (2 * held[1]!) ** 2 + 2 * -0.6 * 0.5 * 2 * held[0]! * held[1]!);
    const moments = tf.moments(change.noise!);
    expect(moments.variance.dataSync()[0]! / variance).toBeCloseTo(1, 1);
    expect(Math.abs(moments.mean.dataSync()[0]!)).toBeLessThan(4 * Math.sqrt(variance / many));
  });
});

test('random correlations are about their mean, and the fewer factors the wider', () => {
  tf.tidy(() => {
    const many = 500;
    const correlationsOf = (factors: number, mean: number) => {
      const config = basketExecutionSchema.parse({ assets: 2, correlation: { mean, factors } });
      const definition = kind.create(config);
      const parameters = definition.parameters();
      const key = makeKey({ seed: 0, phase: phases.check, rows: many });
      const observed = definition.observe(parameters, definition.reset(parameters, key));
      const index = definition.observationSpace.fields.findIndex(
        ({ name }) => name === 'correlation[0,1]',
      );
      const { mean: average, variance } = tf.moments(tf.slice(observed, [0, index], [-1, 1]));
      return [average.dataSync()[0]!, variance.dataSync()[0]!] as const;
    };
    expect(correlationsOf(16, 0.5)[0]).toBeCloseTo(0.5, 1);
    expect(correlationsOf(4, 0)[0]).toBeCloseTo(0, 1);
    expect(correlationsOf(2, 0.5)[1]).toBeGreaterThan(2 * correlationsOf(16, 0.5)[1]);
  });
});

test('bad numbers are refused', () => {
  const make = (config: object) => () => kind.create(basketExecutionSchema.parse(config));
  expect(make({ quantity: [1, 2] })).toThrow(
    'env.quantity: 2 numbers for 3 assets; expected one for each',
  );
  expect(make({ volatility: [1, 2] })).toThrow('env.volatility: 2 numbers for 3 assets');
  expect(make({ temporaryImpact: 0 })).toThrow('env.temporaryImpact: 0; expected positive numbers');
  expect(make({ temporaryImpact: { low: 0, high: 1 } })).toThrow('expected low > 0 and low ≤ high');
  expect(make({ volatility: { low: 2, high: 1 } })).toThrow(
    'env.volatility: low 2, high 1; expected 0 ≤ low ≤ high',
  );
  expect(make({ crossImpact: 1 })).toThrow('env.crossImpact: 1; expected less than 1');
  expect(make({ permanentImpact: { low: 0, high: 2 } })).toThrow('expected less than 2');
  const matrix = (a: number, b: number, c: number) => [
    [1, a, b],
    [a, 1, c],
    [b, c, 1],
  ];
  expect(make({ correlation: matrix(0.9, 0.9, -0.9) })).toThrow('not positive semidefinite');
  expect(make({ correlation: matrix(1, 1, 0.5) })).toThrow('not positive semidefinite');
  expect(make({ correlation: [[1]] })).toThrow('expected 3 rows of 3');
  expect(
    make({
      assets: 2,
      correlation: [
        [1, 0.5],
        [0.4, 1],
      ],
    }),
  ).toThrow('expected a symmetric matrix');
  expect(make({ correlation: matrix(1, 1, 1) })).not.toThrow();
});

test('keeps the contract, with seed 0 too, and leaks no tensors', () => {
  expect(checkEnvironment(kind)).toEqual([]);
  const config = {
    assets: 2,
    periods: 3,
    spread: 0.01,
    riskAversion: { low: 1e-7, high: 1e-6, scale: 'log' },
    correlation: [
      [1, 0.3],
      [0.3, 1],
    ],
  };
  expect(checkEnvironment(kind, { config })).toEqual([]);
  const environment = defineEnvironment(kind.create(basketExecutionSchema.parse(config)));
  expect(environment.observationSpace.fields.map(({ name }) => name)).toContain('spread[1]');
});
