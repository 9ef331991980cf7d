import { openSync, closeSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

import { InputError } from '../engine/input-error';

/**
 * Keeps a second training out of a run's folder, by the file `.lock` that names this process.
 * A lock whose process is gone is taken over.
 * @returns releases it
 * @throws InputError while another process trains there
 */
export function lockRun(folder: string): () => void {
  const path = join(folder, '.lock');
  const owner = `${process.pid} on ${hostname()}`;
  if (!create(path, owner)) {
    const holder = readFileSync(path, 'utf8').trim();
    if (isAlive(holder)) {
      throw new InputError(
        `${folder}: process ${holder} is training there; wait for it or train into another folder (if it is gone, remove ${path})`,
      );
    }
    rmSync(path);
    if (!create(path, owner)) throw new InputError(`${folder}: another process is training there`);
  }
  return () => rmSync(path, { force: true });
}

function create(path: string, owner: string): boolean {
  try {
    const file = openSync(path, 'wx');
    writeSync(file, owner);
    closeSync(file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** The process that trains in a folder, as `1234 on HOST`; null where none does, as far as can be told. */
export function findTrainer(folder: string): string | null {
  try {
    const holder = readFileSync(join(folder, '.lock'), 'utf8').trim();
    return isAlive(holder) ? holder : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Processes of other machines cannot be asked: they count as alive. */
function isAlive(holder: string): boolean {
  const [, id, host] = /^(\d+) on (.+)$/.exec(holder) ?? [];
  if (host !== hostname()) return true;
  try {
    process.kill(Number(id), 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
