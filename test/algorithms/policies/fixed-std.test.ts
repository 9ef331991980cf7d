import * as tf from '@tensorflow/tfjs';

import { createPolicy } from '../../../algorithms/policies/policy';
import { fisherVectorProduct } from '../../../algorithms/trpo/fisher';
import { flatten } from '../../../algorithms/trpo/flat';
import { trpoUpdate } from '../../../algorithms/trpo/update';
import { makeKey, phases } from '../../../engine/random';
import { box } from '../../../envs/space';
import { usual } from '../trpo/policies';

const fields = ['x', 'y'].map((name) => ({ name, unit: '1', low: -9, high: 9, description: '' }));
const options = { hidden: [5], activation: 'tanh', initialLogStd: -1.2 } as const;
const fixed = createPolicy(box(fields), box(fields), { ...options, learnStd: false });
const learned = createPolicy(box(fields), box(fields), { ...options, learnStd: true });

beforeAll(async () => {
  await tf.setBackend('cpu');
});
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const example = () => {
  const key = makeKey({ seed: 4, phase: phases.check, rows: 40 });
  const draws = (layer: number, rows: number, columns: number) =>
    tf.randomNormal([rows * columns], 0, 1, 'float32', layer + 1).dataSync() as Float32Array;
  const parameters = fixed.initialise(draws);
  const observation = tf.randomNormal([40, 2], 0, 1, 'float32', 9) as tf.Tensor2D;
  const action = fixed.head.sample(fixed.distribution(parameters, observation), key);
  return { key, parameters, observation, action };
};

test('a fixed deviation is no parameter, and samples have it', () => {
  const { parameters } = example();
  expect(parameters).not.toHaveProperty('logStd');
  const rows = 20_000;
  const network = tf.zeros([rows, 2]) as tf.Tensor2D;
  const key = makeKey({ seed: 0, phase: phases.check, rows });
  const drawn = fixed.head.sample(fixed.head.distribution(network, parameters), key);
  const deviation = tf.moments(drawn).variance.sqrt().dataSync()[0]!;
  expect(Math.abs(deviation / Math.exp(-1.2) - 1)).toBeLessThan(0.02);
});

test('its Fisher product is the network block of the learned one', () => {
  const { parameters, observation } = example();
  const wide = { ...parameters, logStd: tf.fill([2], -1.2) };
  const vector = tf.randomNormal([flatten(parameters).size], 0, 1, 'float32', 3) as tf.Tensor1D;
  const narrowProduct = fisherVectorProduct(fixed, parameters, [{ observation }], 0.1)(vector);
  const wideProduct = fisherVectorProduct(
    learned,
    wide,
    [{ observation }],
    0.1,
  )(tf.concat([vector, tf.zeros([2])]) as tf.Tensor1D);
  const expected = Array.from(wideProduct.dataSync()).slice(0, -2);
  Array.from(narrowProduct.dataSync()).forEach((value, i) =>
    expect(value).toBeCloseTo(expected[i]!, 5),
  );
});

test('an update moves the mean within the trust region', () => {
  const { key, parameters, observation, action } = example();
  const advantage = tf.sum(tf.mul(action, observation), 1) as tf.Tensor1D;
  const { diagnostics } = trpoUpdate(
    fixed,
    parameters,
    { observation, action, advantage },
    usual,
    key,
  );
  expect(diagnostics.accepted.dataSync()[0]).toBe(1);
  expect(diagnostics.kl.dataSync()[0]).toBeGreaterThan(0.001);
  expect(diagnostics.kl.dataSync()[0]).toBeLessThanOrEqual(0.01);
});
