import * as tf from '@tensorflow/tfjs';

import { sumTrees } from '../../engine/rows';
import type { Tensors } from '../../engine/tensors';
import type { Policy } from '../policies/policy';
import { flatten, inOrderOf, unflatten } from './flat';
import type { Chunk, TracedChunk } from './surrogate';

/**
 * v → (F + cI) v with the Fisher information F = E[Jᵀ M J] of the policy in Gauss–Newton form: J
 * takes parameters to distribution parameters, M is the distribution's own Fisher information
 * (Schraudolph 2002; Martens 2020, §9). One tangent and one backward pass a product, no second
 * derivatives; the forward pass is done once, and what it leaves behind belongs to the surrounding
 * `tf.tidy`.
 *
 * @param chunks rows of observations, traced already or not
 * @param damping c
 * @returns vector [P] → product [P]
 */
export function fisherVectorProduct(
  policy: Policy,
  parameters: Tensors,
  chunks: readonly (Chunk | TracedChunk)[],
  damping: number,
): (vector: tf.Tensor1D) => tf.Tensor1D {
  const rows = chunks.reduce((sum, { observation }) => sum + observation.shape[0], 0);
  const traced = chunks.map((chunk) => {
    const trace =
      'trace' in chunk ? chunk.trace : policy.network.trace(parameters, chunk.observation);
    const distribution = policy.head.distribution(trace.output, parameters, chunk.actionMask);
    return { trace, distribution };
  });

  return (vector) =>
    tf.tidy(() => {
      const direction = unflatten(vector, parameters);
      const extra = Object.fromEntries(
        policy.head.parameterNames.map((name) => [name, direction[name]!]),
      );
      const sums = traced.map(({ trace, distribution }) =>
        tf.tidy(() => {
          const network = policy.network.tangent(parameters, trace, direction);
          const { network: cotangent, ...byExtra } = policy.head.applyFisher(distribution, {
            network,
            ...extra,
          });
          const share = trace.output.shape[0] / rows;
          const gradients = {
            ...policy.network.backward(parameters, trace, tf.div(cotangent, rows)),
            ...Object.fromEntries(
              Object.entries(byExtra).map(([name, value]) => [name, tf.mul(value, share)]),
            ),
          };
          return flatten(inOrderOf(parameters, gradients)) as tf.Tensor;
        }),
      );
      return tf.add(sumTrees(sums), tf.mul(damping, vector)) as tf.Tensor1D;
    });
}
