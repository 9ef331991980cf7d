import { z } from 'zod';

import { arrivalsSchema } from '../processes/arrivals';
import { feesSchema } from '../processes/fees';
import { fillsSchema } from '../processes/fills';
import { midPriceSchema } from '../processes/mid-price';

const inventorySchema = z.strictObject({
  initial: z
    .tuple([z.int(), z.int()])
    .default([0, 0])
    .describe('Lowest and highest initial inventory; drawn uniformly from the integers between.')
    .meta({ unit: 'shares' }),
  maximum: z
    .int()
    .positive()
    .default(100)
    .describe('Bound Q of the inventory: no bid at Q, no ask at −Q.')
    .meta({ unit: 'shares' }),
  scale: z
    .number()
    .positive()
    .nullable()
    .default(null)
    .describe('Inventory that is observed as 1; null: the maximum.')
    .meta({ unit: 'shares' }),
});

const depthSchema = z.strictObject({
  minimum: z
    .number()
    .nullable()
    .default(null)
    .describe('Least depth of a quote; may be negative (beyond the mid); null: no bound.')
    .meta({ unit: 'quote currency' }),
  maximum: z
    .number()
    .nullable()
    .default(null)
    .describe('Greatest depth of a quote; null: no bound.')
    .meta({ unit: 'quote currency' }),
});

const actionsSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('continuous').describe('The depths themselves.').meta({ unit: '' }),
    centre: z
      .number()
      .default(1)
      .describe('Depth at which a policy’s raw output is zero.')
      .meta({ unit: 'quote currency' }),
    scale: z
      .number()
      .positive()
      .default(1)
      .describe('Depth per unit of a policy’s raw output.')
      .meta({ unit: 'quote currency' }),
  }),
  z.strictObject({
    kind: z
      .literal('grid')
      .describe('One of several depths, or no quote, for each side.')
      .meta({ unit: '' }),
    first: z
      .number()
      .default(0)
      .describe('Depth of the first level.')
      .meta({ unit: 'quote currency' }),
    tick: z
      .number()
      .positive()
      .default(0.1)
      .describe('Depth between two levels.')
      .meta({ unit: 'quote currency' }),
    levels: z
      .int()
      .positive()
      .default(20)
      .describe('Number of levels; one more choice is not to quote.')
      .meta({ unit: '' }),
  }),
]);

const rewardSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z
      .literal('pnl')
      .describe('Profit and loss: the change of wealth marked to the mid.')
      .meta({ unit: '' }),
  }),
  z.strictObject({
    kind: z
      .literal('inventory-penalty')
      .describe(
        'Profit and loss less φ·q²·dt of the inventory after each step, and α·q² of the last one.',
      )
      .meta({ unit: '' }),
    running: z
      .number()
      .nonnegative()
      .describe('Running penalty φ.')
      .meta({ unit: 'quote currency / (shares² time)' }),
    terminal: z
      .number()
      .nonnegative()
      .default(0)
      .describe('Terminal penalty α.')
      .meta({ unit: 'quote currency / shares²' }),
  }),
  z.strictObject({
    kind: z
      .literal('exponential-utility')
      .describe('The change of −exp(−γW): an episode’s return is 1 − exp(−γ·profit).')
      .meta({ unit: '' }),
  }),
]);

const liquidationSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z
      .literal('mark')
      .describe('Inventory left at the horizon is marked to the mid.')
      .meta({ unit: '' }),
  }),
  z.strictObject({
    kind: z
      .literal('cross')
      .describe(
        'It is traded at once by a market order, half a spread from the mid, and pays the taker fee.',
      )
      .meta({ unit: '' }),
    halfSpread: z
      .number()
      .nonnegative()
      .describe('Distance from the mid at which the market order trades.')
      .meta({ unit: 'quote currency' }),
  }),
]);

