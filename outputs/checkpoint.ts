import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';

import { InputError } from '../engine/input-error';
import {
  flushFolder,
  unfinishedPrefix,
  writeFileAtomically,
  writeFileFlushed,
} from './atomic-file';
import { type CheckpointDocument, openManifest, sealManifest, sha256 } from './checkpoint-manifest';
import { type ArrayData, decodeSafetensors, encodeSafetensors } from './safetensors';

/**
 * A run's checkpoints:
 *
 *     runs/NAME/checkpoints/00000020/arrays.safetensors   every array
 *                                    checkpoint.json      everything else, and the checksums
 *     runs/NAME/checkpoints/last, best                    pointers: files that hold a folder's name
 *
 * A folder appears whole, by a rename, and never changes; a pointer moves by a rename afterwards.
 * So whenever the program dies, the pointers name complete checkpoints.
 */
export type Pointer = 'last' | 'best';

const pointers: readonly Pointer[] = ['last', 'best'];
const arraysFile = 'arrays.safetensors';
const manifestFile = 'checkpoint.json';
const folderName = /^\d+(-\d+)?$/;

export interface Checkpoint {
  /** Iterations done. */
  readonly iteration: number;
  readonly arrays: Readonly<Record<string, ArrayData>>;
  readonly document: CheckpointDocument;
}

export interface LoadedCheckpoint extends Checkpoint {
  /** Where it was read from. */
  readonly folder: string;
  /** Version of the program that wrote it. */
  readonly program: string;
}

export interface SaveOptions {
  /** Version of the program, as in package.json. */
  readonly program: string;
  /** Pointers to move to this checkpoint; default `last`. */
  readonly pointers?: readonly Pointer[];
  /** How many of the newest checkpoints stay though no pointer names them; default 0. */
  readonly keep?: number;
}

/**
 * Saves a checkpoint in a new folder, moves the pointers to it and removes the folders that no
 * pointer names any more.
 * @returns the new folder's path
 */
export function saveCheckpoint(
  runFolder: string,
  checkpoint: Checkpoint,
  options: SaveOptions,
): string {
  const root = join(runFolder, 'checkpoints');
  mkdirSync(root, { recursive: true });
  const { bytes, manifest } = encodeCheckpoint(checkpoint, options.program);
  const name = freeName(root, checkpoint.iteration);
  const unfinished = join(root, `${unfinishedPrefix}${process.pid}-${name}`);
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished);
  writeFileFlushed(join(unfinished, arraysFile), bytes);
  writeFileFlushed(join(unfinished, manifestFile), manifest);
  flushFolder(unfinished);
  const folder = join(root, name);
  renameSync(unfinished, folder);
  flushFolder(root);

  for (const pointer of options.pointers ?? ['last'])
    writeFileAtomically(join(root, pointer), name);
  removeUnnamed(root, options.keep ?? 0);
  return folder;
}

/** The arrays that evaluation and export need: of each player the network and the normaliser. */
const ofPolicy = /^([^/]+\/)?(policy|observations)\//;

/**
 * Writes a checkpoint that holds the policy alone: it is evaluated and exported like any other, and training
 * does not go on from it.
 * @param folder exists; a checkpoint that it holds is replaced
 * @returns the files
 */
export function writePolicyCheckpoint(
  folder: string,
  checkpoint: Checkpoint,
  program: string,
): string[] {
  const arrays = Object.fromEntries(
    Object.entries(checkpoint.arrays).filter(([name]) => ofPolicy.test(name)),
  );
  const { bytes, manifest } = encodeCheckpoint({ ...checkpoint, arrays }, program);
  const files = [join(folder, arraysFile), join(folder, manifestFile)] as const;
  writeFileAtomically(files[0], bytes);
  writeFileAtomically(files[1], manifest);
  return [...files];
}

function encodeCheckpoint({ arrays, iteration, document }: Checkpoint, program: string) {
  const bytes = encodeSafetensors(arrays);
  const manifest = sealManifest(program, iteration, document, {
    file: arraysFile,
    bytes: bytes.length,
    sha256: sha256(bytes),
  });
  return { bytes, manifest };
}

