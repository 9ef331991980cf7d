import * as tf from '@tensorflow/tfjs';

import { forUse, makeKey, phases, uses } from '../../engine/random';
import type { Tensors } from '../../engine/tensors';
import { makeEnvironment } from '../../envs/registry';
import { clipReward } from '../../envs/wrappers/clip-reward';

beforeAll(async () => {
  await tf.setBackend('cpu');
});
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const rows = 20_000;

/** Reward and noise of one step from a mid-episode state, with the environment's own parameters or others. */
function stepOnce(env: { id: string; [key: string]: unknown }, changed: Tensors = {}) {
  const { definition } = makeEnvironment(env);
  const own = definition.parameters();
  const parameters: Tensors = { ...own, ...changed };
  const key = makeKey({ seed: 5, phase: phases.check, rows });
  const fresh = definition.reset(own, forUse(key, uses.reset));
  const held = env.id === 'market-making' ? { inventory: tf.fill([rows], 3) } : {};
  const action = env.id === 'market-making' ? tf.fill([rows, 2], 0.7) : tf.fill([rows, 1], 0.4);
  return definition.transition(
    parameters,
    { ...fresh, ...held },
    action,
    forUse(key, uses.dynamics),
  );
}

const largestGap = (a: tf.Tensor, b: tf.Tensor): number =>
  tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]!;

const jumps = { rate: 60, mean: 0.4, deviation: 0.5 };
const cases = {
  'brownian with drift': { mid: { kind: 'brownian', drift: 3 } },
  binomial: { mid: { kind: 'brownian', increments: 'binomial' } },
  'brownian with jumps': { mid: { kind: 'brownian', jumps } },
  geometric: { mid: { kind: 'geometric', volatility: 0.3, drift: 0.5 } },
  'Ornstein–Uhlenbeck': {
    mid: { kind: 'ornstein-uhlenbeck', volatility: 2, reversion: 4, level: 1 },
  },
  'inventory penalty': { reward: { kind: 'inventory-penalty', running: 0.5, terminal: 0.1 } },
};

describe.each(Object.entries(cases))('market making, %s', (_, overrides) => {
  const env = { id: 'market-making', ...overrides };

  test('what is left of the reward does not depend on the volatility', () => {
    const [noisy, calm] = [stepOnce(env), stepOnce(env, { volatility: tf.scalar(1e-9) })];
    const rest = ({ reward, noise }: typeof noisy) => tf.sub(reward, noise!);
    expect(largestGap(rest(noisy), rest(calm))).toBeLessThan(1e-3);
  });

  test('the noise is zero on average', () => {
    const { mean, variance } = tf.moments(stepOnce(env).noise!);
    expect(variance.dataSync()[0]).toBeGreaterThan(0.01);
    const error = Math.sqrt(variance.dataSync()[0]! / rows);
    expect(Math.abs(mean.dataSync()[0]!)).toBeLessThan(4 * error);
  });
});

test.each(['brownian', 'geometric'])(
  'a drift that comes with the parameters (%s) is no noise',
  (kind) => {
    const env = { id: 'market-making', mid: { kind } };
    const drift = tf.fill([rows], kind === 'geometric' ? 0.5 : 50);
    const { reward, noise } = stepOnce(env, { drift, volatility: tf.scalar(1e-9) });
    expect(tf.max(tf.abs(reward)).dataSync()[0]).toBeGreaterThan(0.5);
    expect(tf.max(tf.abs(noise!)).dataSync()[0]).toBeLessThan(1e-3);
  },
);

test.each(['sell', 'buy'])(
  'execution, %s: the reward less its noise is that of a still price',
  (side) => {
    const env = { id: 'execution', side, reward: 'shortfall', rewardScale: 1e-6 };
    const [noisy, calm] = [stepOnce(env), stepOnce(env, { volatility: tf.scalar(0) })];
    expect(largestGap(tf.sub(noisy.reward, noisy.noise!), calm.reward)).toBeLessThan(1e-5);
    expect(tf.moments(noisy.noise!).variance.dataSync()[0]).toBeGreaterThan(0.1);
  },
);

test('no noise is told apart where the reward is not linear in it', () => {
  const utility = { id: 'market-making', reward: { kind: 'exponential-utility' } };
  expect(stepOnce(utility).noise).toBeUndefined();
  const clipped = clipReward(makeEnvironment({ id: 'market-making' }), { maximum: 1 });
  const key = makeKey({ seed: 5, phase: phases.check, rows: 2 });
  const parameters = clipped.parameters();
  const { state } = clipped.reset(parameters, key);
  expect(clipped.step(parameters, state, tf.ones([2, 2]), key).noise).toBeUndefined();
});
