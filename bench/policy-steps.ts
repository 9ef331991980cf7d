import { createLearner } from '../algorithms/training';
import { createTrainingPrograms } from '../algorithms/training-programs';
import { trpoUpdate } from '../algorithms/trpo/update';
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
  const { policy, valueNetwork } = learner;
  const parts = { environment, policy, valueNetwork, config, updatePolicy: trpoUpdate };
  const programs = createTrainingPrograms(parts);
  const { tensors } = learner.initialise(seed);
  const parameters = environment.parameters();
  const key = makeKey({ seed, phase: phases.training, rows: environments });
  const { words, row, step } = key;
  const input = {
    rows: { position: tensors.position, row },
    parameters: {
      environment: parameters,
      policy: tensors.policy,
      observations: tensors.observations,
      key: { words, step },
    },
  };

  return {
    amount: environments * steps,
    run() {
      const result = programs.rollout(input);
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
