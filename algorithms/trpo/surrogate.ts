import * as tf from '@tensorflow/tfjs';

import { splitRows, sumTrees } from '../../engine/rows';
import type { Tensors } from '../../engine/tensors';
import type { Distribution } from '../policies/head';
import { linearise, type Linearisation } from '../policies/linearise';
import type { Policy } from '../policies/policy';
import { flatten, inOrderOf } from './flat';
import type { PolicyBatch } from './update';

/** Some rows of the batch. */
export interface Chunk {
  readonly observation: tf.Tensor2D;
  readonly actionMask?: tf.Tensor;
}

/** Some rows of the batch at the old parameters: gradient and Fisher products share one forward pass. */
export interface LinearisedChunk extends Chunk {
  readonly action: tf.Tensor;
  readonly advantage: tf.Tensor1D;
  readonly linearisation: Linearisation;
}

/** What stays fixed through the line search, chunk by chunk. */
export interface Before {
  readonly distribution: Distribution;
  /** [n] log π_old(a) */
  readonly logProbability: tf.Tensor1D;
}

export interface SurrogateGradient {
  /** [P] ∇θ E[π_θ/π_old · A] at θ_old */
  readonly gradient: tf.Tensor1D;
  /** [] E[A], the surrogate at θ_old */
  readonly surrogate: tf.Scalar;
  /** [] mean entropy, nats */
  readonly entropy: tf.Scalar;
  readonly chunks: readonly LinearisedChunk[];
  readonly before: readonly Before[];
}

/** Gradient of the surrogate at the old parameters, where the probability ratio is one. */
export function surrogateGradient(
  policy: Policy,
  parameters: Tensors,
  batch: PolicyBatch,
  chunkRows: number,
): SurrogateGradient {
  const rows = batch.observation.shape[0];
  const parts = splitRows({ ...batch } as Tensors, chunkRows) as unknown as Omit<
    LinearisedChunk,
    'linearisation'
  >[];
  const chunks: LinearisedChunk[] = [];
  const before: Before[] = [];
  const sums = parts.map((part) => {
    const linearisation = linearise(policy.network, parameters, part.observation);
    const { output } = linearisation;
    const distribution = policy.head.distribution(output, parameters, part.actionMask);
    const logProbability = policy.head.logProbability(distribution, part.action);
    chunks.push({ ...part, linearisation });
    before.push({ distribution, logProbability });
    return tf.tidy(() => {
      const weight = tf.div(part.advantage, rows);
      const names = policy.head.parameterNames;
      const score = (at: tf.Tensor, ...values: tf.Tensor[]): tf.Tensor => {
        const extra = Object.fromEntries(names.map((name, index) => [name, values[index]!]));
        const moved = policy.head.distribution(at as tf.Tensor2D, extra, part.actionMask);
        return tf.sum(tf.mul(weight, policy.head.logProbability(moved, part.action)));
      };
      const [byOutput, ...byExtra] = tf.grads(score)([
        output,
        ...names.map((name) => parameters[name]!),
      ]);
      const gradients = {
        ...linearisation.backward(byOutput as tf.Tensor2D),
        ...Object.fromEntries(names.map((name, index) => [name, byExtra[index]!])),
      };
      return {
        gradient: flatten(inOrderOf(parameters, gradients)) as tf.Tensor,
        surrogate: tf.sum(weight),
        entropy: tf.div(tf.sum(policy.head.entropy(distribution)), rows),
      };
    });
  });
  const total = sumTrees(sums);
  return {
    gradient: total.gradient as tf.Tensor1D,
    surrogate: total.surrogate as tf.Scalar,
    entropy: total.entropy as tf.Scalar,
    chunks,
    before,
  };
}

/**
 * Surrogate and mean KL(old ‖ new) at other parameters.
 * @param rows N over all chunks
 */
export function measureCandidate(
  policy: Policy,
  parameters: Tensors,
  chunks: readonly LinearisedChunk[],
  before: readonly Before[],
  rows: number,
): { surrogate: tf.Scalar; kl: tf.Scalar } {
  const sums = chunks.map((chunk, index) =>
    tf.tidy(() => {
      const old = before[index]!;
      const moved = policy.distribution(parameters, chunk.observation, chunk.actionMask);
      const ratio = tf.exp(
        tf.sub(policy.head.logProbability(moved, chunk.action), old.logProbability),
      );
      return {
        surrogate: tf.sum(tf.mul(tf.div(chunk.advantage, rows), ratio)),
        kl: tf.div(tf.sum(policy.head.divergence(old.distribution, moved)), rows),
      };
    }),
  );
  return sumTrees(sums) as { surrogate: tf.Scalar; kl: tf.Scalar };
}
