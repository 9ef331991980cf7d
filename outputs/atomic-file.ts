import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** What unfinished files and folders are called: never read, removed by whoever cleans up. */
export const unfinishedPrefix = '.unfinished-';

/**
 * Writes a file so that at every moment its path holds either the old content or all of the new:
 * a temporary file in the same folder, flushed to the disk, then renamed onto its place.
 */
export function writeFileAtomically(path: string, content: string | Uint8Array): void {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true });
  const temporary = join(folder, `${unfinishedPrefix}${process.pid}-${basename(path)}`);
  try {
    writeFileFlushed(temporary, content);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  flushFolder(folder);
}

/** Writes a new file and waits until the disk has it. */
export function writeFileFlushed(path: string, content: string | Uint8Array): void {
  const file = openSync(path, 'w');
  try {
    writeFileSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Appends all of the bytes to an open file. */
export function appendFully(file: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length;) {
    written += writeSync(file, bytes, written);
  }
}

/** Waits until the disk has the folder's entries; systems that cannot open folders are left alone. */
export function flushFolder(path: string): void {
  let folder: number;
  try {
    folder = openSync(path, 'r');
  } catch {
    return;
  }
  try {
    fsyncSync(folder);
  } catch {
    // Windows and some network file systems cannot flush a folder; the rename stands all the same.
  } finally {
    closeSync(folder);
  }
}
