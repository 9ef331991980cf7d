import { closest } from 'fastest-levenshtein';
import { type Document, isMap, isScalar, LineCounter, parse, parseDocument } from 'yaml';
import type { z } from 'zod';

import { InputError } from '../engine/input-error';
import { firstIssue, suggestion, validKeys } from '../envs/parse-config';

/** A value in place of what the file says. */
export interface Override {
  /** How messages call it: `--set training.iterations=20` */
  readonly where: string;
  readonly path: readonly string[];
  readonly value: unknown;
}

/** A file's text as data, before any schema. */
export interface ParsedDocument {
  readonly value: Record<string, unknown>;
  /** `:12`, the line of the key or of the nearest enclosing one that the file has. */
  readonly lineOf: (path: readonly string[]) => string;
}

/**
 * Parses a file of keys and values by a schema.
 * @param text YAML or JSON
 * @param file its path, for messages
 * @param choose the schema, given what the file says
 * @param overrides they win over the file; as text: `key.path=value`, the value in YAML
 * @returns every default filled in
 * @throws InputError in one line: file and line (or the override), key, what is wrong, what would be right
 */
export function parseWithSchema<Schema extends z.ZodType>(
  text: string,
  file: string,
  choose: (value: Readonly<Record<string, unknown>>) => Schema,
  overrides: readonly (string | Override)[] = [],
): z.output<Schema> {
  const changes = overrides.map(readOverride);
  return validateDocument(parseDocumentWith(text, file, changes), file, choose, changes);
}

/**
 * A file's data by a schema.
 * @param overrides that are in the data already, for messages
 * @throws InputError as `parseWithSchema` does
 */
export function validateDocument<Schema extends z.ZodType>(
  { value, lineOf }: ParsedDocument,
  file: string,
  choose: (value: Readonly<Record<string, unknown>>) => Schema,
  overrides: readonly Override[],
): z.output<Schema> {
  const schema = choose(value);
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const { path, message } = explain(firstIssue(result.error.issues), schema, value);
  const change = overrides.find((candidate) => concerns(candidate, path));
  const where = change ? change.where : `${file}${lineOf(path)}`;
  throw new InputError(`${where}: ${path.length > 0 ? `${path.join('.')}: ` : ''}${message}`);
}

/** A file's text with the overrides in it, before any schema. @throws InputError as `parseWithSchema` does */
export function parseDocumentWith(
  text: string,
  file: string,
  overrides: readonly Override[],
): ParsedDocument {
  const parsed = parseText(text, file);
  for (const override of overrides) applyOverride(parsed.value, override);
  return parsed;
}

/** JSON goes the short way: a million numbers take YAML's parser a minute. */
function parseText(text: string, file: string): ParsedDocument {
  if (/^\s*\{/.test(text)) {
    try {
      const value = JSON.parse(text) as Record<string, unknown>;
      return {
        value,
        lineOf: (path) => (text.length < 1e6 ? parseYaml(text, file).lineOf(path) : ''),
      };
    } catch {
      // YAML's flow style begins like JSON; and what is neither is explained by YAML's parser.
    }
  }
  return parseYaml(text, file);
}

function parseYaml(text: string, file: string): ParsedDocument {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [mistake] = document.errors;
  if (mistake) {
    const { line } = lines.linePos(mistake.pos[0]);
    throw new InputError(`${file}:${line}: not valid YAML: ${mistake.message}`);
  }
  const value: unknown = document.toJS() ?? {};
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new InputError(`${file}: expected a mapping of keys to values, such as "seed: 1"`);
  }
  return {
    value: value as Record<string, unknown>,
    lineOf: (path) => lineOf(document, lines, path),
  };
}

export const readOverride = (given: string | Override): Override =>
  typeof given === 'string' ? parseOverride(given) : given;

/** @param text `key.path=value`, as `--set` takes it */
export function parseOverride(text: string): Override {
  const equals = text.indexOf('=');
  if (equals < 1) {
    throw new InputError(`--set ${text}: expected key.path=value, such as training.iterations=20`);
  }
  try {
    return {
      where: `--set ${text}`,
      path: text.slice(0, equals).split('.'),
      value: parse(text.slice(equals + 1), { prettyErrors: false }) as unknown,
    };
  } catch (error) {
    throw new InputError(`--set ${text}: the value is not valid YAML: ${(error as Error).message}`);
  }
}

/** Sets the override's key in the data. @throws InputError where something around it has no keys */
export function applyOverride(
  root: Record<string, unknown>,
  { where, path, value }: Override,
): void {
  let parent: Record<string, unknown> = root;
  path.slice(0, -1).forEach((key, depth) => {
    const child = Object.hasOwn(parent, key) ? parent[key] : undefined;
    if (child !== undefined && child !== null && typeof child !== 'object') {
      throw new InputError(
        `${where}: ${path.slice(0, depth + 1).join('.')} is ${JSON.stringify(child)}, which has no keys`,
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
