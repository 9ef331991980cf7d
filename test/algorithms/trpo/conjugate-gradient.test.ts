import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';

import { conjugateGradient } from '../../../algorithms/trpo/conjugate-gradient';
import { expectClose, float32s, numbersFrom } from '../reference';

beforeAll(async () => {
  await tf.setBackend('cpu');
});
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const by = (matrix: number[][]) => {
  const tensor = tf.tensor2d(matrix);
  return (v: tf.Tensor1D): tf.Tensor1D =>
    tf.reshape(tf.matMul(tensor, tf.reshape(v, [-1, 1]) as tf.Tensor2D), [-1]);
};

/** Gaussian elimination with pivoting. */
function solveDense(matrix: number[][], b: number[]): number[] {
  const rows = matrix.map((row, i) => [...row, b[i]!]);
  const n = b.length;
  for (let k = 0; k < n; k += 1) {
    let pivot = k;
    for (let i = k + 1; i < n; i += 1) {
      if (Math.abs(rows[i]![k]!) > Math.abs(rows[pivot]![k]!)) pivot = i;
    }
    [rows[k], rows[pivot]] = [rows[pivot]!, rows[k]!];
    for (let i = k + 1; i < n; i += 1) {
      const factor = rows[i]![k]! / rows[k]![k]!;
      for (let j = k; j <= n; j += 1) rows[i]![j]! -= factor * rows[k]![j]!;
    }
  }
  const x = Array<number>(n).fill(0);
  for (let k = n - 1; k >= 0; k -= 1) {
    const known = x.reduce((sum, value, j) => (j > k ? sum + rows[k]![j]! * value : sum), 0);
    x[k] = (rows[k]![n]! - known) / rows[k]![k]!;
  }
  return x;
}

test('the iterates of a known two by two system', () => {
  const product = by([
    [4, 1],
    [1, 3],
  ]);
  const b = tf.tensor1d([1, 2]);
  const first = conjugateGradient(product, b, { maximum: 1, tolerance: 0 });
  expectClose(first.solution.dataSync(), [0.25, 0.5], 1e-6);
  expectClose(first.residual.dataSync(), [-0.5, 0.25], 1e-6);
  expect(first.relativeResidual.dataSync()[0]).toBeCloseTo(0.25, 6);
  const second = conjugateGradient(product, b, { maximum: 2, tolerance: 0 });
  expectClose(second.solution.dataSync(), [1 / 11, 7 / 11], 1e-6);
  expect(second.iterations.dataSync()[0]).toBe(2);
});

test('random symmetric positive definite systems against a dense solve', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), fc.integer(), (n, seed) => {
      const next = numbersFrom(seed);
      const root = Array.from({ length: n }, () => float32s(n, next));
      const matrix = root.map((a, i) =>
        root.map((c, j) =>
          Math.fround(a.reduce((sum, x, k) => sum + x * c[k]!, 0) / n + (i === j ? 0.2 : 0)),
        ),
      );
      const b = float32s(n, next);
      const { solution, residual, relativeResidual } = conjugateGradient(
        by(matrix),
        tf.tensor1d(b),
        {
          maximum: 3 * n,
          tolerance: 1e-6,
        },
      );
      const exact = solveDense(matrix, b);
      expectClose(solution.dataSync(), exact, 2e-4);
      const x = Array.from(solution.dataSync());
      expectClose(
        residual.dataSync(),
        matrix.map((row, i) => row.reduce((sum, value, j) => sum - value * x[j]!, b[i]!)),
        1e-5,
      );
      expect(relativeResidual.dataSync()[0]).toBeLessThan(1e-5);
    }),
    { numRuns: 40 },
  );
});

test('stops at the tolerance, and not before', () => {
  const n = 20;
  const next = numbersFrom(4);
  const diagonal = Array.from({ length: n }, (_, i) => 1 + i);
  const scale = tf.tensor1d(diagonal);
  const product = (v: tf.Tensor1D): tf.Tensor1D => tf.mul(v, scale);
  const b = tf.tensor1d(float32s(n, next));
  let previous = n;
  for (const tolerance of [1e-4, 1e-2, 0.3]) {
    const end = conjugateGradient(product, b, { maximum: n, tolerance });
    const count = end.iterations.dataSync()[0]!;
    expect(count).toBeLessThan(previous);
    expect(end.relativeResidual.dataSync()[0]).toBeLessThanOrEqual(tolerance);
    const before = conjugateGradient(product, b, { maximum: count - 1, tolerance: 0 });
    expect(before.relativeResidual.dataSync()[0]).toBeGreaterThan(tolerance);
    previous = count;
  }
});

test('b = 0 is solved by 0 in no iteration', () => {
  const end = conjugateGradient((v) => tf.mul(v, 2), tf.zeros([3]), { maximum: 5, tolerance: 0 });
  expect(Array.from(end.solution.dataSync())).toEqual([0, 0, 0]);
  expect(end.iterations.dataSync()[0]).toBe(0);
  expect(end.relativeResidual.dataSync()[0]).toBe(0);
});
