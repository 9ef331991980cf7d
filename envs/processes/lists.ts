import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';

import { InputError } from '../../engine/input-error';
import { type Key, uniforms } from '../../engine/random';
import type { Tensors } from '../../engine/tensors';

/** A range from which every entry of every episode is drawn. */
export const entryRangeSchema = z.strictObject({
  low: z.number().describe('Least value.').meta({ unit: 'of the entry' }),
  high: z.number().describe('Largest value.').meta({ unit: 'of the entry' }),
  scale: z
    .enum(['linear', 'log'])
    .default('linear')
    .describe('Uniform in the value, or in its logarithm (then low must be positive).')
    .meta({ unit: '' }),
});

/** What every asset or trade has one of: the same for all, one number each, or drawn at random. */
export const listSchema = z.union([
  z.number().nonnegative(),
  z.array(z.number().nonnegative()).min(1),
  entryRangeSchema,
]);

export type ListConfig = z.output<typeof listSchema>;

/** Numbers of k assets or trades. */
export interface List {
  readonly name: string;
  /** Whether each episode draws its own. */
  readonly varies: boolean;
  /** [] a common number, [1, k] one each, or the range as [] `nameLow`, `nameHigh`. */
  parameters(): Tensors;
  /** What the state of B episodes keeps: nothing, or [B, k]. */
  draw(parameters: Tensors, key: Key): Tensors;
  /** [1 or B, 1 or k] */
  current(parameters: Tensors, state: Tensors): tf.Tensor2D;
}

export interface ListOptions {
  readonly name: string;
  readonly value: ListConfig;
  /** k */
  readonly count: number;
  /** The number of its draw at the reset. */
  readonly draw: number;
  /** Default 'asset'. */
  readonly item?: string;
  /** Whether zeros are refused. Default false. */
  readonly positive?: boolean;
}

/** @throws InputError for a list of the wrong length, ends out of order or, where asked for, zeros */
export function createList(options: ListOptions): List {
  const { name, value, count, draw, item = 'asset', positive = false } = options;
  if (typeof value !== 'number' && !Array.isArray(value)) {
    const { low, high, scale } = value;
    const least = scale === 'log' || positive ? 'low > 0 and ' : '';
    if (!(low <= high) || low < 0 || (least && low === 0)) {
      throw new InputError(
        `env.${name}: low ${low}, high ${high}; expected ${least || '0 ≤ '}low ≤ high`,
      );
    }
    const ends = [`${name}Low`, `${name}High`] as const;
    return {
      name,
      varies: true,
      parameters: () => ({ [ends[0]]: tf.scalar(low), [ends[1]]: tf.scalar(high) }),
      draw(parameters, key) {
        const [from, to] = ends.map((end) => tf.reshape(parameters[end]!, [-1, 1]));
        const share = uniforms(key, draw, count);
        return {
          [name]:
            scale === 'log'
              ? tf.mul(from!, tf.pow(tf.div(to!, from!), share))
              : tf.add(from!, tf.mul(tf.sub(to!, from!), share)),
        };
      },
      current: (_, state) => state[name] as tf.Tensor2D,
    };
  }
  const numbers = typeof value === 'number' ? [value] : value;
  if (Array.isArray(value) && value.length !== count) {
    throw new InputError(
      `env.${name}: ${value.length} numbers for ${count} ${item}s; expected one for each`,
    );
  }
  if (positive && numbers.some((number) => number <= 0)) {
    throw new InputError(`env.${name}: ${numbers.join(', ')}; expected positive numbers`);
  }
  return {
    name,
    varies: false,
    parameters: () => ({
      [name]: typeof value === 'number' ? tf.scalar(value) : tf.tensor2d([numbers]),
    }),
    draw: () => ({}),
    current(parameters) {
      const given = parameters[name]!;
      return (given.rank === 2 ? given : tf.reshape(given, [-1, 1])) as tf.Tensor2D;
    },
  };
}
