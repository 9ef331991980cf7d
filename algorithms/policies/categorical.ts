import * as tf from '@tensorflow/tfjs';

import { categorical, maskedLogit } from '../../engine/random';
import type { Distribution, Head } from './head';

/**
 * One or several independent categorical choices, their logits side by side in the network's output.
 * @param sizes choices of each head
 * @param flat actions are [B] (one choice) instead of [B, heads]
 */
export function categoricalHead(sizes: readonly number[], flat: boolean): Head {
  const starts = sizes.map((_, head) => sizes.slice(0, head).reduce((sum, n) => sum + n, 0));
  const outputs = sizes.reduce((sum, n) => sum + n, 0);

  /** The columns of one head. */
  const part = (x: tf.Tensor2D, head: number): tf.Tensor2D =>
    sizes.length === 1 ? x : tf.slice(x, [0, starts[head]!], [-1, sizes[head]!]);
  const heads = ({ network }: Distribution): tf.Tensor2D[] =>
    sizes.map((_, head) => part(network, head));
  const total = (terms: tf.Tensor1D[]): tf.Tensor1D =>
    terms.reduce((sum, term) => tf.add(sum, term));
  const choices = (rows: tf.Tensor1D[]): tf.Tensor => (flat ? rows[0]! : tf.stack(rows, 1));
  const choice = (action: tf.Tensor, head: number): tf.Tensor1D =>
    flat
      ? (action as tf.Tensor1D)
      : (tf.squeeze(tf.slice(action, [0, head], [-1, 1]), [1]) as tf.Tensor1D);
  /** [B, size] float32: 1 at the chosen column. */
  const indicator = (chosen: tf.Tensor1D, size: number): tf.Tensor =>
    // tf.oneHot refuses a single column, and on wasm its float32 ones are the bits of the integer 1.
    size === 1 ? tf.ones([chosen.size, 1]) : tf.cast(tf.oneHot(chosen, size), 'float32');
  const logSoftmax = (x: tf.Tensor2D): tf.Tensor2D => {
    const shifted: tf.Tensor2D = tf.sub(x, tf.max(x, 1, true));
    return tf.sub(shifted, tf.log(tf.sum(tf.exp(shifted), 1, true)));
  };

  return {
    outputs,
    parameterNames: [],
    initialise: () => ({}),
    distribution: (network, _parameters, mask) => ({
      network: mask
        ? tf.tidy(() => tf.where(mask, network, tf.fill(network.shape, maskedLogit)))
        : network,
    }),
    sample: (distribution, key) =>
      tf.tidy(() => choices(heads(distribution).map((x, head) => categorical(key, head, x)))),
    mode: (distribution) =>
      tf.tidy(() => choices(heads(distribution).map((x) => tf.argMax(x, 1) as tf.Tensor1D))),
    logProbability: (distribution, action) =>
      tf.tidy(() =>
        total(
          heads(distribution).map((x, head) => {
            const chosen = indicator(choice(action, head), sizes[head]!);
            return tf.sum(tf.mul(logSoftmax(x), chosen), 1);
          }),
        ),
      ),
    entropy: (distribution) =>
      tf.tidy(() =>
        total(
          heads(distribution).map((x) => {
            const logP = logSoftmax(x);
            return tf.neg(tf.sum(tf.mul(tf.exp(logP), logP), 1));
          }),
        ),
      ),
    divergence: (before, after) =>
      tf.tidy(() => {
        const next = heads(after);
        return total(
          heads(before).map((x, head) => {
            const logP = logSoftmax(x);
            return tf.sum(tf.mul(tf.exp(logP), tf.sub(logP, logSoftmax(next[head]!))), 1);
          }),
        );
      }),
    applyFisher: (distribution, change) =>
      tf.tidy(() => {
        const moved = sizes.map((_, head) => part(change.network, head));
        const parts = heads(distribution).map((x, head): tf.Tensor2D => {
          const p = tf.softmax(x);
          const along = tf.mul(p, moved[head]!);
          return tf.sub(along, tf.mul(p, tf.sum(along, 1, true)));
        });
        return { network: parts.length === 1 ? parts[0]! : tf.concat(parts, 1) };
      }),
  };
}
