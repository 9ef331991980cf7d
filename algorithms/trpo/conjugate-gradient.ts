import * as tf from '@tensorflow/tfjs';

import { iterate } from '../../engine/loops';

export interface ConjugateGradientOptions {
  readonly maximum: number;
  /** Stops once ‖b − A x‖ ≤ tolerance·‖b‖. */
  readonly tolerance: number;
}

export interface ConjugateGradientResult {
  /** [P] */
  readonly solution: tf.Tensor1D;
  /** [P] b − A x, as the recurrence carries it */
  readonly residual: tf.Tensor1D;
  /** [] ‖residual‖ / ‖b‖ */
  readonly relativeResidual: tf.Scalar;
  /** [] float32 */
  readonly iterations: tf.Scalar;
}

/**
 * Solves A x = b for a symmetric positive definite A that is known by its products only
 * (Hestenes & Stiefel 1952), starting at zero.
 * @param product v [P] → A v [P]
 * @param b [P]
 */
export function conjugateGradient(
  product: (vector: tf.Tensor1D) => tf.Tensor1D,
  b: tf.Tensor1D,
  { maximum, tolerance }: ConjugateGradientOptions,
): ConjugateGradientResult {
  return tf.tidy(() => {
    const squared = (x: tf.Tensor): tf.Tensor => tf.sum(tf.square(x));
    const start = squared(b);
    const enough = tf.mul(start, tolerance * tolerance);
    const end = iterate(
      ({ x, r, p, rr, count }) => {
        const image = product(p as tf.Tensor1D);
        const curvature = tf.sum(tf.mul(p, image));
        const step = tf.div(rr, curvature);
        const residual = tf.sub(r, tf.mul(step, image));
        const next = squared(residual);
        return {
          x: tf.add(x, tf.mul(step, p)),
          r: residual,
          p: tf.add(residual, tf.mul(tf.div(next, rr), p)),
          rr: next,
          count: tf.add(count, 1),
        };
      },
      {
        x: tf.zerosLike(b) as tf.Tensor,
        r: b as tf.Tensor,
        p: b as tf.Tensor,
        rr: start,
        count: tf.scalar(0) as tf.Tensor,
      },
      maximum,
      ({ rr }) => tf.greater(rr, enough),
    );
    return {
      solution: end.x as tf.Tensor1D,
      residual: end.r as tf.Tensor1D,
      relativeResidual: tf.sqrt(tf.divNoNan(end.rr, start)) as tf.Scalar,
      iterations: end.count as tf.Scalar,
    };
  });
}
