import { z } from 'zod';

import { sizesSchema } from './order-sizes';
import { replaySchema } from './replay/config';

const rate = z.number().nonnegative();
const positive = z.number().positive();

const excitationSchema = z.strictObject({
  of: z
    .enum(['market', 'all'])
    .default('market')
    .describe(
      'Market orders excite those of their side, or every event raises all rates in proportion.',
    )
    .meta({ unit: '' }),
  jump: rate
    .describe(
      'Rise α at an event: of the rate of market orders, or of the factor on all rates. 0: no excitation.',
    )
    .meta({ unit: 'orders / minute, or 1 for all' }),
  decay: positive
    .describe('Speed of decay β; market orders are stationary if α/β < 1.')
    .meta({ unit: '1/minute' }),
});

/** Defaults: the estimates of Cont, Stoikov and Talreja (2010), Table 1. */
const poissonSchema = z.strictObject({
  kind: z
    .literal('poisson')
    .describe('Cont, Stoikov and Talreja (2010): rates by the distance from the opposite quote.')
    .meta({ unit: '' }),
  limit: z
    .array(positive)
    .min(1)
    .default([1.85, 1.51, 1.09, 0.88, 0.77])
    .describe('Arrivals λ of limit orders at 1, 2, … ticks from the opposite best quote.')
    .meta({ unit: 'orders / minute' }),
  cancel: z
    .array(positive)
    .min(1)
    .default([0.71, 0.81, 0.68, 0.56, 0.47])
    .describe('Cancellation θ of each order there; farther out as at the last.')
    .meta({ unit: '1/minute' }),
  market: positive
    .default(0.94)
    .describe('Arrivals μ of market orders, a side.')
    .meta({ unit: 'orders / minute' }),
  beyond: z
    .strictObject({
      scale: rate.default(1.92).describe('k in λ(i) = k/i^α.').meta({ unit: 'orders / minute' }),
      exponent: rate.default(0.52).describe('α in λ(i) = k/i^α.').meta({ unit: '1' }),
    })
    .prefault({})
    .describe('Limit orders farther out than the table.')
    .meta({ unit: '' }),
  excitation: excitationSchema
    .nullable()
    .default(null)
    .describe('Hawkes arrivals; null: Poisson ones.')
    .meta({ unit: '' }),
});

const rates = z.array(z.array(rate).min(2)).min(1);

/** Rows of a table of queue sizes 0 … 20 for a stylised large-tick stock. */
const stylised = (at: (queue: number) => number): number[] =>
  Array.from({ length: 21 }, (_, queue) => Number(at(queue).toFixed(4)));

const queueReactiveSchema = z.strictObject({
  kind: z
    .literal('queue-reactive')
    .describe(
      'Huang, Lehalle and Rosenbaum (2015): rates by the level from a reference price and the size of the queue.',
    )
    .meta({ unit: '' }),
  limit: rates
    .default([
      stylised((queue) => 6 + 6 * Math.exp(-queue / 2)),
      stylised((queue) => 6 + 2 * Math.exp(-queue / 4)),
      stylised(() => 5),
    ])
    .describe(
      'Limit orders λ^L: a row a level, an entry for a queue of 0, 1, … orders; the last row and entries hold beyond.',
    )
    .meta({ unit: 'orders / minute' }),
  cancel: rates
    .default([
      stylised((queue) => 0.9 * queue),
      stylised((queue) => queue),
      stylised((queue) => queue),
    ])
    .describe('Cancellations λ^C of the whole queue; 0 for an empty one.')
    .meta({ unit: 'orders / minute' }),
  market: rates
    .default([
      stylised((queue) => (queue === 0 ? 0 : 2 + 4 * Math.exp(-queue / 3))),
      stylised((queue) => (queue === 0 ? 0 : 2)),
      stylised((queue) => (queue === 0 ? 0 : 1)),
    ])
    .describe('Market orders λ^M while the level is the best quote; 0 for an empty one.')
    .meta({ unit: 'orders / minute' }),
  referenceMove: z
    .number()
    .min(0)
    .max(1)
    .default(0.7)
    .describe(
      'Probability θ that the reference price moves by a tick when the mid moves over an empty first level.',
    )
    .meta({ unit: '1' }),
  redraw: z
    .number()
    .min(0)
    .max(1)
    .default(0.85)
    .describe('Probability θ_reinit that the book is then drawn anew.')
    .meta({ unit: '1' }),
});

