import * as tf from '@tensorflow/tfjs';

import { iterate } from '../../engine/loops';

export interface LineSearchOptions {
  /** Bound on the divergence; [] where it changes from call to call. */
  readonly trustRegion: number | tf.Scalar;
  readonly backtrackRatio: number;
  readonly backtrackSteps: number;
}

export interface LineSearchResult {
  /** [P] the accepted candidate, or the start */
  readonly parameters: tf.Tensor1D;
  /** [] of the accepted candidate; 0 if none */
  readonly kl: tf.Scalar;
  readonly improvement: tf.Scalar;
  readonly tries: tf.Scalar;
  /** [] float32 0 or 1 */
  readonly accepted: tf.Scalar;
}

/**
 * Backtracking: the first start + ρʲ·step (j = 0, 1, …) whose KL ≤ δ and whose surrogate exceeds the
 * old one. A value that is not finite fails both comparisons.
 * @param start [P]
 * @param step [P] the longest step
 * @param measure surrogate and KL of a candidate
 * @param old surrogate at the start, and whether there is a step worth searching ([] bool)
 */
export function searchLine(
  start: tf.Tensor1D,
  step: tf.Tensor1D,
  measure: (candidate: tf.Tensor1D) => { surrogate: tf.Scalar; kl: tf.Scalar },
  old: { surrogate: tf.Scalar; usable: tf.Tensor },
  { trustRegion, backtrackRatio, backtrackSteps }: LineSearchOptions,
): LineSearchResult {
  return tf.tidy(() => {
    const zero = tf.scalar(0);
    const end = iterate(
      ({ factor, tries }) => {
        const candidate = tf.add(start, tf.mul(factor, step)) as tf.Tensor1D;
        const { surrogate, kl } = measure(candidate);
        const good = tf.logicalAnd(
          tf.logicalAnd(tf.isFinite(surrogate), tf.isFinite(kl)),
          tf.logicalAnd(tf.lessEqual(kl, trustRegion), tf.greater(surrogate, old.surrogate)),
        );
        return {
          factor: tf.mul(factor, backtrackRatio),
          tries: tf.add(tries, 1),
          accepted: tf.cast(good, 'float32'),
          parameters: tf.where(good, candidate, start),
          kl: tf.where(good, kl, zero),
          improvement: tf.where(good, tf.sub(surrogate, old.surrogate), zero),
        };
      },
      {
        factor: tf.scalar(1) as tf.Tensor,
        tries: zero as tf.Tensor,
        accepted: zero as tf.Tensor,
        parameters: start as tf.Tensor,
        kl: zero as tf.Tensor,
        improvement: zero as tf.Tensor,
      },
      backtrackSteps,
      ({ accepted }) => tf.logicalAnd(old.usable, tf.equal(accepted, 0)),
    );
    return {
      parameters: end.parameters as tf.Tensor1D,
      kl: end.kl as tf.Scalar,
      improvement: end.improvement as tf.Scalar,
      tries: end.tries as tf.Scalar,
      accepted: end.accepted as tf.Scalar,
    };
  });
}
