import { InputError } from '../../../engine/input-error';

/** Numbers by two 32-bit keys and a column. */
export interface ValueTable {
  /** @returns NaN where nothing is known */
  get(first: number, second: number, column: number): number;
  /** For what is not yet there. */
  add(first: number, second: number, column: number, value: number): void;
  size(): number;
  /** Memory held. */
  bytes(): number;
}

/** Of float64 numbers: 0.8 gigabytes. */
const most = 100_000_000;

/** Games are many and often small. */
const fewestSlots = 16;

/** Here and in the search no global is looked up: test runners make that slow. */
const { imul } = Math;

/**
 * An open hash table of rows, with linear probing, in typed arrays: a Map holds 16 million entries at
 * most, at five times the memory. What is asked for together should share a row, which memory serves
 * in one go.
 * @param width columns of a row
 */
export function createValueTable(width: number): ValueTable {
  let firsts = new Int32Array(fewestSlots);
  let seconds = new Int32Array(fewestSlots);
  /** From 1; 0: the slot is free. */
  let rows = new Int32Array(fewestSlots);
  let mask = fewestSlots - 1;
  let rowCount = 0;
  let values = new Float64Array(width).fill(NaN);
  let size = 0;

  const slotOf = (first: number, second: number): number => {
    let slot = imul(first, 0x9e3779b1) ^ imul(second, 0x85ebca6b);
    slot = (slot ^ (slot >>> 15)) & mask;
    while (rows[slot] !== 0 && (firsts[slot] !== first || seconds[slot] !== second)) {
      slot = (slot + 1) & mask;
    }
    return slot;
  };

  const put = (first: number, second: number, row: number) => {
    const slot = slotOf(first, second);
    firsts[slot] = first;
    seconds[slot] = second;
    rows[slot] = row;
  };

  const growSlots = () => {
    const old = { firsts, seconds, rows };
    const capacity = 2 * (mask + 1);
    firsts = new Int32Array(capacity);
    seconds = new Int32Array(capacity);
    rows = new Int32Array(capacity);
    mask = capacity - 1;
    old.rows.forEach((row, slot) => {
      if (row !== 0) put(old.firsts[slot]!, old.seconds[slot]!, row);
    });
  };

  const growValues = () => {
    if (values.length >= most) {
      throw new InputError(
        `more than ${size} states; expected fewer periods or stops, less maxShort, budget or recovery`,
      );
    }
    const old = values;
    values = new Float64Array(2 * old.length);
    values.set(old);
    values.fill(NaN, old.length);
  };

  return {
    get(first, second, column) {
      const row = rows[slotOf(first, second)]!;
      return row === 0 ? NaN : values[(row - 1) * width + column]!;
    },
    add(first, second, column, value) {
      let row = rows[slotOf(first, second)]!;
      if (row === 0) {
        if (rowCount >= 0.5 * mask) growSlots();
        if (rowCount * width === values.length) growValues();
        rowCount += 1;
        row = rowCount;
        put(first, second, row);
      }
      values[(row - 1) * width + column] = value;
      size += 1;
    },
    size: () => size,
    bytes: () => 3 * firsts.byteLength + values.byteLength,
  };
}
