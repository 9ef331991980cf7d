import * as tf from '@tensorflow/tfjs';

import { policySchema, type TrpoConfig, trpoSchema } from '../algorithms/schema';
import { createPolicy, type Policy } from '../algorithms/policies/policy';
import type { PolicyBatch } from '../algorithms/trpo/update';
import { disposeKey, type Key, makeKey, normals, phases } from '../engine/random';
import { disposeTree, type Tensors, tidyTree } from '../engine/tensors';
import { box } from '../envs/space';
import { seed } from './market';

/** A batch on which a policy 4 → 64 → 64 → 2 is to be updated. */
export interface UpdateProblem {
  readonly policy: Policy;
  readonly parameters: Tensors;
  readonly batch: PolicyBatch;
  readonly options: TrpoConfig;
  readonly key: Key;
  dispose(): void;
}

/**
 * Observations are standard normal, actions the policy's own, and the advantage falls with the
 * squared distance of the action from .3 times the first two observations, noise added: there is
 * something to learn, and the line search has its usual one or two tries.
 * All ten conjugate gradient iterations run, whatever the residual.
 * @param rows N
 */
export function updateProblem(rows: number): UpdateProblem {
  const fields = (name: string, count: number) =>
    Array.from({ length: count }, (_, index) => ({
      name: `${name}${index}`,
      unit: '',
      low: -Infinity,
      high: Infinity,
      centre: 0,
      scale: 1,
      description: name,
    }));
  const policy = createPolicy(
    box(fields('observation', 4)),
    box(fields('action', 2)),
    policySchema.parse({ hidden: [64, 64] }),
  );
  const key = makeKey({ seed, phase: phases.training, rows });
  const { parameters, batch } = tidyTree(() => {
    const parameters = policy.initialise((layer, layerRows, columns) => {
      const row = tf.range(0, layerRows, 1, 'int32') as tf.Tensor1D;
      return normals({ ...key, row }, 10 + layer, columns).dataSync() as Float32Array;
    });
    const observation = normals(key, 0, 4);
    const action = policy.head.mode(policy.distribution(parameters, observation)) as tf.Tensor2D;
    const sampled = tf.add(action, tf.mul(normals(key, 1, 2), tf.exp(parameters['logStd']!)));
    const target = tf.mul(0.3, tf.slice(observation, [0, 0], [rows, 2]));
    const missed = tf.sum(tf.squaredDifference(sampled, target), 1);
    const noisy = tf.sub(tf.reshape(normals(key, 2, 1), [rows]), missed);
    const { mean, variance } = tf.moments(noisy);
    const advantage = tf.div(tf.sub(noisy, mean), tf.sqrt(variance)) as tf.Tensor1D;
    return { parameters, batch: { observation, action: sampled, advantage } };
  });
  return {
    policy,
    parameters,
    batch,
    options: trpoSchema.parse({ conjugateGradientIterations: 10, residualTolerance: 0 }),
    key,
    dispose() {
      disposeTree([parameters, batch]);
      disposeKey(key);
    },
  };
}
