import { readFileSync } from 'node:fs';

import { InputError } from '../engine/input-error';

/**
 * A text file that the user named.
 * @param advice what could be given instead, for the message
 * @throws InputError if it cannot be read
 */
export function readText(file: string, advice: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new InputError(`${file}: no such file; ${advice}`);
    if (code === 'EISDIR') throw new InputError(`${file}: a folder; ${advice}`);
    throw new InputError(`${file}: cannot be read (${code})`);
  }
}
