import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';

/** How many shares others' orders are of. */
export const sizesSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('unit').describe('Every order is of one share.').meta({ unit: '' }),
  }),
  z.strictObject({
    kind: z
      .literal('geometric')
      .describe('A geometric number of shares, the same law for orders and cancellations.')
      .meta({ unit: '' }),
    mean: z
      .number()
      .gt(1)
      .default(2)
      .describe('Mean size, by which the rates of cancellation per order are per share.')
      .meta({ unit: 'shares' }),
  }),
]);

export type SizesConfig = z.output<typeof sizesSchema>;

export const meanSizeOf = (config: SizesConfig): number =>
  config.kind === 'unit' ? 1 : config.mean;

/** @param uniform [B, 1]; @returns [B, 1] shares, by inversion of the distribution function */
export function drawSize(config: SizesConfig, uniform: () => tf.Tensor): tf.Tensor {
  if (config.kind === 'unit') return tf.scalar(1);
  const perShare = 1 / Math.log1p(-1 / config.mean);
  return tf.add(tf.floor(tf.mul(tf.log(tf.sub(1, uniform())), perShare)), 1);
}
