import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { parseConfig } from '../configs/parse-config';
import type { Config } from '../configs/schema';
import type { Axis, Sweep, SweepRun } from '../configs/sweep';
import { InputError } from '../engine/input-error';
import { writeFileAtomically } from '../outputs/atomic-file';
import { loadCheckpoint } from '../outputs/checkpoint';
import { drawComparisonPage } from '../outputs/comparison/page';
import { isJsonObject } from '../outputs/json';
import { createClassicalPolicies, fittingPolicies } from './classical-policies';
import { exitCodes } from './command';
import { compareRuns } from './compare-runs';
import { differingKeys } from './differing-keys';
import { formatComparison } from './format-comparison';
import { openEnvironment } from './open-environment';
import { gameOf } from './open-learner';
import type { Progress } from './progress';
import { readRun } from './read-run';
import { freeKeys } from './resume';
import { makeFolder } from './run-folder';
import type { TrainingRequest } from './train';

/** In a sweep's folder: the axes, and every run with its config, so that it goes on by itself. */
const sweepFile = 'sweep.json';

export const isSweepFolder = (folder: string): boolean => existsSync(join(folder, sweepFile));

/**
 * A sweep that was begun, as its folder describes it.
 * @param overrides of the runs' configs, such as `device=cpu`
 * @throws InputError if the file is damaged
 */
export function readSweep(folder: string, overrides: readonly string[]): Sweep {
  const file = join(folder, sweepFile);
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    value = null;
  }
  if (!isJsonObject(value) || !Array.isArray(value['runs'])) {
    throw new InputError(`${file}: damaged; give the config again: makertaker train CONFIG.yaml`);
  }
  const { name, axes, runs } = value as unknown as Sweep;
  return {
    name,
    axes,
    runs: runs.map((run) => ({
      ...run,
      config: parseConfig(JSON.stringify(run.config), `${file} (${run.name})`, overrides),
    })),
  };
}

export interface SweepParts {
  readonly progress: Progress;
  /** @returns the exit code */
  trainOne(request: TrainingRequest): Promise<number>;
}

/**
 * Trains the runs of a sweep one after another, each in a folder of its own within the sweep's, and compares
 * those that have ended. Runs that the folder has already are skipped where they have ended and go on where
 * they were begun. A run that fails leaves the others their turn.
 * @param createFolder called once nothing in the input can be wrong any more
 * @returns the exit code: done, interrupted, or failure if a run failed
 * @throws InputError for a combination that cannot be trained, before anything is
 */
export async function trainSweep(
  sweep: Sweep,
  createFolder: () => string,
  { progress, trainOne }: SweepParts,
): Promise<number> {
  const runs: SweepRun[] = [];
  for (const run of sweep.runs) runs.push({ ...run, config: await checkRun(run) });
  refuseMixedEnvironments(runs);
  const folder = createFolder();
  const begun = runs.map((run) => requestIn(folder, run));
  makeFolder(folder);
  writeFileAtomically(join(folder, sweepFile), `${JSON.stringify({ ...sweep, runs }, null, 2)}\n`);
  progress.say(`sweep: ${folder}: ${describeAxes(sweep.axes)}, ${runs.length} runs`);
  const failed: string[] = [];
  for (const [index, request] of begun.entries()) {
    const { name } = runs[index]!;
    const head = `run ${index + 1} of ${runs.length}: ${name}`;
    progress.highlight(`\n${head}${request === null ? ': done before' : ''}`);
    if (request === null) continue;
    const code = await orFailure(
      () => trainOne(request),
      (message) => {
        failed.push(name);
        progress.highlight(`${name} failed: ${message}`);
      },
    );
    if (code === exitCodes.interrupted) {
      progress.say(`the sweep goes on with: makertaker train --resume ${folder}`);
      return code;
    }
  }
  compareEnded(folder, runs, failed, progress);
  return failed.length > 0 ? exitCodes.failure : exitCodes.done;
}

/** @returns the config, every default of its environment resolved */
async function checkRun({ name, config }: SweepRun): Promise<Config> {
  try {
    const opened = await openEnvironment(config.env);
    if (config.selfPlay !== null) gameOf(opened);
    const fitting = fittingPolicies(opened).map((policy) => policy.name);
    // Only the wrong ones, for their message: to make the others may take long.
    const wrong = config.evaluation.baselines.filter((baseline) => !fitting.includes(baseline));
    createClassicalPolicies(wrong, opened);
    return { ...config, env: opened.choice };
  } catch (error) {
    if ((error as Error).name !== 'InputError') throw error;
    throw new InputError(`sweep: ${name}: ${(error as Error).message}`);
  }
}

function refuseMixedEnvironments(runs: readonly SweepRun[]): void {
  const idOf = ({ config: { env } }: SweepRun): unknown => ('id' in env ? env.id : env['module']);
  const other = runs.find((run) => idOf(run) !== idOf(runs[0]!));
  if (other) {
    throw new InputError(
      `sweep: ${runs[0]!.name} is of ${String(idOf(runs[0]!))}, ${other.name} of ${String(idOf(other))}; a sweep compares runs of one environment`,
    );
  }
}

/**
 * What is left to train of a run.
 * @returns null: it has ended
 * @throws InputError if its folder holds a run of another config
 */
function requestIn(sweepFolder: string, { name, config }: SweepRun): TrainingRequest | null {
  const folder = join(sweepFolder, name);
  const createFolder = (): string => {
    makeFolder(folder);
    return folder;
  };
  if (!existsSync(join(folder, 'config.yaml'))) return { config, createFolder, checkpoint: null };
  const { config: before, evaluation } = readRun(folder);
  const differing = differingKeys(before, config);
  const wrong = differing.find((key) => !freeKeys.has(key) && key !== 'name');
  if (wrong !== undefined) {
    throw new InputError(
      `${folder}: ${wrong} differs from the sweep's; start another sweep, or give the config that this one was started with`,
    );
  }
  const isLonger = differing.includes('training.iterations');
  if (evaluation !== null && !isLonger) return null;
  const isSaved = existsSync(join(folder, 'checkpoints', 'last'));
  const checkpoint = isSaved ? loadCheckpoint(folder, { which: 'last' }) : null;
  return { config, createFolder, checkpoint };
}

async function orFailure(
  run: () => Promise<number>,
  onFailure: (message: string) => void,
): Promise<number> {
  try {
    return await run();
  } catch (error) {
    if ((error as Error).name === 'InputError') throw error;
    onFailure((error as Error).message);
    return exitCodes.failure;
  }
}

function compareEnded(
  folder: string,
  runs: readonly SweepRun[],
  failed: readonly string[],
  progress: Progress,
): void {
  const ended = runs.filter(({ name }) => !failed.includes(name));
  if (failed.length > 0) progress.say(`\nfailed, and not compared: ${failed.join(', ')}`);
  if (ended.length === 0) return;
  const comparison = compareRuns(ended.map(({ name }) => readRun(join(folder, name))));
  const files = [
    ['comparison.json', `${JSON.stringify(comparison, null, 2)}\n`, 'the comparison above'],
    [
      'comparison.html',
      drawComparisonPage(comparison),
      'curves, intervals and tables, for a browser',
    ],
  ] as const;
  for (const [file, text] of files) writeFileAtomically(join(folder, file), text);
  const written = files.map(([file, , meaning]) => `${join(folder, file)}: ${meaning}`);
  progress.say(`\n${basename(folder)}\n${formatComparison(comparison)}\n\n${written.join('\n')}`);
}

const describeAxes = (axes: readonly Axis[]): string =>
  axes.map(({ key, values }) => `${values.length} × ${key}`).join(', ');
