import * as tf from '@tensorflow/tfjs';

import { compile } from '../../../engine/compile/compile';
import { describeNative, freeGiven, take } from './compare';

const { abs, exp, floor, log1p, log2, max } = Math;

interface Accuracy {
  readonly compute: (x: tf.Tensor) => tf.Tensor;
  readonly reference: (x: number) => number;
  /** Largest error, in units of the last place of the true value, over every number that is not left out. */
  readonly bound: number;
  readonly isLeftOut?: (x: number) => boolean;
  /** Whether the true value comes close to zero for large x, where the absolute error is what counts. */
  readonly isPeriodic?: boolean;
}

/** Bounds as measured, rounded up; what a change makes worse shows here. */
const functions: Readonly<Record<string, Accuracy>> = {
  exp: { compute: tf.exp, reference: exp, bound: 1 },
  log: { compute: tf.log, reference: Math.log, bound: 0.8 },
  sin: { compute: tf.sin, reference: Math.sin, bound: 1.6, isPeriodic: true },
  cos: { compute: tf.cos, reference: Math.cos, bound: 1.6, isPeriodic: true },
  tanh: { compute: tf.tanh, reference: Math.tanh, bound: 4 },
  log1p: { compute: tf.log1p, reference: log1p, bound: 2.5 },
  expm1: { compute: tf.expm1, reference: Math.expm1, bound: 2 },
  sigmoid: {
    compute: tf.sigmoid,
    reference: (x) => (x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x))),
    bound: 2.2,
    // 1 + exp(88.8) is infinite: 0 in place of a subnormal number.
    isLeftOut: (x) => x < -88.7 && x > -104,
  },
  softplus: {
    compute: tf.softplus,
    reference: (x) => (x > 30 ? x + exp(-x) : log1p(exp(x))),
    bound: 2.6,
  },
};

/** The numbers of both signs whose bits are multiples of `step`, and those around the edges. */
function grid(step: number): Float32Array {
  // Zero, infinity, NaN, the smallest and largest subnormal and normal numbers.
  const bits = [0, 0x7f800000, 0x7fc00000, 1, 2, 0x007fffff, 0x00800000, 0x00800001, 0x7f7fffff];
  for (let word = 0; word < 0x7f800000; word += step) bits.push(word);
  const edges = [0.5, 1, Math.LN2, Math.PI, Math.PI / 2, 8, 88, 88.72283, 89, 103.9, 104, 8192];
  const near = new Int32Array(Float32Array.from(edges).buffer);
  for (const word of near) for (let away = -3; away <= 3; away += 1) bits.push(word + away);
  const words = Int32Array.from(bits.flatMap((word) => [word, word | 0x80000000]));
  return new Float32Array(words.buffer);
}

/** The distance of two neighbouring float32 numbers at x. */
const unitAt = (x: number): number => 2 ** max(-149, floor(log2(abs(x))) - 23);

