import * as tf from '@tensorflow/tfjs';

import { simulate } from '../../../algorithms/evaluation/simulate';
import {
  bestConstantChoice,
  bestConstantOrder,
} from '../../../algorithms/solvers/best-constant-order';
import { liquidateByLimitOrders } from '../../../algorithms/solvers/order-choice/liquidation';
import { orderPlacement } from '../../../algorithms/solvers/order-placement';
import { planOrders } from '../../../algorithms/solvers/order-placement/programme';
import { orderPlace } from '../../../algorithms/solvers/order-placement/steps';
import { findCompiler } from '../../../engine/compile/run/native';
import { startDevice } from '../../../engine/device';
import { kind } from '../../../envs/order-placement';
import {
  type OrderPlacementConfig,
  orderPlacementSchema,
} from '../../../envs/order-placement/config';
import { makeEnvironment } from '../../../envs/registry';
import { bestValue } from './order-placement/enumeration';

beforeAll(() => tf.setBackend('cpu'));

const small = {
  quantity: 2,
  steps: 3,
  levels: 2,
  signal: { values: [-0.006, 0.009], persistence: 0.6 },
  spread: { values: [0.01, 0.03], persistence: 0.5 },
  imbalance: { values: [-0.4, 0.4], persistence: 0.3 },
  imbalanceDrift: 0.004,
  fill: { probability: 0.6, decay: 0.5 },
  adverseSelection: 0.007,
  volatility: 0.3,
  queue: { length: 1, cancelRate: 0.25 },
  unfinished: { kind: 'cross', penalty: 0.004, quadratic: 0.002 },
  fees: { maker: -2e-5, taker: 3e-5 },
};

describe('the plan', () => {
  test.each([
    ['queues, chains, fees', {}],
    ['what is left is abandoned', { unfinished: { kind: 'abandon' } }],
    ['latency', { latency: 1, signal: 0.003, spread: 0.02 }],
    ['no market orders, never without an order', { marketOrders: false, waiting: false }],
    ['no queues', { queue: { length: 0 }, imbalance: 0, steps: 4 }],
  ])('is worth what trying every order in every case is worth: %s', (_, overrides) => {
    const config = orderPlacementSchema.parse({ ...small, ...overrides });
    expect(planOrders(config).value).toBeCloseTo(bestValue(config), 10);
  });

  test('is worth more than any constant choice, which is worth more than none of the others', () => {
    const config = orderPlacementSchema.parse(small);
    const best = bestConstantChoice(config);
    const values = [0, 1, 2, 3].map((choice) => planOrders(config, [choice]).value);
    expect(values[best]).toBe(Math.max(...values));
    expect(planOrders(config).value).toBeGreaterThan(values[best]!);
  });

  test('refuses a market that is not finite, and one that is too large', () => {
    const plan = (config: object) => () => planOrders(orderPlacementSchema.parse(config));
    expect(plan({ signal: { low: 0, high: 1 } })).toThrow(/^env\.signal: a range of values/);
    expect(plan({ fill: { decay: { low: 0, high: 1 } } })).toThrow(/^env\.fill\.decay: a range/);
    expect(plan({ steps: 5000, quantity: 900 })).toThrow(/states are too many/);
  });
});

describe('in the environment', () => {
  const compiled = 'compiler' in findCompiler();
  beforeAll(() => startDevice(compiled ? 'native' : 'cpu'));
  afterAll(() => startDevice('cpu'));

  test.each([
    ['the default', {}],
    ['small', small],
    ['latency, gain', { ...small, latency: 1, reward: 'gain', steps: 4 }],
  ])(
    'the plan earns what it promises, and so does the best constant choice: %s',
    async (_, overrides) => {
      const config = orderPlacementSchema.parse(overrides);
      const environment = makeEnvironment({ id: 'order-placement', ...overrides });
      const episodes = compiled ? 30_000 : 2000;
      const earned = async (solver: typeof orderPlacement, promised: number) => {
        const policy = solver.create('order-placement', config, environment.definition);
        const { return: total, returnNoise } = await simulate(environment, policy, {
          episodes,
          seed: 0,
          phase: 'validation',
        });
        policy.dispose?.();
        const sum = (values: Float64Array) => values.reduce((all, value) => all + value, 0);
        const rest = total!.map((value, episode) => value - returnNoise![episode]!);
        const mean = sum(rest) / episodes;
        const deviation = Math.sqrt(sum(rest.map((value) => (value - mean) ** 2)) / episodes);
        expect(Math.abs(mean - promised)).toBeLessThan(
          (4 * deviation) / Math.sqrt(episodes) + 1e-6,
        );
      };
      // A gain is more than minus the shortfall by what the price is expected to rise, here not at all.
      await earned(orderPlacement, planOrders(config).value + rise(config));
      const constant = bestConstantChoice(config);
      await earned(bestConstantOrder, planOrders(config, [constant]).value + rise(config));
    },
  );
});

/** E(S_T − S₀) of the units, for gain. */
function rise({
  reward,
  quantity,
  steps,
  signal,
  imbalance,
  imbalanceDrift,
}: OrderPlacementConfig) {
  if (reward !== 'gain') return 0;
  const mean = (values: readonly number[]) =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const of = (process: typeof signal) =>
    typeof process === 'object' && 'values' in process ? mean(process.values) : NaN;
  return quantity * steps * (of(signal) + imbalanceDrift * of(imbalance));
}

test('where only limit orders sell, the plan is the closed form of Cartea, Jaimungal and Penalva', () => {
  const [intensity, decay, horizon, terminalPenalty] = [50 / 60, 100, 60, 0.001];
  const steps = 300;
  const tick = 0.002;
  const config = orderPlacementSchema.parse({
    quantity: 3,
    steps,
    levels: 40,
    tick,
    signal: 0,
    spread: 0,
    imbalance: 0,
    fill: { probability: (intensity * horizon) / steps, decay: decay * tick },
    adverseSelection: 0,
    volatility: 0,
    queue: { length: 0 },
    unfinished: { kind: 'cross', penalty: 0, quadratic: terminalPenalty },
    marketOrders: false,
  });
  const plan = planOrders(config);
  const solution = liquidateByLimitOrders({
    quantity: 3,
    intensity,
    decay,
    horizon,
    terminalPenalty,
    time: 0,
  });
  expect(Math.abs(plan.value - solution.value[2]!)).toBeLessThan(0.003 * solution.value[2]!);
  for (const q of [1, 2, 3]) {
    const depth = (plan.choices[(q - 1) * plan.layout.orders]! - 1) * tick;
    expect(Math.abs(depth - solution.depth[q - 1]!)).toBeLessThanOrEqual(0.6 * tick);
  }
  expect(solution.depth[0]).toBeCloseTo(0.0396, 4);
  expect(solution.depth[2]).toBeCloseTo(0.028643, 4);
});

test('places of orders do not collide', () => {
  const places = [0, 1, 2].flatMap((depth) =>
    [0, 1, 2].map((ahead) => orderPlace(2, depth, ahead)),
  );
  expect([...places].sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test('which policies mark the score', () => {
  const references = (config: object) => kind.references!(orderPlacementSchema.parse(config));
  const naive = 'best-constant-order';
  expect(references({})).toEqual({ naive, optimum: 'order-placement' });
  const bandit = { quantity: 1, steps: 1, queue: { length: 0 }, signal: { low: 0, high: 1 } };
  expect(references(bandit)).toEqual({ naive, optimum: 'order-choice' });
  expect(references({ signal: { low: 0, high: 1 } })).toBeNull();
});