const executeSchema = z.strictObject({
  kind: z
    .literal('execute')
    .describe('Sell or buy a quantity by the horizon, with market and limit orders.')
    .meta({ unit: '' }),
  side: z
    .enum(['sell', 'buy'])
    .default('sell')
    .describe('Whether the order sells or buys.')
    .meta({ unit: '' }),
  quantity: z.int().positive().default(6).describe('Size Q of the order.').meta({ unit: 'shares' }),
  lot: z
    .int()
    .positive()
    .default(1)
    .describe('Size of a market order that is one part of it.')
    .meta({ unit: 'shares' }),
  behind: z
    .int()
    .nonnegative()
    .default(2)
    .describe('How many ticks behind the best quote a limit order can stand.')
    .meta({ unit: 'ticks' }),
});

const makeSchema = z.strictObject({
  kind: z
    .literal('make')
    .describe('Quote both sides, at levels relative to the best quotes.')
    .meta({ unit: '' }),
  size: z.int().positive().default(1).describe('Size of a quote.').meta({ unit: 'shares' }),
  maximumInventory: z
    .int()
    .positive()
    .default(5)
    .describe('No bid of a size that could lead above it, and no offer below minus it.')
    .meta({ unit: 'shares' }),
  behind: z
    .int()
    .nonnegative()
    .default(1)
    .describe('How many ticks behind the best quote a quote can stand.')
    .meta({ unit: 'ticks' }),
  inventoryPenalty: rate
    .default(0.05)
    .describe('Weight φ of the running penalty φ·q²·dt.')
    .meta({ unit: 'ticks / (shares minute)' }),
  close: z
    .enum(['mark', 'cross'])
    .default('mark')
    .describe('Inventory at the horizon is marked to the mid, or traded by a market order.')
    .meta({ unit: '' }),
});

export const limitOrderBookSchema = z.strictObject({
  task: z
    .discriminatedUnion('kind', [executeSchema, makeSchema])
    .prefault({ kind: 'execute' })
    .describe('What the agent is to do.')
    .meta({ unit: '' }),
  flow: z
    .discriminatedUnion('kind', [poissonSchema, queueReactiveSchema, replaySchema])
    .prefault({ kind: 'poisson' })
    .describe('How others’ orders arrive.')
    .meta({ unit: '' }),
  sizes: sizesSchema
    .prefault({ kind: 'unit' })
    .describe('Sizes of others’ orders.')
    .meta({ unit: '' }),
  levels: z
    .int()
    .min(3)
    .max(32)
    .default(10)
    .describe('Levels W on each side of the window that the book is kept in.')
    .meta({ unit: 'ticks' }),
  horizon: positive.default(5).describe('Length T of an episode.').meta({ unit: 'minutes' }),
  interval: positive
    .default(1 / 6)
    .describe('Time between two decisions.')
    .meta({ unit: 'minutes' }),
  latency: rate
    .default(0)
    .describe(
      'How long after the decision the agent’s orders and cancellations reach the book, less than an interval.',
    )
    .meta({ unit: 'minutes' }),
  events: z
    .int()
    .positive()
    .default(12)
    .describe(
      'The agent decides again after so many events even if the interval is not over; with a latency so many before its orders reach the book, and so many after.',
    )
    .meta({ unit: 'events' }),
  warmUp: z
    .int()
    .nonnegative()
    .default(50)
    .describe('Events before an episode, from a book whose levels are drawn one by one.')
    .meta({ unit: 'events' }),
  observedLevels: z
    .int()
    .positive()
    .default(3)
    .describe('Prices a side, from the best quote outwards, whose sizes are observed.')
    .meta({ unit: 'ticks' }),
  fees: z
    .strictObject({
      maker: z
        .number()
        .default(0)
        .describe('Fee on fills of limit orders; negative for a rebate.')
        .meta({ unit: 'ticks / share' }),
      taker: z
        .number()
        .default(0)
        .describe('Fee on what the agent’s market orders trade.')
        .meta({ unit: 'ticks / share' }),
    })
    .prefault({})
    .describe('Fees of the exchange.')
    .meta({ unit: '' }),
  hide: z
    .array(z.string())
    .default([])
    .describe('Names of observation components to withhold from the agent.')
    .meta({ unit: '' }),
});

export type LimitOrderBookConfig = z.output<typeof limitOrderBookSchema>;
export type PoissonFlowConfig = z.output<typeof poissonSchema>;
export type QueueReactiveConfig = z.output<typeof queueReactiveSchema>;
export type ExcitationConfig = z.output<typeof excitationSchema>;
export type ExecuteConfig = z.output<typeof executeSchema>;
export type MakeConfig = z.output<typeof makeSchema>;
