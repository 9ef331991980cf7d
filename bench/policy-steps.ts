import { createLearner } from '../algorithms/training';
import { rollout } from '../algorithms/rollout';
import { disposeKey, makeKey, phases } from '../engine/random';
import { disposeTree } from '../engine/tensors';
import { awaitDevice } from './await-device';
import { benchmarkLearner, benchmarkMarket, seed } from './market';
import type { Work } from './timing';

/**
 * Rollouts of a 64 × 64 Gaussian policy, sampled, observations standardised, transitions stored: what
 * training runs. One run is T steps of B environments from their first state.
 * @param episode decisions in an episode of the market
 */
export function policySteps(environments: number, steps: number, episode?: number): Work {
  const environment = benchmarkMarket(episode);
  const config = benchmarkLearner(environments, steps);
  const learner = createLearner(environment, config);
  const { tensors } = learner.initialise(seed);
  const parameters = environment.parameters();
  const key = makeKey({ seed, phase: phases.training, rows: environments });
  const behaviour = {
    policy: learner.policy,
    parameters: tensors.policy,
    moments: tensors.observations,
    observationClip: config.training.observationClip,
  };

  return {
    amount: environments * steps,
    run() {
      const result = rollout(environment, parameters, behaviour, tensors.position, key, steps);
      awaitDevice(result.trajectory.reward);
      disposeTree([result.position, result.trajectory]);
    },
    dispose() {
      disposeTree([tensors, parameters]);
      disposeKey(key);
      learner.dispose();
    },
  };
}
