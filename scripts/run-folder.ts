import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { InputError } from '../engine/input-error';

/**
 * Makes a run's folder: `parent/name`, or the first free one of `parent/name-2`, `parent/name-3` …
 * Two runs that start at once get one each.
 * @returns its path
 * @throws InputError where the folder cannot be made
 */
export function createRunFolder(parent: string, name: string): string {
  makeFolder(parent);
  for (let count = 1; ; count += 1) {
    const folder = join(parent, count === 1 ? name : `${name}-${count}`);
    if (makeNew(folder)) return folder;
  }
}

/** Makes the folder of an option `--out` unless it is there. @throws InputError where that fails */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw refusal(path, error);
  }
}

function makeNew(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw refusal(folder, error);
  }
}

const refusal = (path: string, error: unknown): InputError =>
  new InputError(
    `--out: the folder ${path} cannot be made (${(error as NodeJS.ErrnoException).code})`,
  );
