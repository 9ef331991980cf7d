import { closest } from 'fastest-levenshtein';
import { z } from 'zod';

import { InputError } from '../engine/input-error';

/** The parts of a JSON Schema that are looked at here. */
interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly const?: unknown;
}

/**
 * Parses a value and fills in the schema's defaults.
 * @param where what the value is, as the message names it: 'env', 'configs/quickstart.yaml'
 * @throws InputError in one line: the key, what is wrong with it, the nearest valid key
 */
export function parseConfig<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  where: string,
): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = firstIssue(result.error.issues);
  const at = [where, ...issue.path.map(String)].join('.');
  if (issue.code === 'unrecognized_keys') {
    const valid = validKeys(schema, value, issue.path);
    const [key] = issue.keys as [string];
    throw new InputError(`${at}: unknown key '${key}'${suggestion(key, valid)}`);
  }
  throw new InputError(`${at}: ${issue.message}`);
}

/** What a mistyped name was probably meant to be, and what there is. */
export function suggestion(name: string, valid: readonly string[]): string {
  if (valid.length === 0) return '; no keys are allowed here';
  return `; did you mean '${closest(name, [...valid])}'? Valid: ${valid.join(', ')}`;
}

/** The issue to report: an unknown key explains a key that is missing. */
export function firstIssue(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue {
  const unknown = issues.find(({ code }) => code === 'unrecognized_keys');
  return deepestIssue(unknown ?? issues[0]!);
}

/** An issue of a plain union hides the issues of its options: the option that came furthest tells most. */
function deepestIssue(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== 'invalid_union') return issue;
  const inner = issue.errors
    .flatMap((issues) => issues.slice(0, 1))
    .sort((left, right) => right.path.length - left.path.length)[0];
  if (!inner || inner.path.length === 0) return issue;
  return deepestIssue({ ...inner, path: [...issue.path, ...inner.path] });
}

export function validKeys(
  schema: z.ZodType,
  value: unknown,
  path: readonly PropertyKey[],
): string[] {
  let options = [z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema];
  let current = value;
  for (const key of path) {
    options = matching(options, current).flatMap(({ properties, items }) => {
      const next = typeof key === 'number' ? items : properties?.[String(key)];
      return next ? [next] : [];
    });
    current = (current as Record<PropertyKey, unknown>)[key];
  }
  const keys = matching(options, current).flatMap(({ properties }) =>
    Object.keys(properties ?? {}),
  );
  return [...new Set(keys)];
}

/** The branches of unions whose constants (`kind: …`) agree with the value. */
function matching(options: readonly JsonSchema[], value: unknown): JsonSchema[] {
  return options.flatMap((option) => {
    const branches = option.oneOf ?? option.anyOf;
    if (branches) return matching(branches, value);
    const given = (value ?? {}) as Record<string, unknown>;
    const agrees = Object.entries(option.properties ?? {}).every(
      ([name, property]) =>
        property.const === undefined || given[name] === undefined || given[name] === property.const,
    );
    return agrees ? [option] : [];
  });
}
