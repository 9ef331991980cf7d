import * as tf from '@tensorflow/tfjs';

import { startPosition } from '../algorithms/rollout';
import { compile } from '../engine/compile/compile';
import { scan } from '../engine/loops';
import { disposeKey, type Key, makeKey, phases, uses } from '../engine/random';
import { disposeTree, type Tensors } from '../engine/tensors';
import { awaitDevice } from './await-device';
import { benchmarkMarket, seed } from './market';
import type { Work } from './timing';

interface Input {
  readonly rows: {
    readonly state: Tensors;
    readonly observation: tf.Tensor;
    readonly action: tf.Tensor;
    readonly row: tf.Tensor1D;
  };
  readonly parameters: { readonly market: Tensors; readonly words: tf.Tensor1D };
}

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
  const play = compile(
    ({ rows, parameters: { market, words } }: Input) =>
      scan(
        (from: { state: Tensors; observation: tf.Tensor }, index) => {
          const at: Key = { words, row: rows.row, step: index, use: uses.dynamics };
          const next = environment.step(market, from.state, rows.action, at);
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
        { state: rows.state, observation: rows.observation },
        steps,
      ).outputs,
    { name: 'fixed action' },
  );
  const input: Input = {
    rows: {
      state: start.state,
      observation: start.observation as tf.Tensor,
      action,
      row: key.row,
    },
    parameters: { market: parameters, words: key.words },
  };

  return {
    amount: environments * steps,
    run() {
      const stored = play(input);
      awaitDevice(stored.reward);
      disposeTree(stored);
    },
    dispose() {
      disposeTree([parameters, start, action]);
      disposeKey(key);
    },
  };
}
