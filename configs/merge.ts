type Mapping = Readonly<Record<string, unknown>>;

/** Keys whose value decides which others a mapping has. */
const identifyingKeys = ['id', 'module', 'kind'];

/**
 * Data with changes: mappings key by key; everything else is replaced, and so is a mapping within by one that
 * names another `id`, `module` or `kind`.
 */
export const merge = (base: Mapping, changes: Mapping): Record<string, unknown> =>
  // As plain data, even a key like `__proto__`.
  Object.fromEntries([
    ...Object.entries(base),
    ...Object.entries(changes).map(([key, value]) => {
      const before = Object.hasOwn(base, key) ? base[key] : undefined;
      const merges = isMapping(before) && isMapping(value) && !isOther(before, value);
      return [key, merges ? merge(before, value) : value] as const;
    }),
  ]);

const isOther = (before: Mapping, after: Mapping): boolean =>
  identifyingKeys.some((key) => Object.hasOwn(after, key) && after[key] !== before[key]);

export const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
