import { basename, dirname, extname, resolve } from 'node:path';

import { parseWithSchema } from './parse-document';
import { type Config, schemaFor } from './schema';

/**
 * Parses a config file.
 * @param text YAML
 * @param file its path: names the file in messages, gives the default name of the run and the folder
 *   that a module's path is relative to
 * @param overrides `key.path=value`, the value in YAML; they win over the file
 * @returns every default resolved, frozen deeply
 * @throws InputError in one line: file and line (or the override), key, what is wrong, what would be right
 */
export function parseConfig(text: string, file: string, overrides: readonly string[] = []): Config {
  const parsed = parseWithSchema(text, file, ({ env }) => schemaFor(env), overrides);
  const { name = basename(file, extname(file)), ...rest } = parsed;
  const env = resolveEnvironment(rest.env as Record<string, unknown>, dirname(file));
  return deepFreeze({ name, ...rest, env });
}

/** The identifying key first, and a module's path independent of where the config lies. */
function resolveEnvironment(env: Record<string, unknown>, folder: string): Config['env'] {
  const { id, module, ...parameters } = env;
  if (typeof module === 'string') return { module: resolve(folder, module), ...parameters };
  return { id: id as string, ...parameters };
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}
