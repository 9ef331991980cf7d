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
    throw new InputError(
      code === 'ENOENT'
        ? `${file}: no such file; give a config, such as configs/quickstart.yaml`
        : `${file}: cannot be read (${code})`,
    );
  }
  return parseConfig(text, file, overrides);
}
