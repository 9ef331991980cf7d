import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { parseConfig } from '../configs/parse-config';
import type { Config } from '../configs/schema';
import { InputError } from '../engine/input-error';
import { writeFileAtomically } from '../outputs/atomic-file';
import { loadCheckpoint } from '../outputs/checkpoint';
import { isJsonObject } from '../outputs/json';
import { exitCodes } from './command';
import { differingKeys } from './differing-keys';
import type { ListKind } from './list-folder';
import { checkPolicies } from './list-levels';
import { openEnvironment } from './open-environment';
import { gameOf } from './open-learner';
import type { Progress } from './progress';
import { readRun } from './read-run';
import { freeKeys } from './resume';
import { makeFolder } from './run-folder';
import type { TrainingRequest } from './train';

export interface ListedRun {
  /** Of its folder. */
  readonly name: string;
  readonly config: Config;
}

export interface RunList<Run extends ListedRun = ListedRun> {
  /** The config's. */
  readonly name: string;
  readonly runs: readonly Run[];
}

export interface ListParts {
  readonly progress: Progress;
  /** @returns the exit code */
  trainOne(request: TrainingRequest): Promise<number>;
}

/**
 * A list that was begun, as its folder describes it.
 * @param overridesOf the config of a run, such as `device=cpu`
 * @throws InputError if the file is damaged
 */
export function readList<List extends RunList>(
  { file: name }: ListKind,
  folder: string,
  overridesOf: (index: number) => Parameters<typeof parseConfig>[2],
): List {
  const file = join(folder, name);
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    value = null;
  }
  if (!isJsonObject(value) || !Array.isArray(value['runs'])) {
    throw new InputError(`${file}: damaged; give the config again: makertaker train CONFIG.yaml`);
  }
  const list = value as unknown as List;
  return {
    ...list,
    runs: list.runs.map((run, index) => ({
      ...run,
      config: parseConfig(JSON.stringify(run.config), `${file} (${run.name})`, overridesOf(index)),
    })),
  };
}

/**
 * The list with every default of its runs' environments resolved.
 * @throws InputError for a run that cannot be trained
 */
export async function checkList<List extends RunList>(kind: ListKind, list: List): Promise<List> {
  const runs: ListedRun[] = [];
  for (const run of list.runs) runs.push({ ...run, config: await checkRun(kind, run) });
  return { ...list, runs };
}

/**
 * Trains the runs of a list one after another. Those that the folder has already are skipped where they have
 * ended and go on where they were begun.
 * @param list checked
 * @param folder made if missing
 * @param head what is said first
 * @returns the exit code, and the names of the runs that failed
 * @throws InputError if the folder holds a run of another config
 */
export async function trainList(
  kind: ListKind,
  list: RunList,
  folder: string,
  { progress, trainOne, head }: ListParts & { readonly head: string },
): Promise<{ readonly code: number; readonly failed: readonly string[] }> {
  const { runs } = list;
  const requests = runs.map((run) => requestIn(folder, run, kind));
  makeFolder(folder);
  writeFileAtomically(join(folder, kind.file), `${JSON.stringify(list, null, 2)}\n`);
  progress.say(head);
  const failed: string[] = [];
  for (const [index, request] of requests.entries()) {
    const { name } = runs[index]!;
    const title = `${kind.one} ${index + 1} of ${runs.length}: ${name}`;
    progress.highlight(`\n${title}${request === null ? ': done before' : ''}`);
    if (request === null) continue;
    const code = await orFailure(
      () => trainOne(request),
      (message) => {
        failed.push(name);
        progress.highlight(`${name} failed: ${message}`);
      },
    );
    if (code === exitCodes.interrupted || (code !== exitCodes.done && kind.stopsAtFailure)) {
      progress.say(`to go on with the ${kind.one}s: makertaker train --resume ${folder}`);
      return { code, failed };
    }
  }
  return { code: failed.length > 0 ? exitCodes.failure : exitCodes.done, failed };
}

/** @returns the config, every default of its environment resolved */
async function checkRun({ one }: ListKind, { name, config }: ListedRun): Promise<Config> {
  try {
    const opened = await openEnvironment(config.env);
    if (config.selfPlay !== null) gameOf(opened);
    checkPolicies(opened, config);
    return { ...config, env: opened.choice };
  } catch (error) {
    if ((error as Error).name !== 'InputError') throw error;
    throw new InputError(`${one} ${name}: ${(error as Error).message}`);
  }
}

/**
 * What is left to train of a run.
 * @returns null: it has ended
 * @throws InputError if its folder holds a run of another config
 */
function requestIn(
  listFolder: string,
  { name, config }: ListedRun,
  { possessive }: ListKind,
): TrainingRequest | null {
  const folder = join(listFolder, name);
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
      `${folder}: ${wrong} differs from the ${possessive}; start anew, or give the config that it was begun with`,
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
