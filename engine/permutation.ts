import { philox } from './philox';

// Taken out of Math once: under jest every look at a global costs a call.
const { imul } = Math;

const rounds = 8;
/** Half the bits of the smallest domain: below it a Feistel network reaches too few permutations. */
const leastHalf = 4;

/**
 * A keyed permutation of 0 … count − 1: a balanced Feistel network (Luby and Rackoff, SIAM J. Comput.
 * 17, 1988) on the next power of four, its round keys eight words of Philox; values that land outside
 * are sent through it again ("cycle walking": Black and Rogaway, CT-RSA 2002).
 * @param stream counter words 2 and 3 of the two blocks of round keys: the second adds one to `draw`
 */
export function permute(
  count: number,
  step: number,
  stream: number,
  draw: number,
  seedLow: number,
  seedHigh: number,
): Int32Array {
  const keys = new Int32Array(rounds);
  philox(0, step, stream, draw, seedLow, seedHigh, keys.subarray(0, 4));
  philox(0, step, stream, draw + 1, seedLow, seedHigh, keys.subarray(4, 8));
  const bits = 32 - Math.clz32(Math.max(count - 1, 1));
  const half = Math.max(leastHalf, (bits + 1) >> 1);
  const mask = 2 ** half - 1;
  const places = new Int32Array(count);
  for (let row = 0; row < count; row += 1) {
    let place = row;
    do {
      let left = place >>> half;
      let right = place & mask;
      for (let key = 0; key < rounds; key += 1) {
        const next = left ^ (mix(right ^ keys[key]!) & mask);
        left = right;
        right = next;
      }
      place = ((left << half) | right) >>> 0;
    } while (place >= count);
    places[row] = place;
  }
  return places;
}

/** The finaliser of MurmurHash3 (Appleby): every bit of the result depends on every bit given. */
function mix(word: number): number {
  let h = word;
  h = imul(h ^ (h >>> 16), 0x85ebca6b);
  h = imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
