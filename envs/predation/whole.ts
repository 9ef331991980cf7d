import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';

import { InputError } from '../../engine/input-error';
import { type Key, uniform } from '../../engine/random';
import type { Tensors } from '../../engine/tensors';

/** A whole number, or the ends of a range from which each episode draws its own. */
export const wholeSchema = z.union([
  z.int().nonnegative(),
  z.strictObject({
    low: z.int().nonnegative().describe('Least value.').meta({ unit: 'of the number' }),
    high: z.int().nonnegative().describe('Largest value.').meta({ unit: 'of the number' }),
  }),
]);

export type WholeConfig = z.output<typeof wholeSchema>;

/** A whole number of the rules: fixed, or drawn at the start of an episode. */
export interface Whole {
  readonly name: string;
  readonly varies: boolean;
  readonly largest: number;
  /** [] float32: the number, or the ends of its range. */
  parameters(): Tensors;
  /** What the state of B episodes keeps: nothing, or [B] float32. */
  draw(parameters: Tensors, key: Key): Tensors;
  /** [] or [B] float32 */
  current(parameters: Tensors, state: Tensors): tf.Tensor;
}

export const largestOf = (value: WholeConfig): number =>
  typeof value === 'number' ? value : value.high;

export const leastOf = (value: WholeConfig): number =>
  typeof value === 'number' ? value : value.low;

/**
 * @param draw the number of its draw at the reset
 * @throws InputError for a range whose ends are out of order
 */
export function createWhole(name: string, value: WholeConfig, draw: number): Whole {
  const largest = largestOf(value);
  if (typeof value === 'number') {
    return {
      name,
      varies: false,
      largest,
      parameters: () => ({ [name]: tf.scalar(value) }),
      draw: () => ({}),
      current: (parameters) => parameters[name]!,
    };
  }
  checkRange(name, value);
  return {
    name,
    varies: true,
    largest,
    parameters: () => rangeParameters(name, value),
    draw: (parameters, key) => ({ [name]: wholeWithin(parameters, name, uniform(key, draw)) }),
    current: (_, state) => state[name]!,
  };
}

/** @throws InputError for ends out of order */
export function checkRange(name: string, { low, high }: { low: number; high: number }): void {
  if (low > high)
    throw new InputError(`env.${name}: low ${low}, high ${high}; expected low ≤ high`);
}

export const rangeParameters = (name: string, value: WholeConfig): Tensors => ({
  [`${name}Low`]: tf.scalar(leastOf(value)),
  [`${name}High`]: tf.scalar(largestOf(value)),
});

/**
 * Whole numbers from a range's low end to its high one, all equally likely.
 * @param share [B] or [B, k] uniform in [0, 1)
 */
export function wholeWithin<Share extends tf.Tensor>(
  parameters: Tensors,
  name: string,
  share: Share,
): Share {
  const ends = [parameters[`${name}Low`]!, parameters[`${name}High`]!];
  const [low, high] = share.rank === 2 ? ends.map((end) => tf.reshape(end, [-1, 1])) : ends;
  const count = tf.add(tf.sub(high!, low!), 1);
  return tf.minimum(tf.add(low!, tf.floor(tf.mul(share, count))), high!);
}
