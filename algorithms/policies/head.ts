import type * as tf from '@tensorflow/tfjs';

import type { Key } from '../../engine/random';
import type { Tensors } from '../../engine/tensors';

/**
 * The parameters of an action distribution in every row; which tensors depends on the head. A type,
 * not an interface, so that it is a tree of tensors.
 */
export type Distribution = {
  /** The network's output [B, outputs]: means, or logits with masked choices at `maskedLogit`. */
  readonly network: tf.Tensor2D;
  /** Gaussian: log standard deviations [A], the same in every state. */
  readonly logStd?: tf.Tensor1D;
};

/** Turns the output of a network into a distribution over actions. Actions are raw (before centre and scale). */
export interface Head {
  /** Size of the network's output. */
  readonly outputs: number;
  /** Names of its parameters beside the network's. */
  readonly parameterNames: readonly (keyof Omit<Distribution, 'network'>)[];
  initialise(): Tensors;
  /** @param network [B, outputs] @param mask [B, outputs] bool: which choices are allowed */
  distribution(network: tf.Tensor2D, parameters: Tensors, mask?: tf.Tensor): Distribution;
  /** [B, A] float32, [B] or [B, heads] int32 */
  sample(distribution: Distribution, key: Key): tf.Tensor;
  /** The mean, or the likeliest choice. */
  mode(distribution: Distribution): tf.Tensor;
  /** log π(action), [B] */
  logProbability(distribution: Distribution, action: tf.Tensor): tf.Tensor1D;
  /** [B] nats */
  entropy(distribution: Distribution): tf.Tensor1D;
  /** KL(before ‖ after), [B] nats */
  divergence(before: Distribution, after: Distribution): tf.Tensor1D;
  /**
   * The Fisher information M of the distribution applied to a change of its parameters.
   * @param change like the distribution; `network` per row
   * @returns like the distribution: M·change, `network` per row, `logStd` for one row
   */
  applyFisher(distribution: Distribution, change: Distribution): Distribution;
}
