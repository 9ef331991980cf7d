import * as tf from '@tensorflow/tfjs';

import { makeKey, phases, uniforms } from '../../../engine/random';
import { createArrivals, meanArrivalRate } from '../../../envs/processes/arrivals';

const config = { kind: 'hawkes', baseline: 1.2, jump: 0.6, decay: 1 } as const;

beforeAll(async () => {
  await tf.setBackend('cpu');
});

test('the expected number of arrivals tends to the closed form as steps shrink', () => {
  // Intensities are linear in the arrivals: with arrivals replaced by their expectation, the
  // recursion carries the expected intensity. E N_T = μβT/k − μα(1 − e^{−kT})/k², k = β − α.
  const expectedArrivals = (steps: number) => {
    const dt = 1 / steps;
    const arrivals = createArrivals(config, dt);
    return tf.tidy(() => {
      const parameters = arrivals.parameters();
      let state = arrivals.initial(parameters, 1);
      let total = 0;
      for (let step = 0; step < steps; step += 1) {
        const orders = arrivals.expectedOrders(parameters, state);
        const share = orders.dataSync()[0]!;
        total += share;
        const one = arrivals.advance(parameters, state, tf.zeros([1, 2]), orders).intensity!;
        const none = arrivals.advance(parameters, state, tf.ones([1, 2]), orders).intensity!;
        state = { intensity: tf.add(tf.mul(one, share), tf.mul(none, 1 - share)) };
      }
      return total;
    });
  };
  const exact = 1.51644;
  const coarse = expectedArrivals(100) - exact;
  const fine = expectedArrivals(200) - exact;
  expect(Math.abs(fine)).toBeLessThan(0.004);
  expect(coarse / fine).toBeCloseTo(2, 1);
});

test('simulated arrivals match their expectation', () => {
  const steps = 100;
  const rows = 1500;
  const arrivals = createArrivals(config, 1 / steps);
  const total = tf.tidy(() => {
    const parameters = arrivals.parameters();
    let state = arrivals.initial(parameters, rows);
    let arrived = tf.zeros([rows, 2]);
    const key = makeKey({ seed: 0, phase: phases.check, rows });
    for (let step = 0; step < steps; step += 1) {
      const draws = uniforms({ ...key, step: tf.scalar(step, 'int32') }, 0, 2);
      const orders = arrivals.expectedOrders(parameters, state);
      arrived = tf.add(arrived, tf.cast(tf.less(draws, orders), 'float32'));
      state = arrivals.advance(parameters, state, draws, orders);
    }
    return arrived;
  });
  const counts = Array.from(total.dataSync());
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  const variance = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / counts.length;
  const standardError = Math.sqrt(variance / counts.length);
  // 0.004 is the error of the grid, above.
  expect(Math.abs(mean - 1.51644)).toBeLessThan(3.5 * standardError + 0.008);
  // Self-excitation spreads the counts more than a Poisson process would.
  expect(variance).toBeGreaterThan(1.3 * mean);
});

test('the long-run rate', () => {
  expect(meanArrivalRate(config)).toBeCloseTo(3);
  expect(meanArrivalRate({ ...config, jump: 2 })).toBe(1.2);
  expect(meanArrivalRate({ kind: 'poisson', rate: 7 })).toBe(7);
});
