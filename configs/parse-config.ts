import { basename, dirname, extname, resolve } from 'node:path';

import { closest } from 'fastest-levenshtein';
import { type Document, isMap, isScalar, LineCounter, parse, parseDocument } from 'yaml';
import type { z } from 'zod';

import { InputError } from '../engine/input-error';
import { firstIssue, suggestion, validKeys } from '../envs/parse-config';
import { type Config, schemaFor } from './schema';

/** `--set training.iterations=20` */
interface Override {
  readonly text: string;
  readonly path: readonly string[];
  readonly value: unknown;
}

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
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [mistake] = document.errors;
  if (mistake) {
    const { line } = lines.linePos(mistake.pos[0]);
    throw new InputError(`${file}:${line}: not valid YAML: ${mistake.message}`);
  }
  const value: unknown = document.toJS() ?? {};
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new InputError(`${file}: a config is a mapping of keys to values, such as "seed: 1"`);
  }
  const changes = overrides.map(parseOverride);
  for (const change of changes) applyOverride(value as Record<string, unknown>, change);

  const schema = schemaFor((value as { env?: unknown }).env);
  const result = schema.safeParse(value);
  if (!result.success) {
    const issue = firstIssue(result.error.issues);
    const { path, message } = explain(issue, schema, value);
    const change = changes.find((candidate) => concerns(candidate, path));
    const where = change ? `--set ${change.text}` : `${file}${lineOf(document, lines, path)}`;
    throw new InputError(`${where}: ${path.length > 0 ? `${path.join('.')}: ` : ''}${message}`);
  }
  const { name = basename(file, extname(file)), ...rest } = result.data;
  const env = resolveEnvironment(rest.env as Record<string, unknown>, dirname(file));
  return deepFreeze({ name, ...rest, env });
}

/** The identifying key first, and a module's path independent of where the config lies. */
function resolveEnvironment(env: Record<string, unknown>, folder: string): Config['env'] {
  const { id, module, ...parameters } = env;
  if (typeof module === 'string') return { module: resolve(folder, module), ...parameters };
  return { id: id as string, ...parameters };
}

function parseOverride(text: string): Override {
  const equals = text.indexOf('=');
  if (equals < 1) {
    throw new InputError(`--set ${text}: expected key.path=value, such as training.iterations=20`);
  }
  try {
    return {
      text,
      path: text.slice(0, equals).split('.'),
      value: parse(text.slice(equals + 1), { prettyErrors: false }) as unknown,
    };
  } catch (error) {
    throw new InputError(`--set ${text}: the value is not valid YAML: ${(error as Error).message}`);
  }
}

function applyOverride(root: Record<string, unknown>, { text, path, value }: Override): void {
  let parent: Record<string, unknown> = root;
  path.slice(0, -1).forEach((key, depth) => {
    const child = Object.hasOwn(parent, key) ? parent[key] : undefined;
    if (child !== undefined && child !== null && typeof child !== 'object') {
      throw new InputError(
        `--set ${text}: ${path.slice(0, depth + 1).join('.')} is ${JSON.stringify(child)}, which has no keys`,
      );
    }
    parent = setOwn(parent, key, child ?? {}) as Record<string, unknown>;
  });
  setOwn(parent, path.at(-1)!, value);
}

/** Sets a key as plain data, even one like `__proto__`. */
function setOwn(target: object, key: string, value: unknown): unknown {
  Object.defineProperty(target, key, {
    value,
    enumerable: true,
    writable: true,
    configurable: true,
  });
  return value;
}

/** The key that is wrong, and how it could be right. */
function explain(
  issue: z.core.$ZodIssue,
  schema: z.ZodType,
  value: unknown,
): { path: string[]; message: string } {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    const [key] = issue.keys as [string];
    const message = `unknown key${suggestion(key, validKeys(schema, value, issue.path))}`;
    return { path: [...path, key], message };
  }
  const given = valueAt(value, issue.path);
  const options = optionsOf(issue);
  if (given === undefined) {
    const wanted = options.length > 0 ? `one of ${options.join(', ')}` : expectationOf(issue);
    return { path, message: `missing; expected ${wanted}` };
  }
  if (options.length > 0) {
    const nearest = closest(String(given), options);
    return {
      path,
      message: `${JSON.stringify(given)} is not valid; did you mean '${nearest}'? Valid: ${options.join(', ')}`,
    };
  }
  return { path, message: `${JSON.stringify(given)}: ${issue.message}` };
}

function optionsOf(issue: z.core.$ZodIssue): string[] {
  if (issue.code === 'invalid_value') return issue.values.map(String);
  if (issue.code === 'invalid_union' && 'options' in issue) {
    return (issue.options as readonly unknown[]).map(String);
  }
  return [];
}

const expectationOf = (issue: z.core.$ZodIssue): string =>
  issue.code === 'invalid_type' ? `a value of type ${issue.expected}` : 'a value';

const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (inner, key) => (inner as Record<PropertyKey, unknown> | null | undefined)?.[key],
    value,
  );

/** Whether the override set the wrong key, something in it, or something around it. */
const concerns = ({ path }: Override, wrong: readonly string[]): boolean =>
  path.slice(0, wrong.length).every((key, depth) => key === wrong[depth]) &&
  wrong.slice(0, path.length).every((key, depth) => key === path[depth]) &&
  wrong.length > 0;

/** `:12`, the line of the key or of the nearest enclosing one that the file has. */
function lineOf(document: Document, lines: LineCounter, path: readonly string[]): string {
  for (let length = path.length; length > 0; length -= 1) {
    const parent: unknown =
      length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const key = path[length - 1]!;
    const pair = isMap(parent)
      ? parent.items.find((item) => isScalar(item.key) && String(item.key.value) === key)
      : undefined;
    const node = pair?.key ?? document.getIn(path.slice(0, length), true);
    const range = (node as { range?: readonly number[] } | null | undefined)?.range;
    if (range) return `:${lines.linePos(range[0]!).line}`;
  }
  return '';
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}
