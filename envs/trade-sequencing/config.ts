import { z } from 'zod';

import { coefficientSchema } from '../processes/coefficients';
import { correlationSchema } from '../processes/correlations';
import { listSchema } from '../processes/lists';
import { quantitySchema } from '../processes/quantities';

/** Every trade costs arithmetic in proportion to the square of their number. */
export const mostTrades = 20;

const eachTrade =
  'A number, one number a trade, or { low, high, scale } drawn for each trade of each episode.';

export const tradeSequencingSchema = z.strictObject({
  slots: z
    .int()
    .min(2)
    .max(mostTrades)
    .default(8)
    .describe('Room for so many trades: it fixes the sizes of observation and action.')
    .meta({ unit: 'trades' }),
  trades: z
    .union([
      z.int().positive(),
      z.strictObject({
        low: z.int().positive().describe('Least number.').meta({ unit: 'trades' }),
        high: z.int().positive().describe('Largest number.').meta({ unit: 'trades' }),
      }),
    ])
    .default(8)
    .describe(
      'How many trades are to be done, at most slots; a number, or { low, high } drawn for each episode.',
    )
    .meta({ unit: 'trades' }),
  quantity: quantitySchema
    .default({ low: 1e4, high: 4e4, scale: 'linear', saleShare: 0.5 })
    .describe(
      'Size of each trade, positive for a sale, negative for a purchase: one number each, or { low, high, scale, saleShare } from which each episode draws sizes and sides.',
    )
    .meta({ unit: 'shares' }),
  volatility: listSchema
    .default({ low: 0.5, high: 1.5, scale: 'linear' })
    .describe(`σ: standard deviation of a day’s move of the asset’s price. ${eachTrade}`)
    .meta({ unit: 'quote currency' }),
  dailyVolume: listSchema
    .default({ low: 2e5, high: 8e5, scale: 'log' })
    .describe(`ADV: what is traded of the asset in a day. ${eachTrade}`)
    .meta({ unit: 'shares' }),
  correlation: correlationSchema,
  resilience: listSchema
    .default({ low: 1, high: 4, scale: 'linear' })
    .describe(`θ: impact on the asset’s price decays as e^(−θt). ${eachTrade}`)
    .meta({ unit: '1/time' }),
  duration: listSchema
    .default({ low: 0.1, high: 0.4, scale: 'linear' })
    .describe(`How long the trade takes. ${eachTrade}`)
    .meta({ unit: 'time' }),
  spread: listSchema
    .default({ low: 0.01, high: 0.03, scale: 'linear' })
    .describe(`Ask less bid of the asset, fees included; half of it is paid. ${eachTrade}`)
    .meta({ unit: 'quote currency / share' }),
  crossImpact: coefficientSchema
    .default(0.5)
    .describe(
      'β: the share of a trade’s impact that reaches a wholly correlated other asset. A number, or { low, high, scale } drawn for each episode.',
    )
    .meta({ unit: '1' }),
  impact: z
    .number()
    .nonnegative()
    .default(0.8)
    .describe('Y: a trade of q shares moves its own price by Yσq/ADV.')
    .meta({ unit: '1' }),
  rewardScale: z
    .number()
    .positive()
    .default(0.01)
    .describe('Factor on the reward.')
    .meta({ unit: 'reward / quote currency' }),
});

export type TradeSequencingConfig = z.output<typeof tradeSequencingSchema>;
