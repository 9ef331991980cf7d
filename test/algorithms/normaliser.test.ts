import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';
import fc from 'fast-check';

import {
  freezeMoments,
  initialMoments,
  mergeMoments,
  type Moments,
  standardise,
} from '../../algorithms/normaliser';
import { expectClose, float32s, numbersFrom } from './reference';

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

interface Pooled {
  readonly mean: number[];
  readonly variance: number[];
  readonly minimum: number[];
  readonly maximum: number[];
}

/** Moments of all rows together, float64. */
function pool(rows: readonly number[][]): Pooled {
  const columns = rows[0]!.map((_, j) => rows.map((row) => row[j]!));
  const mean = columns.map((x) => x.reduce((sum, v) => sum + v, 0) / x.length);
  return {
    mean,
    variance: columns.map((x, j) => x.reduce((sum, v) => sum + (v - mean[j]!) ** 2, 0) / x.length),
    minimum: columns.map((x) => x.reduce((a, b) => Math.min(a, b))),
    maximum: columns.map((x) => x.reduce((a, b) => Math.max(a, b))),
  };
}

const merge = (batches: readonly number[][][], cap?: number): Moments =>
  batches.reduce<Moments>(
    (moments, rows) => mergeMoments(moments, tf.tensor2d(rows), cap),
    initialMoments(batches[0]![0]!.length),
  );

describe.each(['cpu', 'wasm'])('on %s', (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
  });

  test('frozen moments stay, and leave a column that has not varied in its own unit', () => {
    const seen = merge([
      [
        [1, 5],
        [3, 5],
      ],
    ]);
    const frozen = freezeMoments(seen);
    const later = mergeMoments(frozen, tf.tensor2d([[100, 7]]));
    for (const moments of [frozen, later]) {
      expect([...moments.mean.dataSync()]).toEqual([2, 5]);
      expect([...moments.variance.dataSync()]).toEqual([1, 1]);
      expect([...standardise(moments, tf.tensor2d([[3, 7]]), 10).dataSync()]).toEqual([1, 2]);
    }
    expect([...seen.variance.dataSync()]).toEqual([1, 0]);
  });

  test('merged moments are those of all rows together, at any scale and offset', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }),
        fc.constantFrom(1e-4, 1e-2, 1, 100, 1e5),
        fc.constantFrom(0, 1, -30),
        fc.integer(),
        (sizes, scale, shift, seed) => {
          const next = numbersFrom(seed);
          const batches = sizes.map((size) =>
            Array.from({ length: size }, () => float32s(3, () => scale * (next() + shift))),
          );
          const moments = merge(batches);
          const expected = pool(batches.flat());
          const total = sizes.reduce((sum, n) => sum + n, 0);
          expect(moments.count.dataSync()[0]).toBe(total);
          const relative = (x: ArrayLike<number>, unit: number) => Array.from(x, (v) => v / unit);
          expectClose(
            relative(moments.mean.dataSync(), scale),
            relative(expected.mean, scale),
            1e-5,
          );
          expectClose(
            relative(moments.variance.dataSync(), scale * scale),
            relative(expected.variance, scale * scale),
            1e-4,
          );
          expect(Array.from(moments.minimum.dataSync())).toEqual(expected.minimum);
          expect(Array.from(moments.maximum.dataSync())).toEqual(expected.maximum);
        },
      ),
      { numRuns: 30 },
    );
  });

  test('stable for many rows of unit variance about 10,000', () => {
    const next = numbersFrom(1);
    const batches = [40_000, 20_000].map((size) =>
      Array.from({ length: size }, () => float32s(1, () => 1e4 + Math.sqrt(3) * next())),
    );
    const moments = merge(batches);
    const expected = pool(batches.flat());
    // One unit in the last place of 10,000 is 0.001.
    expect(Math.abs(moments.mean.dataSync()[0]! - expected.mean[0]!)).toBeLessThan(2e-3);
    expect(Math.abs(moments.variance.dataSync()[0]! / expected.variance[0]! - 1)).toBeLessThan(
      1e-3,
    );
  });
});

describe('on cpu', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });

  test('before any row, standardising only clips', () => {
    const rows = tf.tensor2d([[1, -2.5, 12]]);
    expectClose(standardise(initialMoments(3), rows, 10).dataSync(), [1, -2.5, 10], 1e-6);
  });

  test('standardised rows have mean 0 and variance 1, clipped to the limit', () => {
    const next = numbersFrom(6);
    const rows = Array.from({ length: 500 }, () => [50 + 3 * next(), 1e-3 * next()]);
    const moments = merge([rows]);
    const after = pool(standardise(moments, tf.tensor2d(rows), 10).arraySync());
    expectClose(after.mean, [0, 0], 1e-4);
    // ε = 1e-8 is 3 % of the second column's variance, 1e-6 / 3.
    expectClose(after.variance, [1, 1 / 1.03], 5e-3);
    const far = standardise(moments, tf.tensor2d([[1000, -1000]]), 4).dataSync();
    expect(Array.from(far)).toEqual([4, -4]);
  });

  test('a column that never changes is standardised to zero, not to NaN', () => {
    const rows = [[7], [7], [7]];
    const moments = merge([rows, rows]);
    expect(Array.from(standardise(moments, tf.tensor2d(rows), 10).dataSync())).toEqual([0, 0, 0]);
  });

  test('with a cap, old rows fade: a batch weighs as many rows as it has against the cap', () => {
    const old = Array.from({ length: 1000 }, () => [0]);
    const fresh = Array.from({ length: 100 }, () => [1]);
    const capped = merge([old, fresh], 100);
    expect(capped.count.dataSync()[0]).toBe(100);
    expect(capped.mean.dataSync()[0]).toBeCloseTo(0.5, 6);
    expect(capped.variance.dataSync()[0]).toBeCloseTo(0.25, 6);
    expect(merge([old, fresh]).mean.dataSync()[0]).toBeCloseTo(100 / 1100, 6);
  });
});
