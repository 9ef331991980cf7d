import fc from 'fast-check';

import { philox, scaleWord } from '../../engine/philox';

const encrypt = (counter: number[], key: number[]): number[] => {
  const words = new Int32Array(4);
  const [c0, c1, c2, c3] = counter as [number, number, number, number];
  const [k0, k1] = key as [number, number];
  philox(c0, c1, c2, c3, k0, k1, words);
  return [...words].map((word) => word >>> 0);
};

/** Written from the paper's figure, with exact integers of any size. */
function encryptExactly(counter: number[], key: number[]): number[] {
  const mask = (1n << 32n) - 1n;
  let [a, b, c, d] = counter.map(BigInt) as [bigint, bigint, bigint, bigint];
  let [keyA, keyB] = key.map(BigInt) as [bigint, bigint];
  for (let round = 0; round < 10; round += 1) {
    const first = 0xd2511f53n * a;
    const second = 0xcd9e8d57n * c;
    [a, b, c, d] = [
      (second >> 32n) ^ b ^ keyA,
      second & mask,
      (first >> 32n) ^ d ^ keyB,
      first & mask,
    ];
    keyA = (keyA + 0x9e3779b9n) & mask;
    keyB = (keyB + 0xbb67ae85n) & mask;
  }
  return [a, b, c, d].map(Number);
}

const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });

describe('philox', () => {
  // kat_vectors of Random123, D. E. Shaw Research, philox4x32 with ten rounds.
  it.each([
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ])('gives the published answer to counter %p and key %p', (counter, key, expected) => {
    expect(encrypt(counter, key)).toEqual(expected);
  });

  it('equals exact integer arithmetic', () => {
    fc.assert(
      fc.property(fc.tuple(word, word, word, word), fc.tuple(word, word), (counter, key) => {
        expect(encrypt(counter, key)).toEqual(encryptExactly(counter, key));
      }),
      { numRuns: 500 },
    );
  });
});

describe('scaleWord', () => {
  it('is the upper half of the product', () => {
    fc.assert(
      fc.property(word, fc.integer({ min: 1, max: 2 ** 31 - 1 }), (value, bound) => {
        expect(scaleWord(value | 0, bound)).toBe(Number((BigInt(value) * BigInt(bound)) >> 32n));
      }),
      { numRuns: 500 },
    );
  });
});
