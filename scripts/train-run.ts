import * as tf from '@tensorflow/tfjs';

import { simulate } from '../algorithms/evaluation/simulate';
import { estimateMean } from '../algorithms/evaluation/statistics';
import { trainedPolicy } from '../algorithms/policies/trained-policy';
import {
  type Learner,
  readDiagnostics,
  type TrainingPhase,
  type TrainingState,
} from '../algorithms/training';
import type { Config } from '../configs/schema';
import { compilesHere } from '../engine/compile/compile';
import { disposeTree } from '../engine/tensors';
import { type Checkpoint, type Pointer, saveCheckpoint } from '../outputs/checkpoint';
import type { CheckpointDocument } from '../outputs/checkpoint-manifest';
import { describeSpace } from '../outputs/describe-space';
import type { JsonObject } from '../outputs/json';
import { readArrays } from '../outputs/tensor-arrays';
import { describeIteration, describeValidation } from './describe-iteration';
import type { Interruption } from './interruption';
import type { OpenedLearner } from './open-learner';
import { programVersion } from './program-version';
import type { Progress } from './progress';
import type { RunLog } from './run-log';

/** What a run counts beside its iterations; a checkpoint keeps it. */
export interface Counters {
  /** Refused updates, in all and since the last accepted one. */
  readonly failures: number;
  readonly failuresInARow: number;
  /** The best mean return in a validation so far, and its iteration; null before the first. */
  readonly best: { readonly iteration: number; readonly return: number } | null;
}

export const noCounters: Counters = { failures: 0, failuresInARow: 0, best: null };

export interface Run extends OpenedLearner {
  readonly folder: string;
  readonly config: Config;
  readonly log: RunLog;
  readonly progress: Progress;
  readonly interruption: Interruption;
}

/**
 * Trains until the config's last iteration or an interruption, and leaves checkpoints behind: the last
 * one at every validation and at the end, the best by the mean return in the validations.
 * @param start is disposed of
 * @returns the iterations done
 * @throws Error after too many refused updates in a row; the last checkpoint then stays as it was
 */
export async function trainRun(
  run: Run,
  start: { readonly state: TrainingState; readonly counters: Counters },
): Promise<number> {
  const { config, learner, log, progress, interruption } = run;
  const { iterations, maximumFailures } = config.training;
  let { state, counters } = start;
  let lastSaved = state.iteration > 0 ? state.iteration : null;
  if (compilesHere())
    progress.live('compiling the programs of an iteration, unless they are cached …');
  await learner.prepare(state);
  const timeLeft = createEstimate(state.iteration, iterations);
  try {
    while (state.iteration < iterations && !interruption.requested()) {
      const { figures, times, next } = await iterateOnce(learner, state, config.seed);
      disposeTree(state.tensors);
      state = next;
      counters = countFailures(counters, figures['finite'] === 1);
      const { iteration } = state;
      const validates = iteration % config.evaluation.every === 0 || iteration === iterations;
      const validation = validates ? await validate(run, state) : {};
      const liveTensors = tf.memory().numTensors;
      log.write(iteration, {
        ...figures,
        failures: counters.failures,
        environmentSteps: iteration * config.training.environments * config.training.steps,
        liveTensors,
        ...validation,
        ...times,
      });
      progress.live(
        describeIteration(iterations, iteration, figures, {
          samplesPerSecond: times['time/samplesPerSecond']!,
          timeLeft: timeLeft(iteration),
        }),
      );
      if (counters.failuresInARow >= maximumFailures) {
        const kept =
          lastSaved === null
            ? `no checkpoint had been saved in ${run.folder} yet`
            : `the checkpoint after iteration ${lastSaved} stays in ${run.folder}`;
        throw new Error(
          `${counters.failuresInARow} updates in a row were refused because they were not finite; ${kept}`,
        );
      }
      if (validates) {
        const improved = isBetter(validation['validation/return'], counters);
        if (improved) counters = { ...counters, best: bestOf(iteration, validation) };
        await save(run, state, counters, improved ? ['last', 'best'] : ['last']);
        lastSaved = iteration;
        await log.writeWeights(state);
        log.flush();
        const meanReturn = validation['validation/return'];
        progress.highlight(describeValidation(iteration, meanReturn, improved));
      }
      await nextTurn();
    }
    if (lastSaved !== state.iteration) await save(run, state, counters, ['last']);
    return state.iteration;
  } finally {
    disposeTree(state.tensors);
    log.flush();
  }
}

