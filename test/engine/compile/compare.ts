import * as tf from '@tensorflow/tfjs';

import { compile, type CompiledArguments } from '../../../engine/compile/compile';
import { findCompiler, setThreads } from '../../../engine/compile/run/native';
import { startDevice } from '../../../engine/device';
import { disposeTree, leavesOf, type TensorTree } from '../../../engine/tensors';

// A program of dozens of cases takes a compiler five seconds, and a machine that does other work ten times that.
jest.setTimeout(300_000);

const found = findCompiler();

/** Tests of compiled programs; where no C compiler works they are skipped, and their title says why. */
export function describeNative(title: string, tests: () => void): void {
  if ('reason' in found) {
    describe.skip(`${title} (skipped: ${found.reason})`, tests);
    return;
  }
  describe(title, () => {
    beforeAll(async () => {
      await startDevice('native');
    });
    tests();
  });
}

/** mulberry32: the same numbers in every run. @returns numbers in [0, 1) */
export function createNumbers(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let word = imul(state ^ (state >>> 15), 1 | state);
    word = (word + imul(word ^ (word >>> 7), 61 | word)) ^ word;
    return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32;
  };
}

// Within jest a global is slow to look up.
const { abs, floor, imul, max } = Math;
const { isFinite } = Number;
const { is } = Object;

const sizeOf = (shape: readonly number[]): number => shape.reduce((size, one) => size * one, 1);

/** Random tensors of given shapes. */
export function createTensors(seed: number) {
  const next = createNumbers(seed);
  const fill = <Numbers extends Float32Array | Int32Array | Uint8Array>(
    numbers: Numbers,
    make: () => number,
  ): Numbers => numbers.map(make) as Numbers;
  return {
    /** Uniform in [low, high). */
    float: (shape: number[], low = -2, high = 2): tf.Tensor =>
      tf.tensor(
        fill(new Float32Array(sizeOf(shape)), () => low + (high - low) * next()),
        shape,
      ),
    /** low … high − 1 */
    int: (shape: number[], low = -5, high = 6): tf.Tensor =>
      tf.tensor(
        fill(new Int32Array(sizeOf(shape)), () => low + floor((high - low) * next())),
        shape,
        'int32',
      ),
    bool: (shape: number[]): tf.Tensor =>
      tf.tensor(
        fill(new Uint8Array(sizeOf(shape)), () => (next() < 0.5 ? 1 : 0)),
        shape,
        'bool',
      ),
  };
}

/** Numbers of a tensor, its type and its shape, on the host. */
export interface Plain {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly values: ArrayLike<number>;
}

/** Reads a tree of tensors and frees it. */
export function take(tree: Record<string, tf.Tensor>): Record<string, Plain> {
  const plain = Object.fromEntries(
    Object.entries(tree).map(([name, tensor]) => [
      name,
      { dtype: tensor.dtype, shape: tensor.shape, values: tensor.dataSync().slice() },
    ]),
  );
  disposeTree(tree);
  return plain;
}

/** Work on TensorFlow.js's own `cpu` kernels. */
export function onCpu<Result>(work: () => Result): Result {
  const before = tf.getBackend();
  void tf.setBackend('cpu');
  try {
    return work();
  } finally {
    void tf.setBackend(before);
  }
}

/** How far numbers may be apart. */
export interface Tolerance {
  /** Multiple of the larger of the expected number and `scale` · the largest expected one of its tensor. */
  readonly relative: number;
  readonly scale: number;
  /** Numbers below it count as if they were so large. Default 0. */
  readonly least?: number;
}

export const rounding: Tolerance = { relative: 1e-5, scale: 1 };
export const exact: Tolerance = { relative: 0, scale: 0 };

