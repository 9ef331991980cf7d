import * as tf from '@tensorflow/tfjs';

import { initialMoments, mergeMoments } from '../../../algorithms/normaliser';
import { createNetwork } from '../../../algorithms/policies/network';
import {
  explainedVariance,
  predictValues,
  renormaliseReturns,
  standardiseTargets,
} from '../../../algorithms/value/value-function';
import { expectClose, float32s, forward, numbersFrom, plain, randomLike } from '../reference';

beforeAll(async () => {
  await tf.setBackend('cpu');
});
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

function build(hidden: number[]) {
  const next = numbersFrom(2);
  const network = createNetwork({
    inputs: 3,
    hidden,
    outputs: 1,
    activation: 'tanh',
    outputGain: 1,
  });
  const template = network.initialise((_, rows, columns) =>
    Float32Array.from(float32s(rows * columns, next)),
  );
  const parameters = randomLike(template, next);
  const rows = Array.from({ length: 10 }, () => float32s(3, next));
  const returns = mergeMoments(initialMoments(1), tf.tensor2d([[100], [130], [70], [104]]));
  return { network, parameters, rows, observation: tf.tensor2d(rows), returns, next };
}

test('a value is mean + deviation · network, whatever the chunks', () => {
  const { network, parameters, rows, observation, returns } = build([4]);
  const deviation = Math.sqrt((1 + 29 * 29 + 31 * 31 + 3 * 3) / 4);
  const expected = rows.map(
    (row) => 101 + deviation * forward(network.sizes, 'tanh', plain(parameters), row)[0]!,
  );
  for (const chunk of [1, 4, 10, 100]) {
    const values = predictValues(network, parameters, returns, observation, chunk);
    expectClose(values.dataSync(), expected, 1e-5);
  }
  const targets = standardiseTargets(returns, tf.tensor1d([101, 101 + deviation]));
  expectClose(targets.dataSync(), [0, 1], 1e-5);
});

test.each([[[]], [[4]], [[5, 4]]])(
  'new return moments leave the predictions of hidden layers %p unchanged',
  (hidden) => {
    const { network, parameters, observation, returns, next } = build(hidden);
    const before = predictValues(network, parameters, returns, observation, 100).dataSync();
    const target = tf.tensor1d(float32s(50, () => 400 + 200 * next()));
    const after = renormaliseReturns(network, parameters, returns, target, 1000);
    expect(after.returns.mean.dataSync()[0]).toBeGreaterThan(300);
    expect(Object.keys(after.parameters)).toEqual(Object.keys(parameters));
    const values = predictValues(network, after.parameters, after.returns, observation, 100);
    expectClose(values.dataSync(), before, 1e-5);
    const raw = (p: typeof parameters) => network.apply(p, observation).dataSync();
    expect(Math.abs(raw(after.parameters)[0]! - raw(parameters)[0]!)).toBeGreaterThan(0.1);
  },
);

test('explained variance', () => {
  const of = (target: number[], prediction: number[]): number =>
    explainedVariance(tf.tensor1d(target), tf.tensor1d(prediction)).dataSync()[0]!;
  expect(of([1, 2, 3], [1, 2, 3])).toBe(1);
  expect(of([1, 2, 3], [11, 12, 13])).toBeCloseTo(1, 6);
  expect(of([1, 2, 3], [2, 2, 2])).toBe(0);
  expect(of([1, 2, 3, 4], [2, 1, 4, 3])).toBeCloseTo(1 - 1 / 1.25, 6);
  expect(of([1, 2, 3], [3, 2, 1])).toBeCloseTo(-3, 6);
  expect(of([5, 5], [1, 2])).toBe(0);
});
