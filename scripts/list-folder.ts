import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { InputError } from '../engine/input-error';
import { listRuns } from './read-run';

/** Runs that are trained one after another, each in a folder of its own within the list's. */
export interface ListKind {
  /** In the list's folder: every run with its config, so that it goes on by itself. */
  readonly file: string;
  /** How messages call a run of it. */
  readonly one: string;
  /** How messages call the whole, and what belongs to it. */
  readonly whole: string;
  readonly possessive: string;
  /** Whether a run that fails ends it; if not, the others have their turn. */
  readonly stopsAtFailure: boolean;
}

export const sweepKind: ListKind = {
  file: 'sweep.json',
  one: 'run',
  whole: 'a sweep',
  possessive: "sweep's",
  stopsAtFailure: false,
};

export const stagesKind: ListKind = {
  file: 'stages.json',
  one: 'stage',
  whole: 'stages',
  possessive: "stages'",
  stopsAtFailure: true,
};

/** What the folder of a list holds; null: it is none. */
export const listKindOf = (folder: string): ListKind | null =>
  [sweepKind, stagesKind].find(({ file }) => existsSync(join(folder, file))) ?? null;

/** @throws InputError for the folder of a list, where one run is wanted */
export function refuseList(folder: string): void {
  const kind = listKindOf(folder);
  if (kind === null) return;
  const runs = listRuns(folder).filter((run) => run !== folder);
  throw new InputError(
    `${folder}: the folder of ${kind.whole}; ${runs.length > 0 ? `give one of its ${kind.one}s: ${runs.join(', ')}` : `none of its ${kind.one}s has begun`}`,
  );
}