describeNative('elementary functions', () => {
  let numbers: Float32Array;
  let results: Record<string, ArrayLike<number>>;

  const program = compile(
    ({ rows }: { rows: { x: tf.Tensor } }) =>
      Object.fromEntries(
        Object.entries(functions).map(([name, { compute }]) => [name, compute(rows.x)]),
      ),
    { name: 'elementary functions' },
  );

  beforeAll(() => {
    numbers = grid(12_289);
    const given = { rows: { x: tf.tensor1d(numbers) } };
    const plain = take(program(given));
    results = Object.fromEntries(Object.entries(plain).map(([name, { values }]) => [name, values]));
    freeGiven(given);
  });

  it.each(Object.keys(functions))('%s is within its bound of the true value', (name) => {
    const { reference, bound, isLeftOut, isPeriodic } = functions[name]!;
    const values = results[name]!;
    const wrong: string[] = [];
    let worst = 0;
    for (let place = 0; place < numbers.length; place += 1) {
      const x = numbers[place]!;
      if (isLeftOut?.(x)) continue;
      const truth = reference(x);
      const rounded = Math.fround(truth);
      const y = values[place]!;
      if (y === rounded || (Number.isNaN(y) && Number.isNaN(rounded))) continue;
      if (!Number.isFinite(rounded) || !Number.isFinite(y))
        wrong.push(`${x}: ${y}, not ${rounded}`);
      else {
        const least = isPeriodic && abs(x) > 1 ? 2 ** -34 : 0;
        worst = max(worst, abs(y - truth) / max(least, unitAt(truth)));
      }
    }
    expect(wrong.slice(0, 5)).toEqual([]);
    expect(worst).toBeLessThan(bound);
    // A bound that is far too generous would hide a loss of accuracy.
    expect(worst).toBeGreaterThan(bound / 2);
  });

  it.each(['sin', 'tanh', 'expm1', 'log1p'])('%s keeps the sign of zero', (name) => {
    const at = (zero: number) => numbers.findIndex((x) => Object.is(x, zero));
    expect(results[name]![at(0)]).toBe(0);
    expect(results[name]![at(-0)]).toBe(-0);
  });

  it.each([
    ['exp', [1, Infinity, 0, NaN]],
    ['log', [-Infinity, Infinity, NaN, NaN]],
    ['log1p', [0, Infinity, NaN, NaN]],
    ['expm1', [0, Infinity, -1, NaN]],
    ['tanh', [0, 1, -1, NaN]],
    ['sigmoid', [0.5, 1, 0, NaN]],
    ['softplus', [Math.fround(Math.LN2), Infinity, 0, NaN]],
    ['sin', [0, NaN, NaN, NaN]],
    ['cos', [1, NaN, NaN, NaN]],
  ] as const)('%s of 0, ∞, −∞ and NaN', (name, expected) => {
    const values = [0, Infinity, -Infinity, NaN].map(
      (x) => results[name]![numbers.findIndex((y) => Object.is(x, y))],
    );
    // To the last digit but where a processor has no fused multiply–add.
    expect(values).toEqual(
      expected.map((x) => (x === 0 || !Number.isFinite(x) ? x : expect.closeTo(x, 6))),
    );
  });

  it('has the same bits for a parameter as for rows, and wherever a row stands', () => {
    const some = grid(1_048_583);
    const parametric = compile(
      ({ parameters, rows }: { parameters: { x: tf.Tensor }; rows: { y: tf.Tensor } }) =>
        Object.fromEntries(
          Object.entries(functions).flatMap(([name, { compute }]) => [
            [name, compute(parameters.x)],
            [`${name} of rows`, compute(rows.y)],
            [`${name} of wide rows`, compute(tf.tile(tf.expandDims(rows.y, 1), [1, 17]))],
          ]),
        ),
      { name: 'elementary functions of a parameter' },
    );
    // The rows begin elsewhere in their vectors, and the last of them are no full vector.
    const offset = 5;
    const shifted = some.subarray(offset);
    const given = { parameters: { x: tf.tensor1d(some) }, rows: { y: tf.tensor1d(shifted) } };
    const plain = take(parametric(given));
    const bitsOf = (values: ArrayLike<number>) => new Int32Array(Float32Array.from(values).buffer);
    for (const name of Object.keys(functions)) {
      const scalar = bitsOf(plain[name]!.values);
      const rows = bitsOf(plain[`${name} of rows`]!.values);
      const wide = bitsOf(plain[`${name} of wide rows`]!.values);
      const differ: number[] = [];
      for (let row = 0; row < shifted.length; row += 1) {
        if (Number.isNaN(plain[name]!.values[row + offset])) continue;
        const isSame =
          rows[row] === scalar[row + offset] && wide[row * 17 + 16] === scalar[row + offset];
        if (!isSame) differ.push(shifted[row]!);
      }
      expect([name, differ.slice(0, 3)]).toEqual([name, []]);
    }
    freeGiven(given);
  });
});
