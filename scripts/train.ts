import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { stringify } from 'yaml';

import { aggregatesFor } from '../algorithms/evaluation/aggregates';
import { type Evaluation, evaluatePolicies } from '../algorithms/evaluation/evaluate';
import { evaluateExactly, type ExactFigures } from '../algorithms/evaluation/exact';
import type { ClassicalPolicy } from '../algorithms/solvers/policy';
import type { Learner } from '../algorithms/training';
import type { Config } from '../configs/schema';
import { InputError } from '../engine/input-error';
import { disposeTree } from '../engine/tensors';
import type { LoadedCheckpoint } from '../outputs/checkpoint';
import { restoreTensors } from '../outputs/tensor-arrays';
import { createClassicalPolicies, createReferences, disposeReferences } from './classical-policies';
import { cloneSolver, openInitialSolver, type TrainingStart } from './clone-solver';
import { exitCodes } from './command';
import { formatEvaluation } from './format-evaluation';
import { listenForInterruption } from './interruption';
import { exploitabilityOf, loadTrained } from './load-trained';
import { openEnvironment } from './open-environment';
import { openCurriculum } from './open-curriculum';
import { openLearner } from './open-learner';
import type { Progress } from './progress';
import { lockRun } from './run-lock';
import { openRunLog } from './run-log';
import { describeStarted, startDeviceWith } from './start-device';
import { type Counters, noCounters, trainRun } from './train-run';
import type { ValidationParts } from './validate';

export interface TrainingRequest {
  readonly config: Config;
  /** Called once nothing in the input can be wrong any more, and the policy to begin with is there. */
  createFolder(): string;
  /** Called with what is being cloned and how far, before there is a folder. */
  readonly onCloning?: (text: string) => void;
  /** Where to go on; null: from the beginning. */
  readonly checkpoint: LoadedCheckpoint | null;
}

/**
 * One run from its config to the comparison with its baselines.
 * @returns the exit code: done, or interrupted with a checkpoint saved
 */
export async function train(request: TrainingRequest, progress: Progress): Promise<number> {
  const device = await startDeviceWith(request.config.device, request.config.threads, (line) =>
    progress.say(line),
  );
  const opened = await openEnvironment(request.config.env);
  const config: Config = { ...request.config, env: opened.choice };
  const baselines = createClassicalPolicies(config.evaluation.baselines, opened);
  const openedLearner = openLearner(opened, config);
  const { learner } = openedLearner;
  const curriculum = openCurriculum(opened, config);
  try {
    const solver = openInitialSolver(curriculum, config);
    await curriculum.checkReferences();
    const loaded = startOf(learner, config, request.checkpoint);
    progress.say(`device: ${describeStarted(device)}`);
    const clones = solver !== null && request.checkpoint === null;
    const start = clones
      ? await cloneSolver(
          { learner, curriculum, config, progress, onCloning: request.onCloning },
          solver,
          loaded,
        )
      : loaded;
    solver?.dispose?.();
    // Only now: who interrupts the cloning finds no folder without a checkpoint.
    const folder = request.createFolder();
    const done = await trainIn(folder, { ...openedLearner, curriculum, config, start, progress });
    if (!done.isOver) {
      progress.say(
        `interrupted after iteration ${done.iteration} of ${config.training.iterations}; go on with: makertaker train --resume ${folder}`,
      );
      return exitCodes.interrupted;
    }
    progress.say(
      `trained; evaluating on test streams … (to do it later: makertaker evaluate ${folder})`,
    );
    const evaluation = await evaluateBest(folder, config, baselines);
    writeFileSync(join(folder, 'evaluation.json'), `${JSON.stringify(evaluation, null, 2)}\n`);
    progress.say(`\n${formatEvaluation(evaluation)}\n\n${describeFiles(folder)}`);
    return exitCodes.done;
  } finally {
    baselines.forEach((baseline) => baseline.dispose?.());
    curriculum.dispose();
    openedLearner.dispose();
  }
}

function startOf(
  learner: Learner,
  { seed }: Config,
  checkpoint: LoadedCheckpoint | null,
): TrainingStart {
  const initial = learner.initialise(seed);
  if (checkpoint === null) return { state: initial, counters: noCounters };
  try {
    const tensors = restoreTensors(checkpoint.arrays, initial.tensors);
    return {
      state: { iteration: checkpoint.iteration, tensors },
      // The checkpoint's checksum vouches that this program wrote it.
      counters: { ...noCounters, ...(checkpoint.document.counters as unknown as Counters) },
    };
  } finally {
    disposeTree(initial.tensors);
  }
}

interface TrainingParts extends ValidationParts {
  readonly start: TrainingStart;
  readonly progress: Progress;
}

async function trainIn(folder: string, parts: TrainingParts): ReturnType<typeof trainRun> {
  const release = lockRun(folder);
  try {
    return await trainLocked(folder, parts);
  } finally {
    release();
  }
}

async function trainLocked(folder: string, parts: TrainingParts): ReturnType<typeof trainRun> {
  const { config, start, progress } = parts;
  const text = stringify(config);
  writeFileSync(join(folder, 'config.yaml'), text);
  // What an earlier end left: it is not about the policy that is trained on.
  rmSync(join(folder, 'evaluation.json'), { force: true });
  const { iteration } = start.state;
  progress.say(`${iteration > 0 ? `going on after iteration ${iteration} in` : 'run:'} ${folder}`);
  const log = openRunLog(folder, iteration, text);
  const interruption = listenForInterruption(() =>
    progress.say('interrupted: the iteration is being finished; once more to stop at once'),
  );
  try {
    return await trainRun({ ...parts, folder, log, interruption }, start);
  } finally {
    interruption.release();
    log.close();
  }
}

/** The best checkpoint against the config's baselines, on streams met nowhere else. */
async function evaluateBest(
  folder: string,
  config: Config,
  baselines: readonly ClassicalPolicy[],
): Promise<Evaluation> {
  const trained = await loadTrained(folder, { start: () => Promise.resolve() });
  const { opened } = trained;
  const references = createReferences(opened, config.curriculum?.references);
  try {
    const policies = [trained.createPolicy(false)];
    const simulated = await evaluatePolicies(opened.environment, {
      policies,
      baselines,
      aggregates: aggregatesFor(opened.environment.metrics, opened.parameters),
      references,
      episodes: config.evaluation.testEpisodes,
      seed: config.evaluation.seed,
      phase: 'test',
    });
    const exact = exactWherePossible(opened, [...policies, ...baselines]);
    const exploitability = exploitabilityOf(trained);
    return {
      ...simulated,
      ...(exact ? { exact } : {}),
      ...(exploitability ? { exploitability } : {}),
    };
  } finally {
    trained.dispose();
    disposeReferences(references);
  }
}

function exactWherePossible(
  ...[opened, policies]: Parameters<typeof evaluateExactly>
): ExactFigures | undefined {
  try {
    return evaluateExactly(opened, policies);
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

const describeFiles = (folder: string): string =>
  [
    ['checkpoints', 'the best and the last'],
    ['metrics.jsonl', 'one line an iteration'],
    ['tensorboard', 'for tensorboard --logdir'],
    ['evaluation.json', 'the comparison above'],
    ['config.yaml', 'the config with every default'],
  ]
    .map(([name, meaning]) => `${join(folder, name!)}: ${meaning}`)
    .join('\n');
