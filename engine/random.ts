import * as tf from '@tensorflow/tfjs';

import { InputError } from './input-error';
import {
  type DrawAttributes,
  kernelNames,
  mostDraws,
  mostNumbersPerDraw,
  registerRandomKernels,
  usesPerPhase,
} from './random-kernels';
import { disposeTree } from './tensors';

/**
 * Randomness as a pure function of (seed, row, step, stream, draw).
 *
 * The stream of a draw is the key's phase (which part of the work: training, validation, test) and
 * its use (which consumer within it); the draw tells apart the numbers one consumer needs in a step.
 * Every function here gives the same bits on every device, and row r the same whatever the batch.
 */
export interface Key {
  /** [3] int32: the seed's low and high word, and the phase. */
  readonly words: tf.Tensor1D;
  /** [B] int32: environment index in training, episode index in evaluation. */
  readonly row: tf.Tensor1D;
  /** [] or [B] int32. */
  readonly step: tf.Tensor;
  readonly use: number;
}

export const phases = {
  training: 0,
  validation: 1,
  test: 2,
  check: 4,
  secondTraining: 5,
  imitation: 6,
} as const;
export const uses = {
  dynamics: 0,
  reset: 1,
  action: 2,
  initialise: 3,
  shuffle: 4,
  subsample: 5,
  opponent: 6,
  /** The classical policy that a learned one corrects or is cloned from. */
  solver: 7,
} as const;

['cpu', 'wasm', 'tensorflow'].forEach(registerRandomKernels);

export interface KeyOptions {
  /** Any integer from 0 to 2^53 − 1. */
  readonly seed: number;
  /** One of `phases`. */
  readonly phase: number;
  /** One of `uses`; default dynamics. */
  readonly use?: number;
  /** B: rows 0 … B − 1. */
  readonly rows?: number;
  /** [B] the rows themselves, in place of `rows`. */
  readonly row?: ArrayLike<number>;
  /** Default 0. */
  readonly step?: number;
}

/** A key that owns its tensors: free them by `disposeKey`. */
export function makeKey(options: KeyOptions): Key {
  const { seed, phase, use = uses.dynamics, rows = 1, step = 0 } = options;
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new InputError(`seed: ${seed} is not an integer from 0 to ${Number.MAX_SAFE_INTEGER}`);
  }
  const row = options.row ?? Array.from({ length: rows }, (_, index) => index);
  return {
    words: tf.tensor1d([seed | 0, Math.floor(seed / 2 ** 32) | 0, phase], 'int32'),
    row: tf.tensor1d(Int32Array.from(row), 'int32'),
    step: tf.scalar(step, 'int32'),
    use,
  };
}

export function disposeKey({ words, row, step }: Key): void {
  disposeTree([words, row, step]);
}

/** The same key for another consumer. */
export const forUse = (key: Key, use: number): Key => ({ ...key, use });

/** The same key at another step, [] or [B] int32, a tensor that stays the caller's. */
export const keyAt = (key: Key, step: tf.Tensor): Key => ({ ...key, step });

/**
 * Which numbers of a step: a draw, or one of the four words of its first block. Numbers from one block
 * cost one encryption in compiled programs, and are as independent as those of two.
 */
export type Draw = number | { readonly draw: number; readonly word: 0 | 1 | 2 | 3 };

const wordOf = (draw: Draw): { draw: number; word: number } =>
  typeof draw === 'number' ? { draw, word: 0 } : draw;

/** [B] float32 in [0, 1), multiples of 2^−24. */
export const uniform = (key: Key, draw: Draw): tf.Tensor1D =>
  drawNumbers(key, { kind: 'uniform', ...wordOf(draw), count: 1, flat: true });

/** [B, count] float32 in [0, 1); the first column is what `uniform` gives. */
export const uniforms = (key: Key, draw: number, count: number): tf.Tensor2D =>
  drawNumbers(key, { kind: 'uniform', draw, count, flat: false });

/** [B] float32, standard normal. */
export const normal = (key: Key, draw: Draw): tf.Tensor1D =>
  drawNumbers(key, { kind: 'normal', ...wordOf(draw), count: 1, flat: true });

