import * as tf from '@tensorflow/tfjs';

import { columnsOf } from './book';

/** Probabilities below this end a tabulated law. */
const negligible = 1e-7;
const longest = 64;

/**
 * The law of the number of orders at each of W levels, as P(at most k): rows k = 0, 1, …
 * @returns [K, W]
 */
export type LevelLaw = readonly (readonly number[])[];

/** @param weights the probability of n orders at a level, up to a factor, until they end or vanish */
export function tabulateLaw(levels: number, weights: (level: number) => number[]): LevelLaw {
  const columns = Array.from({ length: levels }, (_, level) => {
    const given = weights(level);
    const total = given.reduce((sum, weight) => sum + weight, 0);
    let sum = 0;
    return given.map((weight) => (sum += weight / total));
  });
  const longestColumn = Math.max(...columns.map((column) => column.length));
  // The last number of orders is what no other was: it needs no row.
  return Array.from({ length: Math.max(1, longestColumn - 1) }, (_, k) =>
    columns.map((column) => (k < column.length - 1 ? column[k]! : 1)),
  );
}

/**
 * The stationary law of a queue where orders arrive at rate λ, leave at rate θ each, and one of them by
 * market orders at rate μ: π(n) ∝ Π λ/(μ + jθ), a Poisson law without market orders.
 */
export function queueWeights(limit: number, cancel: number, market: number): number[] {
  const weights = [1];
  let total = 1;
  for (let n = 1; n < longest; n += 1) {
    const weight = (weights[n - 1]! * limit) / (market + n * cancel);
    if (weight < negligible * total && market + n * cancel > limit) break;
    weights.push(weight);
    total += weight;
  }
  return weights;
}

export const lawTensor = (law: LevelLaw): tf.Tensor2D => tf.tensor2d(law.map((row) => [...row]));

/** [K, W] → K rows of [1, W] */
const rowsOf = (law: tf.Tensor): tf.Tensor[] => tf.split(law, law.shape[0]!, 0);

/** How many orders the outermost level has. @param uniform [B, 1]; @returns [B, 1] */
export function drawOutermost(law: tf.Tensor, uniform: tf.Tensor): tf.Tensor {
  const levels = law.shape[1]!;
  const cumulative = tf.reshape(tf.slice(law, [0, levels - 1], [-1, 1]), [1, -1]);
  return tf.sum(tf.cast(tf.greaterEqual(uniform, cumulative), 'float32'), 1, true);
}

/**
 * Every level on its own, level 1 next to the reference price on either side.
 * @param uniforms [B, 2W]
 * @returns [B, 2W] orders, bids negative
 */
export function drawLevels(law: tf.Tensor, uniforms: tf.Tensor2D): tf.Tensor2D {
  const levels = law.shape[1]!;
  const counts = rowsOf(law).map((row) =>
    tf.cast(tf.greaterEqual(uniforms, tf.concat([tf.reverse(row, 1), row], 1)), 'float32'),
  );
  const total = counts.reduce((sum, count) => tf.add(sum, count));
  return tf.where(tf.less(columnsOf(levels), levels), tf.neg(total), total) as tf.Tensor2D;
}
