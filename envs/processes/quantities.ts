import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';

import { InputError } from '../../engine/input-error';
import { type Key, uniforms } from '../../engine/random';
import type { Tensors } from '../../engine/tensors';
import { createList, entryRangeSchema } from './lists';

/** Signed sizes of orders: given, or drawn. */
export const quantitySchema = z.union([
  z.array(z.number()).min(1),
  entryRangeSchema.extend({
    saleShare: z
      .number()
      .min(0)
      .max(1)
      .default(0.5)
      .describe('Probability of a sale rather than a purchase.')
      .meta({ unit: '1' }),
  }),
]);

export type QuantityConfig = z.output<typeof quantitySchema>;

/** Signed sizes of k orders, shares. */
export interface Quantities {
  parameters(): Tensors;
  /** [B, k]: sales positive. */
  draw(parameters: Tensors, key: Key): tf.Tensor2D;
}

/**
 * @param draws the numbers of the draws at the reset
 * @throws InputError for a list of the wrong length or a range whose ends are out of order
 */
export function createQuantities(
  value: QuantityConfig,
  count: number,
  draws: { readonly quantity: number; readonly side: number },
  item = 'asset',
): Quantities {
  if (Array.isArray(value)) {
    if (value.length !== count) {
      throw new InputError(
        `env.quantity: ${value.length} numbers for ${count} ${item}s; expected one for each`,
      );
    }
    return {
      parameters: () => ({ quantity: tf.tensor2d([value]) }),
      draw: (parameters, key) => tf.add(tf.zeros([key.row.size, count]), parameters.quantity!),
    };
  }
  const sizes = createList({ name: 'quantity', value, count, draw: draws.quantity, item });
  return {
    parameters: () => ({ ...sizes.parameters(), saleShare: tf.scalar(value.saleShare) }),
    draw(parameters, key) {
      const size = sizes.current(parameters, sizes.draw(parameters, key));
      const isSale = tf.less(
        uniforms(key, draws.side, count),
        tf.reshape(parameters.saleShare!, [-1, 1]),
      );
      return tf.where(isSale, size, tf.neg(size)) as tf.Tensor2D;
    },
  };
}
