import { parseConfig } from '../configs/parse-config';
import type { Config } from '../configs/schema';
import { readText } from './read-text';

export const readConfigText = (file: string): string =>
  readText(file, 'give a config, such as configs/quickstart.yaml');

/** @throws InputError if the file cannot be read or says something wrong */
export const readConfig = (file: string, overrides: readonly string[] = []): Config =>
  parseConfig(readConfigText(file), file, overrides);
