import * as tf from '@tensorflow/tfjs';

import { createPolicy } from '../../../algorithms/policies/policy';
import { box, discrete, type Space } from '../../../envs/space';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const options = { hidden: [3], activation: 'tanh', initialLogStd: 0, learnStd: true } as const;
const observations = box([{ name: 'x', unit: '1', low: -1, high: 1, description: '' }]);
const draws = (_layer: number, rows: number, columns: number) =>
  Float32Array.from({ length: rows * columns }, (_, index) => Math.sin(index + 1));

/** Tensors that the work leaves behind. */
function countLeft(work: () => unknown): number {
  const before = tf.memory().numTensors;
  work();
  return tf.memory().numTensors - before;
}

test.each<[string, Space, number]>([
  ['gaussian', observations, 2],
  ['masked categorical', discrete('choice', '', ['a', 'b', 'c']), 1],
])('%s: outside a tidy nothing is left behind but the results', (_, space, fisherTensors) => {
  tf.engine().startScope();
  const policy = createPolicy(observations, space, options);
  const parameters = policy.initialise(draws);
  const observation = tf.tensor2d([[0.1], [0.7]]);
  const mask =
    space.kind === 'discrete' ? tf.tensor2d([1, 1, 0, 0, 1, 1], [2, 3], 'bool') : undefined;
  let distribution!: ReturnType<typeof policy.distribution>;
  expect(
    countLeft(() => {
      distribution = policy.distribution(parameters, observation, mask);
    }),
  ).toBe(1);
  expect(countLeft(() => policy.head.mode(distribution))).toBe(1);
  expect(countLeft(() => policy.head.applyFisher(distribution, distribution))).toBe(fisherTensors);
  tf.engine().endScope();
});