/** [B, count] float32, standard normal; the first column is what `normal` gives. */
export const normals = (key: Key, draw: number, count: number): tf.Tensor2D =>
  drawNumbers(key, { kind: 'normal', draw, count, flat: false });

/** [B] int32, each of 0 … bound − 1 with probability 1/bound to within 2^−32. */
export function randomInteger(key: Key, draw: number, bound: number): tf.Tensor1D {
  if (!Number.isInteger(bound) || bound < 1 || bound >= 2 ** 31) {
    throw new RangeError(`randomInteger: bound ${bound} is not an integer from 1 to 2^31 − 1`);
  }
  return drawNumbers(key, { kind: 'integer', draw, count: 1, flat: true, bound });
}

/**
 * @param probability [], [B] or [B, k]
 * @returns bool [B] or [B, k]: true where a uniform lies below the probability
 */
export function bernoulli<Probability extends tf.Tensor>(
  key: Key,
  draw: number,
  probability: Probability,
): Probability {
  return tf.tidy(() => {
    const u =
      probability.rank < 2 ? uniform(key, draw) : uniforms(key, draw, probability.shape[1]!);
    return tf.less(u, probability) as Probability;
  });
}

/** The finite stand-in for −∞ in the logits of masked choices. */
export const maskedLogit = -1e9;

/**
 * Draws from softmax(logits) by inverting the cumulative distribution. The uniform is scaled by the
 * last cumulative sum, which in float32 leaves the product strictly below it, so that an action with
 * no probability (a `maskedLogit`) is never drawn, however the sums round.
 * @param logits [B, k]
 * @returns [B] int32
 */
export function categorical(key: Key, draw: number, logits: tf.Tensor2D): tf.Tensor1D {
  return tf.tidy(() => {
    const weights = tf.exp(tf.sub(logits, tf.max(logits, 1, true)));
    const cumulative = tf.cumsum(weights, 1);
    const threshold = tf.mul(uniforms(key, draw, 1), tf.max(cumulative, 1, true));
    return tf.sum(tf.lessEqual(cumulative, threshold), 1) as tf.Tensor1D;
  });
}

/**
 * A random order of 0 … count − 1, which depends on the key's seed, phase, use and step, not its row.
 * @param draw a number, or [] int32 where it changes within a loop
 * @returns [count] int32
 */
export function permuteRows(key: Key, draw: number | tf.Tensor, count: number): tf.Tensor1D {
  if (key.step.size !== 1)
    throw new RangeError('permuteRows: the step of the key must be one number');
  const isFixed = typeof draw === 'number';
  checkStream(key, isFixed ? draw : 0);
  return tf
    .engine()
    .runKernel(
      kernelNames.permutation,
      { words: key.words, step: key.step, ...(isFixed ? {} : { draw }) },
      { use: key.use, draw: isFixed ? draw : 0, count },
    ) as tf.Tensor1D;
}

function drawNumbers<Result extends tf.Tensor>(
  key: Key,
  attributes: Pick<DrawAttributes, 'kind' | 'draw' | 'count' | 'flat'> & {
    readonly bound?: number;
    readonly word?: number;
  },
): Result {
  checkStream(key, attributes.draw);
  if (attributes.count > mostNumbersPerDraw) {
    throw new RangeError(
      `draw ${attributes.draw}: ${attributes.count} numbers a row, ${mostNumbersPerDraw} at most`,
    );
  }
  return tf
    .engine()
    .runKernel(
      kernelNames.draw,
      { words: key.words, row: key.row, step: key.step },
      { bound: 1, word: 0, ...attributes, use: key.use },
    ) as Result;
}

function checkStream(key: Key, draw: number): void {
  if (key.use >= usesPerPhase) throw new RangeError(`use ${key.use} is not below ${usesPerPhase}`);
  if (draw < 0 || draw >= mostDraws)
    throw new RangeError(`draw ${draw} is not from 0 to ${mostDraws - 1}`);
}
