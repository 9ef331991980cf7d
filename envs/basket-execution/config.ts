import { z } from 'zod';

import { coefficientSchema } from '../processes/coefficients';
import { correlationSchema } from '../processes/correlations';
import { listSchema } from '../processes/lists';
import { quantitySchema } from '../processes/quantities';

/** Every asset costs arithmetic in proportion to the square of their number. */
const mostAssets = 8;

export const basketExecutionSchema = z.strictObject({
  assets: z
    .int()
    .min(1)
    .max(mostAssets)
    .default(3)
    .describe('Number m of assets.')
    .meta({ unit: 'assets' }),
  periods: z
    .int()
    .positive()
    .max(1000)
    .default(5)
    .describe('Number N of periods, each with one trade of every asset at its start.')
    .meta({ unit: 'periods' }),
  horizon: z
    .number()
    .positive()
    .default(5)
    .describe('Time T in which the basket has to be traded; a period lasts τ = T/N.')
    .meta({ unit: 'time (the default: days)' }),
  quantity: quantitySchema
    .default({ low: 2e5, high: 1e6, scale: 'linear', saleShare: 0.5 })
    .describe(
      'What is to be sold of each asset, negative for a purchase: one number each, or { low, high, scale, saleShare } from which each episode draws sizes and sides.',
    )
    .meta({ unit: 'shares' }),
  volatility: listSchema
    .default({ low: 0.5, high: 1.5, scale: 'linear' })
    .describe(
      'Standard deviation σ of each mid price’s move per square root of time: a number, one number an asset, or { low, high, scale } drawn for each asset of each episode.',
    )
    .meta({ unit: 'quote currency / share / √time' }),
  correlation: correlationSchema,
  temporaryImpact: listSchema
    .default({ low: 1e-6, high: 4e-6, scale: 'log' })
    .describe(
      'Temporary impact η of each asset on itself: trading n shares in a period moves its price by η·n/τ for those trades. A number, one number an asset, or { low, high, scale } drawn for each asset of each episode.',
    )
    .meta({ unit: 'quote currency / share per (share / time)' }),
  crossImpact: coefficientSchema
    .default({ low: 0, high: 0.6, scale: 'linear' })
    .describe(
      'β, below 1: impact between assets i and j is βρ√(η_i η_j). A number, or { low, high, scale } drawn for each episode.',
    )
    .meta({ unit: '1' }),
  permanentImpact: coefficientSchema
    .default(0.1)
    .describe(
      'g, below 2: the part of a trade’s temporary impact, cross impact included, that the mid prices keep for good. A number, or { low, high, scale } drawn for each episode.',
    )
    .meta({ unit: '1' }),
  spread: z
    .number()
    .nonnegative()
    .default(0)
    .describe('Cost ε of each share traded, whatever the size: half the spread plus fees.')
    .meta({ unit: 'quote currency / share' }),
  riskAversion: coefficientSchema
    .default(1e-6)
    .describe(
      'Weight λ of the variance of the shortfall in E + λV; a number, or { low, high, scale } drawn for each episode.',
    )
    .meta({ unit: '1/quote currency' }),
  rewardScale: z
    .number()
    .positive()
    .default(1e-6)
    .describe('Factor on the reward.')
    .meta({ unit: 'reward / quote currency' }),
});

export type BasketExecutionConfig = z.output<typeof basketExecutionSchema>;
