/** What JSON can hold. */
export type Json =
  string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };
export type JsonObject = { readonly [name: string]: Json };

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A number as JSON can hold it: null for what is not finite. */
export const finiteOrNull = (value: number): number | null =>
  Number.isFinite(value) ? value : null;

/**
 * The path of the first value that JSON text would not give back as it is (NaN, infinities,
 * undefined, functions, −0), or null.
 */
export function findUnrepresentable(value: unknown, path = ''): string | null {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return null;
  if (typeof value === 'number')
    return Number.isFinite(value) && !Object.is(value, -0) ? null : path;
  if (typeof value !== 'object') return path;
  const plain = Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
  if (!plain) return path;
  for (const [name, member] of Object.entries(value)) {
    const found = findUnrepresentable(member, path ? `${path}.${name}` : name);
    if (found !== null) return found;
  }
  return null;
}
