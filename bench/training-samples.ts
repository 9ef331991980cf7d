import { createLearner } from '../algorithms/training';
import { disposeTree } from '../engine/tensors';
import { awaitDevice } from './await-device';
import { benchmarkLearner, benchmarkMarket, seed } from './market';
import type { Work } from './timing';

/**
 * Training end to end: rollout, advantages, TRPO update and value fit. One run is one iteration of B
 * environments by T steps, and each goes on from the one before.
 */
export function trainingSamples(environments: number, steps: number): Work {
  const learner = createLearner(benchmarkMarket(), benchmarkLearner(environments, steps));
  let state = learner.initialise(seed);
  return {
    amount: environments * steps,
    prepare: () => learner.prepare(state),
    run() {
      const next = learner.iterate(state, seed);
      awaitDevice(next.diagnostics['finite']!);
      disposeTree([state.tensors, next.diagnostics]);
      state = next.state;
    },
    dispose() {
      disposeTree(state.tensors);
      learner.dispose();
    },
  };
}
