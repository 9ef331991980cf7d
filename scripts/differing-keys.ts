import { isDeepStrictEqual } from 'node:util';

/** Paths of the values in which two configs differ, such as `trpo.trustRegion`. */
export function differingKeys(left: unknown, right: unknown, path = ''): string[] {
  if (isDeepStrictEqual(left, right)) return [];
  if (!isRecord(left) || !isRecord(right)) return [path];
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...keys].flatMap((key) =>
    differingKeys(left[key], right[key], path === '' ? key : `${path}.${key}`),
  );
}

/** What stands at such a path; undefined where nothing does. */
export const valueAt = (value: unknown, path: string): unknown =>
  path
    .split('.')
    .reduce<unknown>((inner, key) => (isRecord(inner) ? inner[key] : undefined), value);

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
