import * as tf from '@tensorflow/tfjs';

import { startPosition } from '../algorithms/rollout';
import { scan } from '../engine/loops';
import { disposeKey, makeKey, phases } from '../engine/random';
import { disposeTree, type Tensors, tidyTree } from '../engine/tensors';
import { awaitDevice } from './await-device';
import { benchmarkMarket, seed } from './market';
import type { Work } from './timing';

/**
 * Environment steps with one action in every row: the environment by itself, its transitions
 * stored. One run is T steps of B environments from their first state.
 */
export function fixedActionSteps(environments: number, steps: number): Work {
  const environment = benchmarkMarket();
  const parameters = environment.parameters();
  const key = makeKey({ seed, phase: phases.training, rows: environments });
  const start = startPosition(environment, parameters, key);
  const action = tf.fill([environments, 2], 1);

  return {
    amount: environments * steps,
    run() {
      const stored = tidyTree(() => {
        const { outputs } = scan(
          (from: { state: Tensors; observation: tf.Tensor }, index) => {
            const next = environment.step(parameters, from.state, action, { ...key, step: index });
            return {
              carry: { state: next.state, observation: next.observation as tf.Tensor },
              output: {
                observation: from.observation,
                reward: next.reward as tf.Tensor,
                terminated: next.terminated as tf.Tensor,
                truncated: next.truncated as tf.Tensor,
              },
            };
          },
          { state: start.state, observation: start.observation as tf.Tensor },
          steps,
        );
        return outputs;
      });
      awaitDevice(stored.reward);
      disposeTree(stored);
    },
    dispose() {
      disposeTree([parameters, start, action]);
      disposeKey(key);
    },
  };
}
