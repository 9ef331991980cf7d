import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';

import { startDevice } from '../../engine/device';

afterAll(() => startDevice('cpu'));

const special = [NaN, Infinity, -Infinity, 0, -0, 1e-38, 3e38];

/** Reproducible values in [-6, 6], with special ones among them where asked for. */
function values(size: number, salt: number, withSpecial = false): Float32Array {
  let state = salt * 7919 + 1;
  return Float32Array.from({ length: size }, () => {
    state = (state * 48_271) % 2_147_483_647;
    if (withSpecial && state % 5 === 0) return special[state % special.length]!;
    return (state / 2_147_483_647) * 12 - 6;
  });
}

/** The same work on cpu and on wasm. */
async function both(work: () => tf.Tensor | tf.Tensor[]): Promise<[Result, Result]> {
  return [await on('cpu', work), await on('wasm', work)];
}

type Result = { shape: number[]; dtype: string; values: number[] }[];

async function on(device: 'cpu' | 'wasm', work: () => tf.Tensor | tf.Tensor[]): Promise<Result> {
  await startDevice(device);
  const before = tf.memory().numTensors;
  const result = tf.tidy(
    () =>
      [work()].flat().map((tensor) => ({
        shape: tensor.shape,
        dtype: tensor.dtype,
        // Minus zero is zero.
        values: Array.from(tensor.dataSync(), (value) => value + 0),
      })) as unknown as void,
  ) as unknown as Result;
  expect(tf.memory().numTensors).toBe(before);
  return result;
}

async function expectClose(work: () => tf.Tensor, relative: number): Promise<void> {
  const [[cpu], [wasm]] = (await both(work)) as [Result, Result];
  expect(wasm!.shape).toEqual(cpu!.shape);
  let worst = 0;
  cpu!.values.forEach((value, index) => {
    const other = wasm!.values[index]!;
    if (Object.is(value, other) || value === other) return;
    const error = Math.abs(value - other) / Math.max(Math.abs(value), 1e-30);
    // What is not a number on one side only, or infinite on one side only, is an error beyond all.
    worst = Math.max(worst, Number.isNaN(error) ? Infinity : error);
  });
  expect(worst).toBeLessThanOrEqual(relative);
}

const range = (from: number, to: number): Float32Array =>
  Float32Array.from({ length: 2001 }, (_, index) => from + ((to - from) * index) / 2000);

const size = fc.integer({ min: 1, max: 9 });
const runs = { numRuns: 20 };

