import * as tf from '@tensorflow/tfjs';

import {
  createFills,
  fillProbability,
  type FillsConfig,
  mostProfitableDepth,
} from '../../../envs/processes/fills';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const laws: FillsConfig[] = [
  { kind: 'exponential', decay: 1.5 },
  { kind: 'power', width: 0.7, exponent: 1.5 },
  { kind: 'power', width: 0.7, exponent: 4 },
  { kind: 'triangular', width: 0.8 },
];

test.each(laws)('tensors and numbers follow the same law: %j', (law) => {
  const fills = createFills(law);
  const depths = [-0.5, 0, 0.1, 0.5, 0.79, 0.81, 3, 1e6];
  const values = tf.tidy(() =>
    fills.probability(fills.parameters(), tf.tensor2d([depths, depths])).arraySync(),
  ) as number[][];
  depths.forEach((depth, index) => {
    expect(values[1]![index]).toBeCloseTo(fillProbability(law, depth), 6);
  });
});

test('a parameter per episode acts on both of its sides', () => {
  const fills = createFills({ kind: 'exponential', decay: 1 });
  const values = tf.tidy(() =>
    fills.probability({ fillDecay: tf.tensor1d([0, 1]) }, tf.ones([2, 2])).arraySync(),
  );
  expect(values).toEqual([
    [1, 1],
    [Math.fround(Math.exp(-1)), Math.fround(Math.exp(-1))],
  ]);
});

test.each(laws)('no depth earns more per order than the most profitable one: %j', (law) => {
  const earn = (depth: number) => depth * fillProbability(law, depth);
  const best = mostProfitableDepth(law);
  for (let depth = 0.01; depth < 4; depth += 0.01) {
    expect(earn(depth)).toBeLessThanOrEqual(earn(best) + 1e-12);
  }
});
