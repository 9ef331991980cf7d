import fc from 'fast-check';

/** What configs hold where a coefficient may be given or drawn. */
export const number = (min: number, max: number) => fc.double({ min, max, noNaN: true });

export const range = (min: number, max: number) =>
  fc.record({
    low: number(min, (min + max) / 2),
    high: number((min + max) / 2, max),
    scale: fc.constantFrom('linear' as const, 'log' as const),
  });

export const coefficient = (min: number, max: number) =>
  fc.oneof(number(min, max), range(min, max));

/** One for all of them, one each, or a range. */
export const list = (min: number, max: number, count: number) =>
  fc.oneof(
    number(min, max),
    fc.array(number(min, max), { minLength: count, maxLength: count }),
    range(min, max),
  );

/** [size, size]: the same between any two. */
export const commonCorrelation = (rho: number, size: number): number[][] =>
  Array.from({ length: size }, (_, i) =>
    Array.from({ length: size }, (_, j) => (i === j ? 1 : rho)),
  );
