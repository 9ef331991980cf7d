import { basename, dirname, extname, resolve } from 'node:path';

import { InputError } from '../engine/input-error';
import { findKind } from '../envs/registry';
import {
  type Override,
  type ParsedDocument,
  parseDocumentWith,
  readOverride,
  validateDocument,
} from './parse-document';
import { type Config, schemaFor } from './schema';

/**
 * Parses a config file of one run.
 * @param text YAML
 * @param file its path: names the file in messages, gives the default name of the run and the folder
 *   that paths of modules and recorded data are relative to
 * @param overrides they win over the file; as text: `key.path=value`, the value in YAML
 * @returns every default resolved, frozen deeply
 * @throws InputError in one line: file and line (or the override), key, what is wrong, what would be right
 */
export function parseConfig(
  text: string,
  file: string,
  overrides: readonly (string | Override)[] = [],
): Config {
  const changes = overrides.map(readOverride);
  const document = parseDocumentWith(text, file, changes);
  if (document.value['stages'] !== undefined) {
    const change = changes.find(({ path }) => path[0] === 'stages');
    throw new InputError(
      `${change ? change.where : `${file}${document.lineOf(['stages'])}`}: stages: runs that train makes one after another; expected the config of one run, such as the config.yaml in the folder of a stage`,
    );
  }
  return resolveConfig(document, file, changes);
}

/**
 * The config of one run that a file's data is.
 * @param overrides that are in the data already, for messages
 * @returns every default resolved, frozen deeply
 * @throws InputError as `parseConfig` does
 */
export function resolveConfig(
  document: ParsedDocument,
  file: string,
  overrides: readonly Override[],
): Config {
  const parsed = validateDocument(document, file, ({ env }) => schemaFor(env), overrides);
  // A sweep and stages are no part of a run: `parseSweep` and `parseStages` read them.
  const { name = basename(file, extname(file)), sweep: _, stages: __, ...rest } = parsed;
  const env = resolveEnvironment(rest.env as Record<string, unknown>, dirname(file));
  return deepFreeze({ name, ...rest, env });
}

/** The identifying key first, and paths independent of where the config lies. */
function resolveEnvironment(env: Record<string, unknown>, folder: string): Config['env'] {
  const { id, module, ...parameters } = env;
  if (typeof module === 'string') return { module: resolve(folder, module), ...parameters };
  const map = (path: string): string => resolve(folder, path);
  const located = findKind(id as string).mapPaths?.(parameters, map) as object | undefined;
  return { id: id as string, ...(located ?? parameters) };
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}
