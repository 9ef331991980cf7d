import { z } from 'zod';

import { wholeSchema } from './whole';

const halfTicks = { unit: 'half-ticks' };
const units = { unit: 'units' };

/** So many stops at most: each costs some arithmetic for every unit traded. */
export const mostStops = 12;

const stopsSchema = z.union([
  z
    .array(
      z.strictObject({
        level: z
          .int()
          .describe('The stop fires, once, where the mid is at or below it.')
          .meta(halfTicks),
        volume: z.int().positive().describe('What it then sells at market.').meta(units),
      }),
    )
    .min(1)
    .max(mostStops),
  z.strictObject({
    count: wholeSchema
      .default({ low: 1, high: 3 })
      .describe('Number of stops.')
      .meta({ unit: 'stops' }),
    distance: wholeSchema
      .default({ low: 4, high: 16 })
      .describe('From the mid at the start to the first stop.')
      .meta(halfTicks),
    gap: wholeSchema
      .default({ low: 2, high: 16 })
      .describe('From each stop to the next.')
      .meta(halfTicks),
    volume: wholeSchema
      .default({ low: 1, high: 8 })
      .describe('What each stop sells at market.')
      .meta(units),
  }),
]);

/** The defaults are the first instance of the table in the domain reference: sell 5, earn 30. */
export const predationSchema = z.strictObject({
  mid: z
    .int()
    .positive()
    .default(200)
    .describe('Mid price M₀ at the start, above every stop; never observed.')
    .meta(halfTicks),
  tick: z
    .int()
    .positive()
    .default(2)
    .describe('How far a unit traded moves the mid, g; the unit itself pays half of it.')
    .meta({ unit: 'half-ticks / unit' }),
  stops: stopsSchema
    .default([{ level: 190, volume: 4 }])
    .describe(
      'Stop orders of others: a list of { level, volume } in any order, or { count, distance, gap, volume } from which each episode draws its own, each a whole number or { low, high }.',
    )
    .meta({ unit: '' }),
  halfSpread: wholeSchema
    .default(1)
    .describe('Paid on every unit traded, h; a number, or { low, high } drawn for each episode.')
    .meta({ unit: 'half-ticks / unit' }),
  maxShort: wholeSchema
    .default(10)
    .describe(
      'The largest short position, n_max; the predator is never long. A number, or { low, high } drawn for each episode.',
    )
    .meta(units),
  maxTrade: wholeSchema
    .default(5)
    .describe(
      'What the predator sells or buys at most, m; a number, or { low, high } drawn for each episode.',
    )
    .meta({ unit: 'units / period' }),
  periods: z.int().positive().max(1000).default(4).describe('Periods T.').meta({ unit: 'periods' }),
  recovery: wholeSchema
    .default(0)
    .describe(
      'How far the mid returns towards M₀ at the end of each period, at most, r; a number, or { low, high } drawn for each episode.',
    )
    .meta({ unit: 'half-ticks / period' }),
  noise: wholeSchema
    .default(0)
    .describe(
      'After the recovery the mid moves by a whole number that is uniform within ± this, and may fire stops; a number, or { low, high } drawn for each episode.',
    )
    .meta({ unit: 'half-ticks / period' }),
  rewardScale: z
    .number()
    .positive()
    .default(1)
    .describe('Factor on the reward.')
    .meta({ unit: 'reward / half-tick' }),
  defender: z
    .strictObject({
      budget: z.int().nonnegative().describe('What the defender can buy in all, B.').meta(units),
      maxTrade: z
        .int()
        .nonnegative()
        .default(2)
        .describe('What the defender buys at most, m_D.')
        .meta({ unit: 'units / period' }),
      plays: z
        .enum(['nothing', 'random'])
        .default('nothing')
        .describe(
          'How the defender moves where it does not learn: it never buys, or buys any number that it may, all equally likely.',
        )
        .meta({ unit: '' }),
    })
    .nullable()
    .default(null)
    .describe(
      'Who buys after each move of the predator, each unit raising the mid by the tick, and wins what the predator loses: { budget, maxTrade, plays }; null: nobody.',
    )
    .meta({ unit: '' }),
  randomStart: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe(
      'Share of the episodes that begin where random moves of both sides have led in a random number of periods, from none to all but the last; profit counts from there.',
    )
    .meta({ unit: '1' }),
});

export type PredationConfig = z.output<typeof predationSchema>;