describe('kernels of wasm that are replaced equal those of cpu', () => {
  it('tanh, to two units in the last place, with NaN and the infinities', async () => {
    await expectClose(() => tf.tanh(tf.tensor1d(values(5000, 1, true))), 2.5e-7);
    await expectClose(() => tf.tanh(tf.tensor1d(range(-12, 12))), 2.5e-7);
    await expectClose(() => tf.tanh(tf.tensor1d(range(-1e-4, 1e-4))), 2.5e-7);
  });

  it('a cast to bool, which is true of all but zero', async () => {
    for (const dtype of ['float32', 'int32'] as const) {
      const numbers = dtype === 'float32' ? [...special, 0.3, 256, 1] : [0, 1, 256, -3];
      const [cpu, wasm] = await both(() => tf.cast(tf.tensor1d(numbers, dtype), 'bool'));
      expect(wasm).toEqual(cpu);
    }
  });

  it.each(['bool', 'int32', 'float32'] as const)(
    'choice, reversal and strided slices of %s, and they leave other memory alone',
    async (dtype) => {
      const given = (salt: number, shape: number[], as: tf.DataType = dtype) =>
        tf.cast(tf.greater(tf.tensor(values(tf.util.sizeFromShape(shape), salt), shape), 0), as);
      // Of words in place of bytes, 10,000 elements would run over the tensors that come after them.
      for (const shape of [[10_000], [1_000, 10]]) {
        const [cpu, wasm] = await both(() => {
          const [yes, no] = [given(1, shape), given(2, shape)];
          const neighbours = [5, 6, 7].map((salt) => tf.tensor1d(values(10_000, salt)));
          const results = [
            tf.where(given(3, shape, 'bool'), yes, no),
            tf.reverse(yes, shape.length - 1),
            tf.reverse(no, 0),
            tf.stridedSlice(
              yes,
              shape.map(() => 1),
              shape,
              shape.map(() => 2),
            ),
          ];
          return [...results, ...neighbours, tf.tensor1d(values(10_000, 8))];
        });
        expect(wasm).toEqual(cpu);
      }
    },
  );

  it('matrix products in all four transpositions', () =>
    fc.assert(
      fc.asyncProperty(
        size,
        size,
        size,
        fc.boolean(),
        fc.boolean(),
        async (m, k, n, left, right) => {
          // Small integers: exact, so that the order of the additions does not matter.
          const integers = (rows: number, columns: number, salt: number) =>
            tf.round(tf.tensor2d(values(rows * columns, salt), [rows, columns])) as tf.Tensor2D;
          const work = () =>
            tf.matMul(
              left ? integers(k, m, 1) : integers(m, k, 1),
              right ? integers(n, k, 2) : integers(k, n, 2),
              left,
              right,
            );
          const [cpu, wasm] = await both(work);
          expect(wasm).toEqual(cpu);
        },
      ),
      runs,
    ));

  it.each([
    ['sum', tf.sum],
    ['mean', tf.mean],
  ])('%s over every choice of axes', async (_, reduce) => {
    for (const axis of [[0], [0, 1], [1], [2], [1, 2], [0, 2], [0, 1, 2]]) {
      for (const keepDims of [false, true]) {
        const work = () => reduce(tf.tensor3d(values(7 * 5 * 3, 4), [7, 5, 3]), axis, keepDims);
        await expectClose(work, 1e-5);
      }
    }
    // NaN and infinities, which a sum must hand on.
    await expectClose(
      () =>
        reduce(
          tf.tensor2d([
            [NaN, Infinity, 1],
            [0, 1, -1],
          ]),
          0,
        ),
      1e-6,
    );
  });

  it.each([
    ['sum', tf.sum],
    ['mean', tf.mean],
  ])('%s of a million numbers far from zero keeps its digits', async (_, reduce) => {
    const far = Float32Array.from(values(2 ** 20, 5), (value) => 1000 + value);
    await expectClose(() => reduce(tf.tensor1d(far)), 1e-7);
  });

  it('concatenation and stacking, and their inverses', () =>
    fc.assert(
      fc.asyncProperty(
        size,
        size,
        fc.integer({ min: 0, max: 2 }),
        fc.constantFrom('float32', 'int32', 'bool'),
        async (rows, columns, axis, dtype) => {
          const matrix = (salt: number) =>
            tf.cast(
              tf.tensor2d(values(rows * columns, salt, dtype === 'float32'), [rows, columns]),
              dtype as 'float32',
            );
          for (const work of [
            () => tf.concat([matrix(1), matrix(2), matrix(3)], Math.min(axis, 1)),
            () => tf.stack([matrix(1), matrix(2)], axis),
            () => tf.unstack(matrix(5), Math.min(axis, 1)),
            () => tf.slice(matrix(6), [0, columns - 1], [-1, 1]),
            () => tf.slice(matrix(6), [rows - 1, 0], [1, -1]),
            () => tf.slice(matrix(6), [rows - 1], [1]),
            () => tf.tile(matrix(7), axis === 0 ? [1, 3] : [2, 1]),
            () => tf.tile(matrix(7), [2, 2]),
          ]) {
            const [cpu, wasm] = await both(work);
            expect(wasm).toEqual(cpu);
          }
        },
      ),
      runs,
    ));

  it('concatenation of unequal widths, some of them empty', async () => {
    const work = () =>
      tf.concat(
        [tf.tensor2d(values(4, 1), [4, 1]), tf.zeros([4, 0]), tf.tensor2d(values(12, 2), [4, 3])],
        1,
      );
    const [cpu, wasm] = await both(work);
    expect(wasm).toEqual(cpu);
  });

  it('gathering of rows, and it refuses a row that is not there', async () => {
    for (const shape of [[6], [6, 3], [6, 2, 2]]) {
      const x = () => tf.tensor(values(tf.util.sizeFromShape(shape), 3, true), shape);
      const [cpu, wasm] = await both(() => tf.gather(x(), tf.tensor1d([5, 0, 0, 3], 'int32')));
      expect(wasm).toEqual(cpu);
    }
    await startDevice('wasm');
    tf.tidy(() => {
      const x = tf.zeros([3, 2]);
      expect(() => tf.gather(x, tf.tensor1d([3], 'int32'))).toThrow(RangeError);
      expect(() => tf.gather(x, tf.tensor1d([-1], 'int32'))).toThrow(RangeError);
    });
  });

  it.each([
    ['less', tf.less],
    ['lessEqual', tf.lessEqual],
    ['greater', tf.greater],
    ['greaterEqual', tf.greaterEqual],
    ['equal', tf.equal],
    ['notEqual', tf.notEqual],
    ['minimum', tf.minimum],
    ['maximum', tf.maximum],
  ])('%s of a matrix with a column, on either side', async (_, compare) => {
    const matrix = () => tf.round(tf.tensor2d(values(28, 1), [7, 4]));
    const column = () => tf.round(tf.tensor2d(values(7, 2), [7, 1]));
    const row = () => tf.round(tf.tensor1d(values(4, 3)));
    for (const work of [
      () => compare(matrix(), column()),
      () => compare(column(), matrix()),
      () => compare(matrix(), row()),
      () => compare(column(), row()),
      () => compare(matrix(), matrix()),
    ]) {
      const [cpu, wasm] = await both(work);
      expect(wasm).toEqual(cpu);
    }
  });

  it('gradients through them', async () => {
    const work = () =>
      tf.grad((x: tf.Tensor) =>
        tf.sum(
          tf.mul(
            tf.tanh(tf.matMul(x as tf.Tensor2D, tf.tensor2d(values(12, 2), [3, 4]))),
            tf.tensor1d([1, 2, 3, 4]),
          ),
        ),
      )(tf.mul(tf.tensor2d(values(15, 9), [5, 3]), 0.03));
    await expectClose(work, 1e-4);
  });
});

describe('gradients through a comparison', () => {
  it.each([
    ['greater', tf.greater],
    ['less', tf.less],
    ['lessEqual', tf.lessEqual],
    ['equal', tf.equal],
    ['notEqual', tf.notEqual],
  ])('%s passes none on', async (_, compare) => {
    await startDevice('cpu');
    tf.tidy(() => {
      const slope = tf.grad((x: tf.Tensor) => tf.where(compare(x, 0), tf.mul(x, 3), tf.mul(x, 5)));
      const expected = (Array.from(compare(tf.tensor1d([-1, 0, 2]), 0).dataSync()) as number[]).map(
        (holds) => (holds ? 3 : 5),
      );
      expect(Array.from(slope(tf.tensor1d([-1, 0, 2])).dataSync())).toEqual(expected);
    });
  });
});