/** Moves a pointer to a checkpoint that exists. */
export function pointTo(runFolder: string, pointer: Pointer, folder: string): void {
  writeFileAtomically(join(runFolder, 'checkpoints', pointer), basename(folder));
}

/**
 * Loads a checkpoint folder, or the one that a run folder points to.
 * @param which for run folders; default the best, or the last where no best was chosen yet
 * @throws InputError with the reason if it is missing, truncated, altered, foreign or newer than this program
 */
export function loadCheckpoint(path: string, options: { which?: Pointer } = {}): LoadedCheckpoint {
  const folder = findCheckpoint(path, options.which);
  const manifestPath = join(folder, manifestFile);
  const manifest = openManifest(readRequired(manifestPath), manifestPath);
  const arraysPath = join(folder, manifest.arrays.file);
  const bytes = readRequired(arraysPath);
  if (bytes.length < manifest.arrays.bytes) {
    throw new InputError(
      `${arraysPath}: truncated: it has ${bytes.length} of its ${manifest.arrays.bytes} bytes`,
    );
  }
  if (sha256(bytes) !== manifest.arrays.sha256) {
    throw new InputError(`${arraysPath}: altered: its SHA-256 is not the one in ${manifestFile}`);
  }
  const { arrays } = decodeSafetensors(bytes, arraysPath);
  const { iteration, document, program } = manifest;
  return { folder, iteration, arrays, document, program };
}

/** The checkpoint folder that a path means: itself, or where the run's pointer leads. */
export function findCheckpoint(path: string, which?: Pointer): string {
  if (!isFolder(path)) {
    throw new InputError(
      `${path}: no such folder: give a run (runs/NAME) or one of its checkpoints (runs/NAME/checkpoints/…)`,
    );
  }
  if (exists(join(path, manifestFile))) return path;
  const root = join(path, 'checkpoints');
  if (!isFolder(root)) {
    throw new InputError(
      `${path}: neither a checkpoint (it has no ${manifestFile}) nor a run (it has no folder checkpoints)`,
    );
  }
  const candidates = which ? [which] : (['best', 'last'] as const);
  const pointer = candidates.find((candidate) => exists(join(root, candidate)));
  if (!pointer) {
    throw new InputError(
      `${root}: no checkpoint was saved yet: it has no pointer ${candidates.join(' or ')}`,
    );
  }
  const name = readPointer(root, pointer);
  if (name === null) {
    throw new InputError(
      `${join(root, pointer)}: not a pointer: it does not hold the name of a checkpoint folder`,
    );
  }
  const folder = join(root, name);
  if (!isFolder(folder)) {
    throw new InputError(`${join(root, pointer)}: points to ${name}, which is missing beside it`);
  }
  return folder;
}

/** Iteration 20 is `00000020`; saved again (after a crash before the pointer moved) `00000020-2`. */
function freeName(root: string, iteration: number): string {
  const name = String(iteration).padStart(8, '0');
  for (let count = 1; ; count += 1) {
    const candidate = count === 1 ? name : `${name}-${count}`;
    if (!exists(join(root, candidate))) return candidate;
  }
}

function removeUnnamed(root: string, keep: number): void {
  const named = new Set(pointers.map((pointer) => readPointer(root, pointer)));
  const entries = readdirSync(root);
  const unnamed = entries.filter((entry) => folderName.test(entry) && !named.has(entry));
  const newestFirst = unnamed.sort().reverse();
  const unfinished = entries.filter((entry) => entry.startsWith(unfinishedPrefix));
  for (const entry of [...newestFirst.slice(keep), ...unfinished]) {
    rmSync(join(root, entry), { recursive: true, force: true });
  }
}

function readPointer(root: string, pointer: Pointer): string | null {
  const path = join(root, pointer);
  if (!exists(path)) return null;
  const name = readFileSync(path, 'utf8').trim();
  return folderName.test(name) ? name : null;
}

function readRequired(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new InputError(`${path}: ${code === 'ENOENT' ? 'missing' : `cannot be read (${code})`}`);
  }
}

const exists = (path: string): boolean => statSync(path, { throwIfNoEntry: false }) !== undefined;

const isFolder = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
