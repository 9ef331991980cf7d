/**
 * Philox4x32-10, a keyed bijection of 128-bit counters and the source of all randomness here:
 * Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
 */

// Taken out of Math once: under jest every look at a global costs a call.
const { imul } = Math;

/** The two multipliers, 0xd2511f53 and 0xcd9e8d57, and their halves for products of 16 × 16 bits. */
const multiplierA = 0xd2511f53 | 0;
const highA = 0xd251;
const lowA = 0x1f53;
const multiplierB = 0xcd9e8d57 | 0;
const highB = 0xcd9e;
const lowB = 0x8d57;
/** What is added to the key after each round. */
const weylA = 0x9e3779b9 | 0;
const weylB = 0xbb67ae85 | 0;
const rounds = 10;

/**
 * Encrypts one counter; all words are int32 and are taken for uint32.
 * @param words the four words of the result are written here
 */
export function philox(
  counter0: number,
  counter1: number,
  counter2: number,
  counter3: number,
  key0: number,
  key1: number,
  words: Int32Array,
): void {
  let a = counter0 | 0;
  let b = counter1 | 0;
  let c = counter2 | 0;
  let d = counter3 | 0;
  let keyA = key0 | 0;
  let keyB = key1 | 0;
  // The high words are written out in line: as calls of a function they take twice the time.
  for (let count = 0; count < rounds; count += 1) {
    let low = a & 0xffff;
    let high = a >>> 16;
    let middle = (imul(lowA, high) + (imul(lowA, low) >>> 16)) | 0;
    let carry = ((middle & 0xffff) + imul(highA, low)) | 0;
    const upperA = (imul(highA, high) + (middle >>> 16) + (carry >>> 16)) | 0;
    const lowerA = imul(multiplierA, a);

    low = c & 0xffff;
    high = c >>> 16;
    middle = (imul(lowB, high) + (imul(lowB, low) >>> 16)) | 0;
    carry = ((middle & 0xffff) + imul(highB, low)) | 0;
    const upperB = (imul(highB, high) + (middle >>> 16) + (carry >>> 16)) | 0;
    const lowerB = imul(multiplierB, c);

    a = upperB ^ b ^ keyA;
    b = lowerB;
    c = upperA ^ d ^ keyB;
    d = lowerA;
    keyA = (keyA + weylA) | 0;
    keyB = (keyB + weylB) | 0;
  }
  words[0] = a;
  words[1] = b;
  words[2] = c;
  words[3] = d;
}

/** floor(word · bound / 2^32) for a word taken for a uint32 and 0 < bound < 2^31. */
export function scaleWord(word: number, bound: number): number {
  const wordLow = word & 0xffff;
  const wordHigh = word >>> 16;
  const boundLow = bound & 0xffff;
  const boundHigh = bound >>> 16;
  const middle = (imul(boundLow, wordHigh) + (imul(boundLow, wordLow) >>> 16)) | 0;
  const carry = ((middle & 0xffff) + imul(boundHigh, wordLow)) | 0;
  return (imul(boundHigh, wordHigh) + (middle >>> 16) + (carry >>> 16)) | 0;
}
