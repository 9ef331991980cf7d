import * as tf from '@tensorflow/tfjs';

import { disposeTree, keepTree } from '../../engine/tensors';

/** Mean and variance of all rows seen so far. */
export interface Moments {
  /** [k] */
  readonly mean: tf.Tensor1D;
  /** [k] population variance */
  readonly variance: tf.Tensor1D;
  /** Rows, plus the weight of the initial values. */
  readonly count: number;
}

/** Gymnasium's RunningMeanStd starts from mean 0 and variance 1 with the weight of 1e-4 rows. */
export const initialMoments = (size: number): Moments =>
  keepMoments({ mean: tf.zeros([size]), variance: tf.ones([size]), count: 1e-4 });

/**
 * Merges a batch by the parallel algorithm of Chan, Golub and LeVeque (1979), whose terms are all
 * non-negative, and frees the moments that it replaces. The count is kept in double precision.
 * @param rows [B, k]
 */
export function mergeMoments(moments: Moments, rows: tf.Tensor2D): Moments {
  const { mean, variance, count } = moments;
  const total = count + rows.shape[0];
  const share = rows.shape[0] / total;
  const [newMean, newVariance] = tf.tidy(() => {
    const batch = tf.moments(rows, 0);
    const delta = tf.sub(batch.mean, mean);
    const within = tf.add(tf.mul(variance, 1 - share), tf.mul(batch.variance, share));
    const between = tf.mul(tf.square(delta), share * (1 - share));
    return [tf.add(mean, tf.mul(delta, share)), tf.add(within, between)] as [
      tf.Tensor1D,
      tf.Tensor1D,
    ];
  });
  disposeMoments(moments);
  return keepMoments({ mean: newMean, variance: newVariance, count: total });
}

export const disposeMoments = ({ mean, variance }: Moments): void => disposeTree([mean, variance]);

function keepMoments(moments: Moments): Moments {
  keepTree([moments.mean, moments.variance]);
  return moments;
}
