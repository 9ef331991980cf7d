import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Makes a run's folder: `parent/name`, or the first free one of `parent/name-2`, `parent/name-3` …
 * @returns its path
 */
export function createRunFolder(parent: string, name: string): string {
  mkdirSync(parent, { recursive: true });
  for (let count = 1; ; count += 1) {
    const folder = join(parent, count === 1 ? name : `${name}-${count}`);
    if (existsSync(folder)) continue;
    mkdirSync(folder);
    return folder;
  }
}
