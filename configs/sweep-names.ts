/** What names need to know of an axis. */
interface NamedAxis {
  readonly key: string;
  readonly values: readonly unknown[];
}

/**
 * Names of the combinations of a sweep, such as `trustRegion0.01-seed2`, the last axis innermost; fit for
 * folders, and each once.
 */
export function namePoints(axes: readonly NamedAxis[]): string[] {
  const names = axes.map(({ key, values }) => {
    const label = shortKey(
      key,
      axes.map((other) => other.key),
    );
    return nameValues(values).map((value) => `${label}${value}`);
  });
  return names.reduce<string[]>(
    (heads, axis) =>
      heads.flatMap((head) => axis.map((part) => (head === '' ? part : `${head}-${part}`))),
    [''],
  );
}

/** The last word of a key, or all of it where two keys end alike. */
function shortKey(key: string, keys: readonly string[]): string {
  const last = (path: string): string => path.slice(path.lastIndexOf('.') + 1);
  const isAlone = keys.filter((other) => last(other) === last(key)).length === 1;
  return tidy(isAlone ? last(key) : key);
}

/** Numbers as they are, words after a dash, lists joined; by their place where that tells them not apart. */
function nameValues(values: readonly unknown[]): string[] {
  const names = values.map(nameValue);
  const areNames =
    names.every((name) => name !== null && name.length <= 24) &&
    new Set(names).size === names.length;
  return areNames ? (names as string[]) : values.map((_, index) => `-${index + 1}`);
}

function nameValue(value: unknown): string | null {
  if (typeof value === 'number') return tidy(String(value));
  if (typeof value === 'string') return `-${tidy(value)}`;
  if (typeof value === 'boolean' || value === null) return `-${value}`;
  if (Array.isArray(value)) {
    const parts = value.map((part) => (typeof part === 'object' ? null : tidy(String(part))));
    return parts.includes(null) ? null : parts.join('x');
  }
  const { kind } = value as { readonly kind?: unknown };
  return typeof kind === 'string' ? `-${tidy(kind)}` : null;
}

const tidy = (text: string): string => text.replace(/[^\w.-]+/g, '_');
