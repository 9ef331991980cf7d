import * as tf from '@tensorflow/tfjs';

import { inverseNormal } from './inverse-normal';
import { permute } from './permutation';
import { philox, scaleWord } from './philox';

/** What the words of the generator are turned into. */
export type DrawKind = 'uniform' | 'normal' | 'integer';

interface DrawInputs {
  /** [3] int32: low and high word of the seed, phase. */
  readonly words: tf.TensorInfo;
  /** [B] int32 */
  readonly row: tf.TensorInfo;
  /** [] or [B] int32 */
  readonly step: tf.TensorInfo;
}

export interface DrawAttributes {
  readonly kind: DrawKind;
  readonly use: number;
  readonly draw: number;
  /** Numbers a row. */
  readonly count: number;
  /** Which word of the first block is the first number; above 0 only with a count of one. */
  readonly word: number;
  /** Whether the result is [B] rather than [B, count]; only with a count of one. */
  readonly flat: boolean;
  /** Kind `integer`: results are below it. */
  readonly bound: number;
}

interface PermutationInputs extends Omit<DrawInputs, 'row'> {
  /** [] int32 */
  readonly draw?: tf.TensorInfo;
}

export interface PermutationAttributes {
  readonly use: number;
  /** Added to the input `draw`, if there is one. */
  readonly draw: number;
  readonly count: number;
}

/** Names of the kernels, which `registerRandomKernels` makes known to a backend. */
export const kernelNames = {
  draw: 'MakertakerDraw',
  permutation: 'MakertakerPermutation',
} as const;

/** Uses are numbered below this, so that phase · usesPerPhase + use names a stream. */
export const usesPerPhase = 16;

/** The draw stands in the upper half of the last counter word, the block in the lower. */
const blockBits = 16;
const wordsPerBlock = 4;
export const mostDraws = 2 ** 16;
export const mostNumbersPerDraw = wordsPerBlock * 2 ** blockBits;

const upper24 = 2 ** -24;

/**
 * Row r's numbers are the words of Philox blocks with
 * counter (row, step, phase · 16 + use, draw · 2^16 + block) and key (seed low, seed high):
 * - `uniform`: the upper 24 bits over 2^24
 * - `normal`: the normal quantile of the upper 23 bits plus a half, over 2^23
 * - `integer`: floor(word · bound / 2^32)
 */
function fillDraws(
  result: Float32Array | Int32Array,
  words: Int32Array,
  row: Int32Array,
  step: Int32Array,
  { kind, use, draw, count, bound, word: first }: DrawAttributes,
): void {
  const [seedLow, seedHigh, phase] = words as unknown as [number, number, number];
  const stream = phase * usesPerPhase + use;
  const stepStride = step.length === 1 ? 0 : 1;
  const block = new Int32Array(wordsPerBlock);
  let place = 0;
  for (let r = 0; r < row.length; r += 1) {
    for (let from = 0; from < count; from += wordsPerBlock) {
      const last = (draw << blockBits) | (from / wordsPerBlock);
      philox(row[r]!, step[r * stepStride]!, stream, last, seedLow, seedHigh, block);
      const numbers = count - from < wordsPerBlock ? count - from : wordsPerBlock;
      for (let number = 0; number < numbers; number += 1) {
        const word = block[first + number]!;
        if (kind === 'uniform') result[place] = (word >>> 8) * upper24;
        else if (kind === 'normal') result[place] = inverseNormal(word >>> 9);
        else result[place] = scaleWord(word, bound);
        place += 1;
      }
    }
  }
}

const drawKernel: tf.KernelFunc = ({ inputs, attrs, backend }) => {
  const attributes = attrs as unknown as DrawAttributes;
  const { words, row, step } = inputs as unknown as DrawInputs;
  const rows = row.shape[0]!;
  const shape = attributes.flat ? [rows] : [rows, attributes.count];
  const dtype = attributes.kind === 'integer' ? 'int32' : 'float32';
  const size = rows * attributes.count;
  const result = dtype === 'int32' ? new Int32Array(size) : new Float32Array(size);
  const store = backend as tf.KernelBackend;
  fillDraws(
    result,
    integers(store, words),
    integers(store, row),
    integers(store, step),
    attributes,
  );
  return { dataId: store.write(result, shape, dtype), shape, dtype };
};

const permutationKernel: tf.KernelFunc = ({ inputs, attrs, backend }) => {
  const { use, count, ...attributes } = attrs as unknown as PermutationAttributes;
  const { words, step, draw: added } = inputs as unknown as PermutationInputs;
  const store = backend as tf.KernelBackend;
  const draw = attributes.draw + (added ? integers(store, added)[0]! : 0);
  const [seedLow, seedHigh, phase] = integers(store, words) as unknown as [number, number, number];
  const result = permute(
    count,
    integers(store, step)[0]!,
    phase * usesPerPhase + use,
    draw << blockBits,
    seedLow,
    seedHigh,
  );
  return { dataId: store.write(result, [count], 'int32'), shape: [count], dtype: 'int32' };
};

const integers = (backend: tf.KernelBackend, tensor: tf.TensorInfo): Int32Array =>
  backend.readSync(tensor.dataId) as Int32Array;

/** Makes the random kernels known to a backend; once is enough, more do no harm. */
export function registerRandomKernels(backendName: string): void {
  const kernels = [
    [kernelNames.draw, drawKernel],
    [kernelNames.permutation, permutationKernel],
  ] as const;
  for (const [kernelName, kernelFunc] of kernels) {
    if (!tf.getKernel(kernelName, backendName))
      tf.registerKernel({ kernelName, backendName, kernelFunc });
  }
}