/** Where two tensors disagree first, in words; null if they agree. */
export function difference(
  actual: Plain,
  expected: Plain,
  { relative, scale, least = 0 }: Tolerance,
): string | null {
  if (actual.dtype !== expected.dtype) return `${actual.dtype} instead of ${expected.dtype}`;
  if (actual.shape.join() !== expected.shape.join()) {
    return `shape [${actual.shape}] instead of [${expected.shape}]`;
  }
  if (actual.values.length !== expected.values.length) {
    return `${actual.values.length} numbers instead of ${expected.values.length}`;
  }
  const { length } = expected.values;
  let most = 0;
  for (let place = 0; place < length; place += 1) {
    const size = abs(expected.values[place]!);
    if (size > most && isFinite(size)) most = size;
  }
  for (let place = 0; place < length; place += 1) {
    const a = actual.values[place]!;
    const b = expected.values[place]!;
    if (a === b || is(a, b)) continue;
    const bound = relative * max(abs(b), scale * most, least);
    if (!(isFinite(a) && isFinite(b) && abs(a - b) <= bound)) {
      return `${a} instead of ${b} at ${place} of [${expected.shape}]`;
    }
  }
  return null;
}

/** Fails with every tensor that differs, not the first alone. */
export function expectAgreement(
  actual: Record<string, Plain>,
  expected: Record<string, Plain>,
  tolerance: Tolerance = rounding,
): void {
  const differences = Object.keys(expected).flatMap((name) => {
    const text = difference(actual[name]!, expected[name]!, tolerance);
    return text === null ? [] : [`${name}: ${text}`];
  });
  expect(differences).toEqual([]);
}

/** Named computations of the same inputs, compiled as one program. */
export type Cases<Given> = Readonly<Record<string, (given: Given) => tf.Tensor>>;

/**
 * Compiles all cases as one program and compares it with the same cases one by one on device `cpu`, at
 * several batch sizes. The program must have been recorded for all of them at once: a new size must
 * not record again.
 */
export function expectCases<Given extends CompiledArguments>(
  name: string,
  cases: Cases<Given>,
  make: (rows: number) => Given,
  {
    sizes = [1, 7, 193, 4097],
    tolerance = rounding,
  }: { readonly sizes?: readonly number[]; readonly tolerance?: Tolerance } = {},
): void {
  let recorded = 0;
  // Clones, as a case may return what it is given.
  const compute = (given: Given): Record<string, tf.Tensor> =>
    Object.fromEntries(Object.entries(cases).map(([one, work]) => [one, tf.clone(work(given))]));
  const program = compile(
    (given: Given) => {
      recorded += 1;
      return compute(given) as TensorTree;
    },
    { name },
  );
  for (const rows of sizes) {
    const given = make(rows);
    const before = tf.memory().numTensors;
    let actual: Record<string, Plain>;
    try {
      actual = take(program(given) as Record<string, tf.Tensor>);
    } catch (error) {
      throw new Error(failures(name, cases, given).join('\n') || (error as Error).message, {
        cause: error,
      });
    }
    expect(tf.memory().numTensors).toBe(before);
    const expected = onCpu(() =>
      take(tf.tidy(() => compute(given) as unknown as tf.Tensor) as never),
    );
    try {
      expectAgreement(actual, expected, tolerance);
    } catch (error) {
      (error as Error).message = `${rows} rows: ${(error as Error).message}`;
      throw error;
    }
    if (rows === sizes.at(-1)) {
      // Once more and shared among threads: the same to the bit.
      setThreads(3);
      try {
        const again = take(program(given) as Record<string, tf.Tensor>);
        expectAgreement(again, actual, exact);
      } finally {
        setThreads(null);
      }
    }
    freeGiven(given);
  }
  expect(recorded).toBe(2);
}

/** The cases that do not compile by themselves, with the reason. */
function failures<Given extends CompiledArguments>(
  name: string,
  cases: Cases<Given>,
  given: Given,
): string[] {
  return Object.entries(cases).flatMap(([one, work]) => {
    try {
      disposeTree(compile(work, { name: `${name}, ${one}` })(given));
      return [];
    } catch (error) {
      return [`${one}: ${(error as Error).message}`];
    }
  });
}

/** Frees the tensors of arguments. */
export function freeGiven({ rows, series, parameters }: CompiledArguments): void {
  for (const tree of [rows, series, parameters]) if (tree) disposeTree(tree);
}

/** Copies of the tensors of a tree as plain numbers, in the order of its leaves. */
export const plainLeaves = (tree: TensorTree): Plain[] =>
  leavesOf(tree).map((tensor) => ({
    dtype: tensor.dtype,
    shape: tensor.shape,
    values: tensor.dataSync().slice(),
  }));
