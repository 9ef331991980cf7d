import * as tf from '@tensorflow/tfjs';

import { forUse, makeKey, phases, uses } from '../../../engine/random';
import { kind } from '../../../envs/order-placement';
import { orderPlacementSchema } from '../../../envs/order-placement/config';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('the bandit of domain 3', () => {
  const bandit = {
    quantity: 1,
    steps: 1,
    spread: 0.02,
    tick: 0.01,
    imbalance: 0,
    fill: { probability: 0.6, decay: 0.5 },
    adverseSelection: 0,
    queue: { length: 0 },
    unfinished: { kind: 'abandon' },
    reward: 'gain',
  };
  const rows = 40_000;

  /** Mean reward of a choice, and its standard error. */
  function meanReward(overrides: object, choice: number): { mean: number; error: number } {
    return tf.tidy(() => {
      const definition = kind.create(orderPlacementSchema.parse({ ...bandit, ...overrides }));
      const parameters = definition.parameters();
      const key = makeKey({ seed: choice, phase: phases.check, rows });
      const state = definition.reset(parameters, forUse(key, uses.reset));
      const action = tf.fill([rows], choice, 'int32');
      const { reward } = definition.transition(parameters, state, action, key);
      const { mean, variance } = tf.moments(reward);
      return {
        mean: mean.dataSync()[0]!,
        error: Math.sqrt(variance.dataSync()[0]! / rows),
      };
    });
  }

  const expected = [
    { signal: 0.03, choice: 0, value: 0.02 },
    { signal: 0.03, choice: 1, value: 0.024 },
    { signal: 0.03, choice: 2, value: 0.018196 },
    { signal: 0.03, choice: 3, value: 0.013244 },
    { signal: 0.03, choice: 4, value: 0 },
    { signal: 0.06, choice: 0, value: 0.05 },
    { signal: 0.06, choice: 1, value: 0.042 },
  ];
  test.each(expected)('signal $signal, choice $choice: $value', ({ signal, choice, value }) => {
    const { mean, error } = meanReward({ signal }, choice);
    expect(Math.abs(mean - value)).toBeLessThanOrEqual(4 * error + 1e-6);
    if (choice !== 4) expect(error).toBeLessThan(3e-4);
  });

  test('a fill is followed by a fall: a limit order earns less by p·a(1 − p₀), a market order does not', () => {
    const adverse = { signal: 0.03, adverseSelection: 0.02 };
    const market = meanReward(adverse, 0);
    expect(Math.abs(market.mean - 0.02)).toBeLessThan(4 * market.error);
    const limit = meanReward(adverse, 2);
    const value = 0.018196 - 0.6 * Math.exp(-0.5) * 0.02 * 0.4;
    expect(Math.abs(limit.mean - value)).toBeLessThan(4 * limit.error);
    expect(0.018196 - value).toBeGreaterThan(10 * limit.error);
  });

  test('what is not filled is bought at the close, where that is asked for', () => {
    const unfinished = { kind: 'cross', penalty: 0.005 };
    const { mean, error } = meanReward({ signal: 0.03, unfinished }, 1);
    expect(Math.abs(mean - (0.024 + 0.4 * (0.03 - 0.01 - 0.005)))).toBeLessThan(4 * error);
  });
});