/** Defaults: the simulation of Avellaneda and Stoikov (2008), section 3.3, with Gaussian increments. */
export const marketMakingSchema = z
  .strictObject({
    horizon: z
      .number()
      .positive()
      .default(1)
      .describe('Length T of an episode.')
      .meta({ unit: 'time' }),
    steps: z
      .int()
      .positive()
      .default(200)
      .describe('Decisions in an episode; a step lasts dt = horizon / steps.')
      .meta({ unit: 'steps' }),
    mid: midPriceSchema
      .prefault({ kind: 'brownian' })
      .describe('Process of the mid price.')
      .meta({ unit: '' }),
    arrivals: arrivalsSchema
      .prefault({ kind: 'poisson' })
      .describe('Arrival of market orders on each side.')
      .meta({ unit: '' }),
    fills: fillsSchema
      .prefault({ kind: 'exponential' })
      .describe('Probability that an order reaches a quote.')
      .meta({ unit: '' }),
    inventory: inventorySchema.prefault({}).describe('Inventory.').meta({ unit: '' }),
    depth: depthSchema.prefault({}).describe('Bounds of the quotes.').meta({ unit: '' }),
    actions: actionsSchema
      .prefault({ kind: 'continuous' })
      .describe('How quotes are chosen.')
      .meta({ unit: '' }),
    fees: feesSchema.prefault({}).describe('Fees.').meta({ unit: '' }),
    tick: z
      .number()
      .positive()
      .nullable()
      .default(null)
      .describe('Tick size: bids are rounded down to it, asks up; null: prices are continuous.')
      .meta({ unit: 'quote currency' }),
    latency: z
      .int()
      .nonnegative()
      .default(0)
      .describe(
        'Steps until a quote is live. It keeps the price it was decided at while the mid moves.',
      )
      .meta({ unit: 'steps' }),
    riskAversion: z
      .number()
      .positive()
      .default(0.1)
      .describe(
        'Risk aversion γ of the exponential utility, the certainty equivalent and the Avellaneda–Stoikov quotes.',
      )
      .meta({ unit: '1/quote currency' }),
    reward: rewardSchema.prefault({ kind: 'pnl' }).describe('Reward.').meta({ unit: '' }),
    liquidation: liquidationSchema
      .prefault({ kind: 'mark' })
      .describe('What becomes of the inventory at the horizon.')
      .meta({ unit: '' }),
    hide: z
      .array(z.string())
      .default([])
      .describe('Names of observation components to withhold from the agent.')
      .meta({ unit: '' }),
  })
  .superRefine(checkConsistency);

export type MarketMakingConfig = z.output<typeof marketMakingSchema>;

interface Bounds {
  readonly inventory: { readonly initial: readonly [number, number]; readonly maximum: number };
  readonly depth: { readonly minimum: number | null; readonly maximum: number | null };
  readonly actions:
    | { readonly kind: 'continuous' }
    | {
        readonly kind: 'grid';
        readonly first: number;
        readonly tick: number;
        readonly levels: number;
      };
}

function checkConsistency(config: Bounds, context: z.RefinementCtx): void {
  const report = (path: string[], message: string) =>
    context.addIssue({ code: 'custom', path, message });
  const { inventory, depth, actions } = config;
  const [lowest, highest] = inventory.initial;
  if (lowest > highest || lowest < -inventory.maximum || highest > inventory.maximum) {
    report(
      ['inventory', 'initial'],
      `must be [lowest, highest] within ±maximum (${inventory.maximum}), got [${lowest}, ${highest}]`,
    );
  }
  const minimum = depth.minimum ?? -Infinity;
  const maximum = depth.maximum ?? Infinity;
  if (minimum >= maximum) {
    report(['depth', 'maximum'], `must exceed depth.minimum (${minimum}), got ${maximum}`);
  }
  if (actions.kind === 'grid') {
    const last = actions.first + actions.tick * (actions.levels - 1);
    if (actions.first < minimum - 1e-9 || last > maximum + 1e-9) {
      report(
        ['actions'],
        `levels must lie within the bounds of depth, ${minimum} to ${maximum}; they run from ${actions.first} to ${last}`,
      );
    }
  }
}
