import { readFileSync } from 'node:fs';

import { parseConfig } from '../configs/parse-config';
import type { Config } from '../configs/schema';
import { InputError } from '../engine/input-error';

/** @throws InputError if the file cannot be read or says something wrong */
export function readConfig(file: string, overrides: readonly string[] = []): Config {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const advice = 'give a config, such as configs/quickstart.yaml';
    if (code === 'ENOENT') throw new InputError(`${file}: no such file; ${advice}`);
    if (code === 'EISDIR') throw new InputError(`${file}: a folder; ${advice}`);
    throw new InputError(`${file}: cannot be read (${code})`);
  }
  return parseConfig(text, file, overrides);
}
