import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';

import { simulate } from '../../../algorithms/evaluation/simulate';
import {
  bestConstantChoice,
  bestConstantOrder,
} from '../../../algorithms/solvers/best-constant-order';
import { expectedRewards } from '../../../algorithms/solvers/order-choice/expected';
import { liquidateByLimitOrders } from '../../../algorithms/solvers/order-choice/liquidation';
import { chooseOrder } from '../../../algorithms/solvers/order-choice/orders';
import { createValuation, orderChoice } from '../../../algorithms/solvers/order-choice/policy';
import { orderPlacement } from '../../../algorithms/solvers/order-placement';
import { planOrders } from '../../../algorithms/solvers/order-placement/programme';
import { orderPlace } from '../../../algorithms/solvers/order-placement/steps';
import { findCompiler } from '../../../engine/compile/run/native';
import { startDevice } from '../../../engine/device';
import { forUse, makeKey, phases, uses } from '../../../engine/random';
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

describe('one choice', () => {
  const bandit = {
    quantity: 1,
    steps: 1,
    signal: { low: -0.02, high: 0.06 },
    spread: { low: 0.005, high: 0.03 },
    imbalance: { low: -0.5, high: 0.5 },
    fill: { probability: { low: 0.3, high: 0.9 }, decay: { low: 0.3, high: 0.9 } },
    adverseSelection: 0,
    queue: { length: 0 },
    unfinished: { kind: 'abandon' },
    reward: 'gain',
  };

  /** Reset states of an environment, the values of the choices in them and what the oracle does. */
  function look(overrides: object, rows: number) {
    const config = orderPlacementSchema.parse({ ...bandit, ...overrides });
    const definition = kind.create(config);
    const parameters = definition.parameters();
    const key = makeKey({ seed: 0, phase: phases.check, rows });
    const state = definition.reset(parameters, forUse(key, uses.reset));
    const observation = definition.observe(parameters, state);
    const policy = orderChoice.create('order-placement', config, definition);
    const values = createValuation(config)(parameters, state);
    const chosen = policy.act({ parameters, state, observation, key });
    return { config, definition, parameters, key, state, values, chosen };
  }

  test('the oracle chooses as chooseOrder does', () => {
    tf.tidy(() => {
      const { config, state, values, chosen } = look({}, 300);
      const numbers = Object.fromEntries(
        ['signal', 'spread', 'imbalance', 'fillProbability', 'fillDecay'].map((name) => [
          name,
          state[name]!.dataSync(),
        ]),
      );
      const all = values.arraySync();
      const choices = chosen.dataSync();
      const seen = new Set<number>();
      for (let row = 0; row < 300; row += 1) {
        const [signal, spread, imbalance, probability, decay] = Object.values(numbers).map(
          (column) => column[row]!,
        );
        const { rewards, best } = chooseOrder({
          actions: [
            { kind: 'market' },
            ...[0, 1, 2].map((ticks) => ({ kind: 'limit', ticks }) as const),
            { kind: 'hold' },
          ],
          spread: spread!,
          tick: config.tick,
          signal: signal! + config.imbalanceDrift * imbalance!,
          fill: { probability: probability!, decay: decay! },
        });
        rewards.forEach((reward, choice) => expect(all[row]![choice]).toBeCloseTo(reward, 7));
        expect(rewards[choices[row]!]).toBeCloseTo(rewards[best]!, 7);
        seen.add(choices[row]!);
      }
      expect(seen.size).toBeGreaterThanOrEqual(4);
    });
  });

  test.each([
    ['abandoned', { adverseSelection: 0.02, fees: { maker: -1e-5, taker: 2e-5 } }],
    [
      'bought at the close',
      {
        adverseSelection: 0.02,
        fees: { maker: -1e-5, taker: 2e-5 },
        unfinished: { kind: 'cross', penalty: 0.004, quadratic: 0.003 },
      },
    ],
    [
      'chains',
      {
        signal: { values: [-0.01, 0.03] },
        spread: { values: [0.01, 0.02] },
        fill: { probability: 0.5, decay: 0.4 },
        adverseSelection: 0.01,
      },
    ],
  ])('the values are the mean rewards, in each case and over all: %s', (_, overrides) => {
    const rows = 5_000;
    tf.tidy(() => {
      const { config, definition, parameters, key, state, values } = look(overrides, rows);
      const means = expectedRewards(config);
      const columns = tf.unstack(values, 1);
      columns.forEach((column, choice) => {
        const action = tf.fill([rows], choice, 'int32');
        const { reward, noise } = definition.transition(parameters, state, action, key);
        const close = (x: tf.Tensor, value: number) => {
          const { mean, variance } = tf.moments(x);
          const error = Math.sqrt(variance.dataSync()[0]! / rows);
          expect(Math.abs(mean.dataSync()[0]! - value)).toBeLessThan(4 * error + 1e-7);
        };
        const surprise = tf.sub(tf.sub(reward, noise!), column);
        close(surprise, 0);
        // Nor in rows of one kind.
        close(tf.mul(surprise, tf.cast(tf.greater(column, means[choice]!), 'float32')), 0);
        close(column, means[choice]!);
      });
    });
  });

  test('over ranges as over chains of many values', () => {
    const many = (low: number, high: number) =>
      Array.from({ length: 100 }, (_, i) => low + ((i + 0.5) / 100) * (high - low));
    fc.assert(
      fc.property(
        fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 9 })),
        ([a, b]) => {
          const [low, high] = [0.1 + Math.min(a, b) / 20, 0.1 + Math.max(a, b) / 20];
          const config = orderPlacementSchema.parse({ ...bandit, adverseSelection: 0.01 });
          const exact = expectedRewards({
            ...config,
            fill: { probability: { low, high }, decay: { low, high } },
          });
          const values = many(low, high);
          const sums = values
            .map((probability) =>
              values.map((decay) => expectedRewards({ ...config, fill: { probability, decay } })),
            )
            .flat();
          exact.forEach((value, choice) => {
            const mean = sums.reduce((sum, one) => sum + one[choice]!, 0) / sums.length;
            expect(mean).toBeCloseTo(value, 5);
          });
        },
      ),
      { numRuns: 5 },
    );
  });

  test('the constant choice of domain 3 is a limit order at the bid, or at market under a strong signal', () => {
    const fixed = { imbalance: 0, spread: 0.02, fill: { probability: 0.6, decay: 0.5 } };
    const best = (signal: number) =>
      bestConstantChoice(orderPlacementSchema.parse({ ...bandit, ...fixed, signal }));
    expect(best(0.03)).toBe(1);
    expect(best(0.06)).toBe(0);
    expect(best(-0.5)).toBe(4);
    const values = expectedRewards(
      orderPlacementSchema.parse({ ...bandit, ...fixed, signal: 0.03 }),
    );
    [0.02, 0.024, 0.018196, 0.013244, 0].forEach((value, choice) => {
      expect(values[choice]).toBeCloseTo(value, 6);
    });
    expect(values[2]).toBeCloseTo(0.6 * Math.exp(-0.5) * 0.05, 12);
  });

  test('the table agrees with the oracle where both apply, and the oracle refuses the rest', () => {
    const config = orderPlacementSchema.parse({
      ...bandit,
      signal: { values: [-0.02, 0, 0.02, 0.05] },
      spread: { values: [0.01, 0.03] },
      imbalance: 0.2,
      fill: { probability: 0.6, decay: 0.5 },
      adverseSelection: 0.01,
    });
    tf.tidy(() => {
      const { state, parameters, chosen, definition, key } = look(config, 200);
      const table = orderPlacement.create('order-placement', config, definition);
      const observation = definition.observe(parameters, state);
      const looked = table.act({ parameters, state, observation, key });
      expect(Array.from(looked.dataSync())).toEqual(Array.from(chosen.dataSync()));
      table.dispose?.();
    });
    expect(() => orderChoice.create('x', orderPlacementSchema.parse({}), {} as never)).toThrow(
      /order-choice expects quantity: 1/,
    );
  });
});

test('which policies mark the score', () => {
  const references = (config: object) => kind.references!(orderPlacementSchema.parse(config));
  const naive = 'best-constant-order';
  expect(references({})).toEqual({ naive, optimum: 'order-placement' });
  const bandit = { quantity: 1, steps: 1, queue: { length: 0 }, signal: { low: 0, high: 1 } };
  expect(references(bandit)).toEqual({ naive, optimum: 'order-choice' });
  expect(references({ signal: { low: 0, high: 1 } })).toBeNull();
});
