import * as tf from '@tensorflow/tfjs';

import { firstStanding, type Standing } from '../algorithms/curriculum';
import {
  type Learner,
  type ParameterChanges,
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
import { createLiveTable } from './live-table';
import type { OpenedCurriculum } from './open-curriculum';
import { programVersion } from './program-version';
import type { Progress } from './progress';
import type { RunLog } from './run-log';
import { validate, type ValidationParts } from './validate';

/** What a run counts beside its iterations; a checkpoint keeps it. */
export interface Counters {
  /** Refused updates, in all and since the last accepted one. */
  readonly failures: number;
  readonly failuresInARow: number;
  /**
   * The best validation of the last level so far, by the mean return or, in a game, by minus the
   * exploitability; null before the first.
   */
  readonly best: { readonly iteration: number; readonly return: number } | null;
  /** At which level of the curriculum. */
  readonly standing: Standing;
  /** Environment steps that cloning a solver took before the first iteration. */
  readonly cloningSteps: number;
}

export const noCounters: Counters = {
  failures: 0,
  failuresInARow: 0,
  best: null,
  standing: firstStanding,
  cloningSteps: 0,
};

export interface Run extends ValidationParts {
  readonly folder: string;
  readonly log: RunLog;
  readonly progress: Progress;
  readonly interruption: Interruption;
}

/**
 * Trains until the config's last iteration or an interruption, and leaves checkpoints behind: the last
 * one at every validation and at the end, the best by the mean return in the validations.
 * @param start is disposed of
 * @returns the iterations done, and whether no more are to be: the last one is reached or the last level passed
 * @throws Error after too many refused updates in a row; the last checkpoint then stays as it was
 */
export async function trainRun(
  run: Run,
  start: { readonly state: TrainingState; readonly counters: Counters },
): Promise<{ iteration: number; isOver: boolean }> {
  const { config, curriculum, learner, log, progress, interruption } = run;
  const { iterations, maximumFailures } = config.training;
  let { state, counters } = start;
  let lastSaved = state.iteration > 0 ? state.iteration : null;
  if (compilesHere())
    progress.live('compiling the programs of an iteration, unless they are cached …');
  let changes = changesAt(curriculum, counters.standing);
  if (state.iteration === 0 && changes) state = restart(learner, state, config.seed, changes);
  await learner.prepare(state, changes);
  const timeLeft = createEstimate(state.iteration, iterations);
  const tabulate = createLiveTable(iterations, curriculum.names.length);
  try {
    const isOver = () => state.iteration >= iterations || curriculum.isOver(counters.standing);
    while (!isOver() && !interruption.requested()) {
      const { figures, times, next } = await iterateOnce(learner, state, config.seed, changes);
      disposeTree(state.tensors);
      state = next;
      counters = countFailures(counters, figures['finite'] === 1);
      const { iteration } = state;
      const validates = iteration % config.evaluation.every === 0 || iteration === iterations;
      const { level } = counters.standing;
      const validation = validates ? await validate(run, state, level) : null;
      const liveTensors = tf.memory().numTensors;
      log.write(iteration, {
        ...figures,
        failures: counters.failures,
        environmentSteps: counters.cloningSteps + iteration * learner.samplesPerIteration,
        ...(curriculum.names.length > 1 ? { 'curriculum/level': level } : {}),
        liveTensors,
        ...validation?.figures,
        ...times,
      });
      const pace = {
        samplesPerSecond: times['time/samplesPerSecond']!,
        timeLeft: timeLeft(iteration),
      };
      progress.live(
        describeIteration(iterations, iteration, figures, pace),
        tabulate(iteration, level, { ...figures, ...validation?.figures }, pace),
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
      if (validation) {
        const isLast = level === curriculum.names.length - 1;
        const improved = isLast && isBetter(validation.merit, counters);
        if (improved) counters = { ...counters, best: { iteration, return: validation.merit } };
        const standing = curriculum.advance(counters.standing, validation.score);
        counters = { ...counters, standing };
        if (standing.level > level) {
          disposeTree(changes?.rows ?? {});
          changes = changesAt(curriculum, standing);
          state = restart(learner, state, config.seed, changes);
        }
        await save(run, state, counters, improved ? ['last', 'best'] : ['last']);
        lastSaved = iteration;
        await log.writeWeights(state);
        log.flush();
        progress.highlight(describeValidation(iteration, validation, improved));
        if (standing.level > level) {
          progress.highlight(
            `level ${curriculum.names[level]} passed; now ${curriculum.names[standing.level]}`,
          );
        }
        if (curriculum.isOver(standing)) {
          progress.highlight(`level ${curriculum.names[level]} passed: training ends here`);
        }
      }
      await nextTurn();
    }
    if (lastSaved !== state.iteration) await save(run, state, counters, ['last']);
    return { iteration: state.iteration, isOver: isOver() };
  } finally {
    disposeTree([state.tensors, changes?.rows ?? {}]);
    log.flush();
  }
}

function changesAt(curriculum: OpenedCurriculum, standing: Standing): ParameterChanges | undefined {
  const rows = curriculum.rowsAt(standing);
  return rows ? { rows } : undefined;
}

/** @param state is disposed of */
function restart(
  learner: Learner,
  state: TrainingState,
  seed: number,
  changes: ParameterChanges | undefined,
): TrainingState {
  const restarted = learner.restart(state, seed, changes);
  disposeTree(state.tensors);
  return restarted;
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
  changes: ParameterChanges | undefined,
): Promise<{ figures: Figures; times: Figures; next: TrainingState }> {
  const clock = createPhaseClock();
  const { state: next, diagnostics } = learner.iterate(state, seed, clock.begin, changes);
  const figures = await readDiagnostics(diagnostics);
  disposeTree(diagnostics);
  const { seconds, total } = clock.end();
  return {
    next,
    figures,
    times: {
      ...Object.fromEntries(
        Object.entries(seconds).map(([phase, value]) => [`time/${phase}`, value]),
      ),
      'time/iteration': total,
      'time/samplesPerSecond': learner.samplesPerIteration / total,
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

const isBetter = (value: number, { best }: Counters): boolean =>
  Number.isFinite(value) && (best === null || value > best.return);

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
