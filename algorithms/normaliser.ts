import * as tf from '@tensorflow/tfjs';

import { cloneTree, type Tensors, tidyTree } from '../engine/tensors';

const epsilon = 1e-8;
/** Beside it a batch is nothing in float32. */
const frozenCount = 1e30;

/** Running moments of the columns of a stream of rows. */
export interface Moments extends Tensors {
  /** [] rows seen, at most the cap given to `mergeMoments`; or as many as no batch counts against */
  readonly count: tf.Scalar;
  /** [k] */
  readonly mean: tf.Tensor1D;
  /** [k] population variance */
  readonly variance: tf.Tensor1D;
  /** [k] least and greatest value ever seen */
  readonly minimum: tf.Tensor1D;
  readonly maximum: tf.Tensor1D;
}

/** Before any row: standardising with these moments changes nothing. */
export const initialMoments = (size: number): Moments => ({
  count: tf.scalar(0),
  mean: tf.zeros([size]),
  variance: tf.ones([size]),
  minimum: tf.fill([size], Infinity),
  maximum: tf.fill([size], -Infinity),
});

/**
 * Moments of what was seen so far and a batch, by the parallel update of Chan, Golub & LeVeque
 * (1979). The batch's own variance is taken about its own mean, so nothing cancels; the mean is
 * corrected by the mean of what it leaves, since a plain float32 sum of many rows drifts.
 * @param rows [N, k]
 * @param cap at most so many rows are remembered: older ones fade exponentially
 */
export function mergeMoments(moments: Moments, rows: tf.Tensor2D, cap = 2 ** 24): Moments {
  return tf.tidy(() => {
    const added = rows.shape[0];
    const rough = tf.mean(rows, 0);
    const mean = tf.add(rough, tf.mean(tf.sub(rows, rough), 0));
    const variance = tf.mean(tf.square(tf.sub(rows, mean)), 0);
    const total = tf.add(moments.count, added);
    const share = tf.div(added, total);
    const kept = tf.sub(1, share);
    const gap = tf.sub(mean, moments.mean);
    const between = tf.mul(tf.mul(share, kept), tf.square(gap));
    const within = tf.add(tf.mul(kept, moments.variance), tf.mul(share, variance));
    return {
      // What is frozen has seen more than the cap, and stays so.
      count: tf.minimum(total, tf.maximum(moments.count, cap)),
      mean: tf.add(moments.mean, tf.mul(share, gap)),
      variance: tf.add(within, between),
      minimum: tf.minimum(moments.minimum, tf.min(rows, 0)),
      maximum: tf.maximum(moments.maximum, tf.max(rows, 0)),
    } as Moments;
  });
}

/**
 * The same moments, which rows to come no longer change; a column that has not varied yet is left in its own
 * unit, so that it is not blown up once it does. New tensors.
 */
export const freezeMoments = (moments: Moments): Moments =>
  tidyTree(() => ({
    ...cloneTree(moments),
    count: tf.scalar(frozenCount),
    variance: tf.where(tf.greater(moments.variance, epsilon), moments.variance, 1),
  })) as Moments;

/** √(variance + ε), [k] */
export const deviation = (moments: Moments): tf.Tensor1D =>
  tf.tidy(() => tf.sqrt(tf.add(moments.variance, epsilon)));

/**
 * (x − mean) / deviation, clipped to ±limit.
 * @param rows [N, k]
 */
export function standardise(moments: Moments, rows: tf.Tensor2D, limit: number): tf.Tensor2D {
  return tf.tidy(() =>
    tf.clipByValue(tf.div(tf.sub(rows, moments.mean), deviation(moments)), -limit, limit),
  ) as tf.Tensor2D;
}

export const normaliserEpsilon = epsilon;
