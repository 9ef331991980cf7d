import * as tf from '@tensorflow/tfjs';

import { inventoryDirections } from '../../../envs/processes/sides';
import { roundToTicks, tickPhase } from '../../../envs/processes/tick-size';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

test('bids are rounded down and asks up, and prices on the grid stay', () => {
  tf.tidy(() => {
    const mids = tf.tensor1d([100, 100.03, 99.99]);
    const depths = tf.tensor2d([
      [0.1, 0.1],
      [0.12, 0.12],
      [0.04, -0.02],
    ]);
    const rounded = roundToTicks(depths, mids, inventoryDirections(), tf.scalar(0.05));
    // Quotes: 99.90/100.10; 99.91→99.90 and 100.15; 99.95 and 99.97→100.00.
    const expected = [
      [0.1, 0.1],
      [0.13, 0.12],
      [0.04, 0.01],
    ];
    const found = rounded.arraySync() as number[][];
    expected.flat().forEach((depth, i) => expect(found.flat()[i]).toBeCloseTo(depth, 4));
  });
});

test('the phase is the mid price’s place between two ticks', () => {
  const phases = tf.tidy(() => tickPhase(tf.tensor1d([100.02, 99.99]), tf.scalar(0.05)).dataSync());
  expect(phases[0]).toBeCloseTo(0.4, 2);
  expect(phases[1]).toBeCloseTo(0.8, 2);
});
