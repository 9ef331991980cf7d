import { type TrainedPolicy, trainedPolicy } from '../algorithms/policies/trained-policy';
import { createLearner, type Learner } from '../algorithms/training';
import { parseConfig } from '../configs/parse-config';
import type { Config } from '../configs/schema';
import { disposeTree } from '../engine/tensors';
import { type LoadedCheckpoint, loadCheckpoint, type Pointer } from '../outputs/checkpoint';
import type { Learned } from '../outputs/export/learned-policy';
import { restoreTensors } from '../outputs/tensor-arrays';
import { type OpenedEnvironment, openEnvironment } from './open-environment';

/** A checkpoint brought back to life. */
export interface Trained {
  readonly checkpoint: LoadedCheckpoint;
  readonly config: Config;
  readonly opened: OpenedEnvironment;
  readonly learner: Learner;
  readonly learned: Learned;
  createPolicy(stochastic: boolean): TrainedPolicy;
  dispose(): void;
}

export interface LoadOptions {
  /** Of a run: default the best checkpoint, or the last if none was validated yet. */
  readonly which?: Pointer;
  /** Starts the device, once the config is known and before there is any tensor. */
  start(config: Config): Promise<unknown>;
}

/** @throws InputError for a checkpoint that is missing, damaged or of another kind */
export async function loadTrained(path: string, { which, start }: LoadOptions): Promise<Trained> {
  const checkpoint = loadCheckpoint(path, which ? { which } : {});
  const config = configOf(checkpoint);
  await start(config);
  const opened = await openEnvironment(config.env);
  const learner = createLearner(opened.environment, config);
  const { tensors } = learner.initialise(config.seed);
  const like = { policy: tensors.policy, observations: tensors.observations };
  let learned: Learned;
  try {
    learned = restoreTensors(checkpoint.arrays, like);
  } finally {
    disposeTree(tensors);
  }
  return {
    checkpoint,
    config,
    opened,
    learner,
    learned,
    createPolicy: (stochastic) =>
      trainedPolicy(opened.environment, learner.policy, learned, {
        name: 'trained',
        observationClip: config.training.observationClip,
        stochastic,
      }),
    dispose() {
      disposeTree(learned);
      learner.dispose();
    },
  };
}

/** The resolved config that the checkpoint was trained with, and overrides of it. */
export const configOf = (
  { document, folder }: LoadedCheckpoint,
  overrides: readonly string[] = [],
): Config => parseConfig(JSON.stringify(document.config), `${folder}/checkpoint.json`, overrides);
