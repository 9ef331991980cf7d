import * as tf from '@tensorflow/tfjs';

/** A matrix by a vector in every row. @param matrix [1 or B, m, f] @param vector [B, f] @returns [B, m] */
export const times = (matrix: tf.Tensor3D, vector: tf.Tensor2D): tf.Tensor2D =>
  tf.sum(tf.mul(matrix, tf.expandDims(vector, 1)), 2);

/** [1, m, m] */
export const identity = (size: number): tf.Tensor3D =>
  tf.tensor3d(
    Array.from({ length: size * size }, (_, place) => (place % (size + 1) === 0 ? 1 : 0)),
    [1, size, size],
  );

/**
 * S⁻¹R for positive definite S, by Gauss–Jordan elimination, which needs no pivoting there.
 * @param matrix S, [B, m, m]
 * @param right R, [B, m, r]
 */
export function solveMatrix(matrix: tf.Tensor, right: tf.Tensor, size: number): tf.Tensor3D {
  let rest = matrix;
  let result = right;
  for (let k = 0; k < size; k += 1) {
    const pivotRow = (of: tf.Tensor): tf.Tensor => tf.slice(of, [0, k, 0], [-1, 1, -1]);
    const pivot = tf.slice(rest, [0, k, k], [-1, 1, 1]);
    const unit = tf.slice(identity(size), [0, 0, k], [1, size, 1]);
    // Of its own row all but the pivot's part is taken away, of the others all of it.
    const factor = tf.sub(tf.slice(rest, [0, 0, k], [-1, -1, 1]), unit);
    const [restRow, resultRow] = [rest, result].map((of) => tf.div(pivotRow(of), pivot));
    rest = tf.sub(rest, tf.mul(factor, restRow!));
    result = tf.sub(result, tf.mul(factor, resultRow!));
  }
  return result as tf.Tensor3D;
}
