import * as tf from '@tensorflow/tfjs';

import { sumTrees } from '../../engine/rows';
import type { Tensors } from '../../engine/tensors';
import { linearise } from '../policies/linearise';
import type { Policy } from '../policies/policy';
import { flatten, inOrderOf, unflatten } from './flat';
import type { Chunk, LinearisedChunk } from './surrogate';

/**
 * v → (F + cI) v with the Fisher information F = E[Jᵀ M J] of the policy in Gauss–Newton form: J
 * takes parameters to distribution parameters, M is the distribution's own Fisher information
 * (Schraudolph 2002; Martens 2020, §9). One tangent and one backward pass a product, no second
 * derivatives; the forward pass is done once, and what it leaves behind belongs to the surrounding
 * `tf.tidy`.
 *
 * @param chunks rows of observations, linearised already or not
 * @param damping c
 * @returns vector [P] → product [P]
 */
export function fisherVectorProduct(
  policy: Policy,
  parameters: Tensors,
  chunks: readonly (Chunk | LinearisedChunk)[],
  damping: number,
): (vector: tf.Tensor1D) => tf.Tensor1D {
  const rows = chunks.reduce((sum, { observation }) => sum + observation.shape[0], 0);
  const linearised = chunks.map((chunk) => {
    const linearisation =
      'linearisation' in chunk
        ? chunk.linearisation
        : linearise(policy.network, parameters, chunk.observation);
    const { output } = linearisation;
    const distribution = policy.head.distribution(output, parameters, chunk.actionMask);
    return { linearisation, distribution };
  });

  return (vector) =>
    tf.tidy(() => {
      const direction = unflatten(vector, parameters);
      const extra = Object.fromEntries(
        policy.head.parameterNames.map((name) => [name, direction[name]!]),
      );
      const sums = linearised.map(({ linearisation, distribution }) =>
        tf.tidy(() => {
          const network = linearisation.tangent(direction);
          const { network: cotangent, ...byExtra } = policy.head.applyFisher(distribution, {
            network,
            ...extra,
          });
          const share = network.shape[0] / rows;
          const gradients = {
            ...linearisation.backward(tf.div(cotangent, rows)),
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
