import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';

import type { Tensors } from '../../engine/tensors';

/** Fees of the exchange, in proportion to the notional traded. */
export const feesSchema = z.strictObject({
  maker: z
    .number()
    .default(0)
    .describe('Fee on fills of resting quotes; negative for a rebate.')
    .meta({ unit: 'fraction of notional' }),
  taker: z
    .number()
    .default(0)
    .describe('Fee on market orders: what liquidation at the horizon pays.')
    .meta({ unit: 'fraction of notional' }),
});

export type FeesConfig = z.output<typeof feesSchema>;

/** The fees that a config makes any use of, as parameters. */
export const feeParameters = (config: FeesConfig): Tensors => ({
  ...(config.maker === 0 ? {} : { makerFee: tf.scalar(config.maker) }),
  ...(config.taker === 0 ? {} : { takerFee: tf.scalar(config.taker) }),
});
