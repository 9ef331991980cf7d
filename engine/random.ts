import * as tf from '@tensorflow/tfjs';

/**
 * Randomness as a pure function of (seed, row, step, stream, draw).
 *
 * The stream of a draw is the key's phase (which part of the work: training, validation, test) and
 * its use (which consumer within it); the draw tells apart the numbers one consumer needs in a step.
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

export const phases = { training: 0, validation: 1, test: 2, teacher: 3, check: 4 } as const;
export const uses = { dynamics: 0, reset: 1, action: 2, initialise: 3, shuffle: 4, subsample: 5 } as const;

/** The same key for another consumer. */
export const forUse = (key: Key, use: number): Key => ({ ...key, use });
