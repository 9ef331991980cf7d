import * as tf from '@tensorflow/tfjs';

import { perSide } from './sides';

/** A price within this fraction of a tick of the grid counts as on the grid: float32 is no finer. */
export const tickTolerance = 0.01;

/**
 * Moves quotes to the nearest tick that is not more aggressive: bids down, asks up.
 * @param depths [B, 2] quote currency from the mid
 * @param mid [B] mid price, quote currency
 * @param directions [2] (1, −1)
 * @param tick [] or [B] quote currency
 * @returns [B, 2] depths of the rounded quotes
 */
export function roundToTicks(
  depths: tf.Tensor,
  mid: tf.Tensor1D,
  directions: tf.Tensor1D,
  tick: tf.Tensor,
): tf.Tensor {
  // Seen from its own side of the market a quote lies at (depth − direction · mid): up is passive.
  const offset = tf.mul(perSide(mid), directions);
  const size = perSide(tick);
  const ticks = tf.ceil(tf.sub(tf.div(tf.sub(depths, offset), size), tickTolerance));
  return tf.add(tf.mul(ticks, size), offset);
}

/**
 * Where the mid price lies between two ticks.
 * @returns [B] fraction of a tick in [0, 1)
 */
export function tickPhase(mid: tf.Tensor, tick: tf.Tensor): tf.Tensor {
  const ticks = tf.div(mid, tick);
  return tf.sub(ticks, tf.floor(ticks));
}
