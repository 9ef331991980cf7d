import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** Bytes that are slow to make, kept from one run to the next under everything that went into them. */
export interface DiskCache {
  /** Where the bytes of a key lie once they were written. The name is the key's hash and the extension. */
  pathOf(key: CacheKey): string;
  /** @returns the bytes, or null if there are none or they are not what was written */
  read(key: CacheKey): Uint8Array | null;
  /** @returns the file's path, or null if the folder takes no files: one goes on without a cache */
  write(key: CacheKey, bytes: Uint8Array): string | null;
}

/** Whatever decides what the bytes are: source, options, versions. The parts are told apart by length. */
export type CacheKey = readonly string[];

/** `MAKERTAKER_CACHE`, else makertaker in the user's folder for caches. */
export function cacheFolder(): string {
  const chosen = process.env['MAKERTAKER_CACHE'];
  if (chosen) return chosen;
  return join(userCacheFolder(), 'makertaker');
}

function userCacheFolder(): string {
  const xdg = process.env['XDG_CACHE_HOME'];
  // The XDG specification has relative paths ignored.
  if (xdg && isAbsolute(xdg)) return xdg;
  const local = process.env['LOCALAPPDATA'];
  if (process.platform === 'win32' && local) return local;
  return join(homedir(), '.cache');
}

/**
 * A folder of files named by the SHA-256 of their key, each with a second file, its seal: the SHA-256
 * of its bytes. Both are written under another name and renamed, so that programs that run at the same
 * time see whole files only, and only the user may read them. Nothing here throws: a cache that fails
 * costs time.
 * @param name folder inside `cacheFolder()`
 * @param extension of the files, with its dot
 */
export function openDiskCache(name: string, extension: string): DiskCache {
  const folder = join(cacheFolder(), name);
  const pathOf = (key: CacheKey): string => join(folder, hashKey(key) + extension);
  return {
    pathOf,
    read: (key) => readSealed(pathOf(key)),
    write: (key, bytes) => {
      const path = pathOf(key);
      try {
        makePrivateFolder(folder);
        writeWhole(path, bytes);
        writeWhole(sealOf(path), Buffer.from(hashBytes(bytes)));
        return path;
      } catch {
        return null;
      }
    },
  };
}

/** @returns 64 hexadecimal digits */
export function hashKey(key: CacheKey): string {
  const hash = createHash('sha256');
  for (const part of key) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  return hash.digest('hex');
}

const hashBytes = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const sealOf = (path: string): string => `${path}.sha256`;

function readSealed(path: string): Uint8Array | null {
  try {
    if (!isOurs(path)) return null;
    const bytes = readFileSync(path);
    return readFileSync(sealOf(path), 'utf8') === hashBytes(bytes) ? bytes : null;
  } catch {
    return null;
  }
}

/** Cached bytes are run: a file that another user could have put there is not taken. */
function isOurs(path: string): boolean {
  const user = process.getuid?.();
  if (user === undefined) return true;
  const { uid, mode } = statSync(path);
  const writableByOthers = 0o022;
  return uid === user && (mode & writableByOthers) === 0;
}

function makePrivateFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
}

function writeWhole(path: string, bytes: Uint8Array): void {
  const temporary = `${path}.${process.pid}-${randomBytes(6).toString('hex')}`;
  try {
    writeFileSync(temporary, bytes, { mode: 0o600, flag: 'wx' });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
