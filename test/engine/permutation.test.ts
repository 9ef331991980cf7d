import fc from 'fast-check';

import { permute } from '../../engine/permutation';

const isPermutation = (places: Int32Array): boolean => {
  const seen = new Uint8Array(places.length);
  for (const place of places) seen[place]! += 1;
  return seen.every((count) => count === 1);
};

describe('permute', () => {
  it('is a bijection of 0 … count − 1 for any key and count', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5000 }),
        fc.nat(),
        fc.nat(),
        fc.integer(),
        (count, step, seedLow, seedHigh) =>
          isPermutation(permute(count, step, 0, 0, seedLow, seedHigh)),
      ),
      { numRuns: 200 },
    );
    for (const count of [0, 1, 2, 255, 256, 257, 65_535, 65_536, 65_537]) {
      expect(isPermutation(permute(count, 0, 0, 0, 1, 2))).toBe(true);
    }
  });

  it('reaches all orders of four rows equally often', () => {
    const counts = new Map<string, number>();
    const keys = 24_000;
    for (let seed = 0; seed < keys; seed += 1) {
      const order = permute(4, 0, 0, 0, seed, 0).join();
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    const expected = keys / 24;
    const chiSquare = [...counts.values()].reduce(
      (sum, n) => sum + (n - expected) ** 2 / expected,
      0,
    );
    // 0.999 quantile with 23 degrees of freedom
    expect(chiSquare).toBeLessThan(49.73);
  });

  it('sends neighbours to places that are not correlated', () => {
    const count = 20_000;
    const places = permute(count, 0, 0, 0, 42, 0);
    const middle = (count - 1) / 2;
    let product = 0;
    for (let row = 1; row < count; row += 1)
      product += (places[row]! - middle) * (places[row - 1]! - middle);
    const correlation = product / ((count * (count * count - 1)) / 12);
    expect(Math.abs(correlation)).toBeLessThan(4 / Math.sqrt(count));
  });
});