/** Seconds to the last iteration, at the pace since the first one of this session. */
function createEstimate(first: number, last: number): (iteration: number) => number {
  const begun = performance.now();
  return (iteration) =>
    ((performance.now() - begun) / 1000 / (iteration - first)) * (last - iteration);
}

type Figures = Readonly<Record<string, number>>;

async function iterateOnce(
  learner: Learner,
  state: TrainingState,
  seed: number,
): Promise<{ figures: Figures; times: Figures; next: TrainingState }> {
  const clock = createPhaseClock();
  const { state: next, diagnostics } = learner.iterate(state, seed, clock.begin);
  const figures = await readDiagnostics(diagnostics);
  disposeTree(diagnostics);
  const { seconds, total } = clock.end();
  const { environments, steps } = learner.config.training;
  return {
    next,
    figures,
    times: {
      ...Object.fromEntries(
        Object.entries(seconds).map(([phase, value]) => [`time/${phase}`, value]),
      ),
      'time/iteration': total,
      'time/samplesPerSecond': (environments * steps) / total,
    },
  };
}

/** Seconds between the beginnings of phases. */
function createPhaseClock() {
  const begun = performance.now();
  const seconds: Record<string, number> = {};
  let phase: TrainingPhase | null = null;
  let since = begun;
  const begin = (next: TrainingPhase | null): void => {
    const now = performance.now();
    if (phase !== null) seconds[phase] = (seconds[phase] ?? 0) + (now - since) / 1000;
    [phase, since] = [next, now];
  };
  const end = () => {
    begin(null);
    return { seconds, total: (since - begun) / 1000 };
  };
  return { begin, end };
}

const countFailures = (counters: Counters, finite: boolean): Counters => ({
  ...counters,
  failures: counters.failures + (finite ? 0 : 1),
  failuresInARow: finite ? 0 : counters.failuresInARow + 1,
});

/** The policy's mean or likeliest actions on the fixed validation streams. */
async function validate(run: Run, { tensors }: TrainingState): Promise<Figures> {
  const { config, learner } = run;
  const policy = trainedPolicy(learner.environment, learner.policy, tensors, {
    name: 'trained',
    observationClip: config.training.observationClip,
  });
  const { seed, episodes } = config.evaluation;
  const { returnNoise: _, ...played } = await simulate(run.environmentAt(tensors), policy, {
    episodes,
    seed,
    phase: 'validation',
  });
  return Object.fromEntries(
    Object.entries(played).map(([metric, values]) => [
      `validation/${metric}`,
      estimateMean(values).mean,
    ]),
  );
}

const isBetter = (value: number | undefined, { best }: Counters): boolean =>
  value !== undefined && Number.isFinite(value) && (best === null || value > best.return);

const bestOf = (iteration: number, validation: Figures) => ({
  iteration,
  return: validation['validation/return']!,
});

async function save(
  { folder, config, learner, log }: Run,
  state: TrainingState,
  counters: Counters,
  pointers: readonly Pointer[],
): Promise<void> {
  // The curves first: a checkpoint never claims iterations that the log has lost.
  log.flush();
  const checkpoint: Checkpoint = {
    iteration: state.iteration,
    arrays: await readArrays(state.tensors),
    document: describeRun(config, learner, counters),
  };
  saveCheckpoint(folder, checkpoint, { program: programVersion(), pointers });
}

function describeRun(config: Config, learner: Learner, counters: Counters): CheckpointDocument {
  const { observationSpace, actionSpace } = learner.environment;
  // Through JSON, as a config may hold −0, which is 0 there.
  const plain = (value: object): JsonObject => JSON.parse(JSON.stringify(value)) as JsonObject;
  return {
    config: plain(config),
    counters: plain(counters),
    random: { seed: config.seed },
    observationSpace: describeSpace(observationSpace),
    actionSpace: describeSpace(actionSpace),
  };
}

/** Lets signals and other waiting work in. */
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
