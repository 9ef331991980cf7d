import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';

import { bestConstantChoice } from '../../../algorithms/solvers/best-constant-order';
import { expectedRewards } from '../../../algorithms/solvers/order-choice/expected';
import { chooseOrder } from '../../../algorithms/solvers/order-choice/orders';
import { createValuation, orderChoice } from '../../../algorithms/solvers/order-choice/policy';
import { orderPlacement } from '../../../algorithms/solvers/order-placement';
import { forUse, makeKey, phases, uses } from '../../../engine/random';
import { kind } from '../../../envs/order-placement';
import { orderPlacementSchema } from '../../../envs/order-placement/config';

beforeAll(() => tf.setBackend('cpu'));

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
