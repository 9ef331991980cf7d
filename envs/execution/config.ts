import { z } from 'zod';

import { coefficientSchema, profileSchema } from '../processes/coefficients';
import { impactFields } from '../processes/impact';

/** The defaults are the example of Almgren and Chriss (2000), section 3: a million shares in five days. */
export const executionSchema = z.strictObject({
  side: z
    .enum(['sell', 'buy'])
    .default('sell')
    .describe('Whether the order sells or buys.')
    .meta({ unit: '' }),
  quantity: z
    .number()
    .positive()
    .default(1e6)
    .describe('Size X of the order.')
    .meta({ unit: 'shares' }),
  arrivalPrice: z
    .number()
    .positive()
    .default(50)
    .describe('Mid price S₀ when the order arrives; never observed.')
    .meta({ unit: 'quote currency / share' }),
  periods: z
    .int()
    .positive()
    .default(5)
    .describe('Number N of periods, each with one trade at its start.')
    .meta({ unit: 'periods' }),
  horizon: z
    .number()
    .positive()
    .default(5)
    .describe('Time T in which the order has to be done; a period lasts τ = T/N.')
    .meta({ unit: 'time (the default: days)' }),
  volatility: coefficientSchema
    .default(0.95)
    .describe(
      'Standard deviation σ of the move of the mid price per square root of time; a number, or { low, high, scale } drawn for each episode.',
    )
    .meta({ unit: 'quote currency / share / √time' }),
  ...impactFields,
  capacity: profileSchema
    .nullable()
    .default(null)
    .describe(
      'The most shares that a period can take. A number, one number a period, or { low, high, scale, per } drawn for each episode, and scaled up where the sum is less than the quantity; null: no limit.',
    )
    .meta({ unit: 'shares / period' }),
  marketVolume: z
    .union([z.number().positive(), z.array(z.number().positive()).min(1)])
    .default(5e6)
    .describe(
      'What others trade in a period, for the VWAP and the participation: a number, or one number a period.',
    )
    .meta({ unit: 'shares / period' }),
  riskAversion: z
    .number()
    .default(1e-6)
    .describe('Weight λ of the variance of the shortfall in E + λV; negative: risk is sought.')
    .meta({ unit: '1/quote currency' }),
  reward: z
    .enum(['shortfall', 'shortfall-and-risk'])
    .default('shortfall-and-risk')
    .describe(
      'Minus the shortfall of the period, or minus that and the running risk λσ²τx²: a schedule then returns −(E + λV) on average.',
    )
    .meta({ unit: '' }),
  rewardScale: z
    .number()
    .positive()
    .default(1)
    .describe('Factor on the reward.')
    .meta({ unit: 'reward / quote currency' }),
  action: z
    .enum(['fraction', 'pace'])
    .default('fraction')
    .describe(
      'What the action says: the fraction of the remaining shares, or its ratio to an even pace (1: what remains, spread evenly over the periods left).',
    )
    .meta({ unit: '' }),
  hide: z
    .array(z.enum(['priceMove', 'displacement', 'coefficients']))
    .default([])
    .describe(
      'What the agent does not observe: the move of the price, the displacement by transient impact, the coefficients that vary.',
    )
    .meta({ unit: '' }),
});

export type ExecutionConfig = z.output<typeof executionSchema>;
