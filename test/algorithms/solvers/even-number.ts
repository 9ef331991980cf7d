import fc from 'fast-check';

/** Numbers spread evenly: fc.double draws mostly those next to zero and the ends. */
export const evenNumber = (min: number, max: number): fc.Arbitrary<number> =>
  fc.integer({ min: 0, max: 1_000_000 }).map((part) => min + ((max - min) * part) / 1_000_000);
