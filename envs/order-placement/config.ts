import { z } from 'zod';

import { InputError } from '../../engine/input-error';
import { feesSchema } from '../processes/fees';
import { checkProcess, processSchema, rangeSchema, valuesOf } from './process';

const currency = { unit: 'quote currency' };
const perUnit = { unit: 'quote currency / unit' };
const switchUnit = { unit: '' };

/** The longest queue there can be: each place costs a random number a step. */
const longestQueue = 64;

const fillSchema = z.strictObject({
  probability: rangeSchema
    .default(0.5)
    .describe(
      'Probability p₀ that sellers reach the best bid in a step; a number, or { low, high } drawn for each episode.',
    )
    .meta({ unit: '1/step' }),
  decay: rangeSchema
    .default(0.7)
    .describe(
      'They reach j ticks below it with probability p₀·e^{−kj}; a number k, or { low, high } drawn for each episode.',
    )
    .meta({ unit: '1/tick' }),
});

const queueSchema = z.strictObject({
  length: z
    .number()
    .nonnegative()
    .default(2)
    .describe(
      'Orders that stand at each price where the book is balanced; a new order goes behind length·(1 + imbalance) of them, rounded. 0: no queues, an order that is reached is filled.',
    )
    .meta({ unit: 'orders' }),
  cancelRate: z
    .number()
    .min(0)
    .max(1)
    .default(0.1)
    .describe('Probability that an order ahead is cancelled in a step.')
    .meta({ unit: '1/step' }),
});

const unfinishedSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z
      .literal('cross')
      .describe('What is left after the last step is bought at market, and pays a penalty.')
      .meta(switchUnit),
    penalty: z
      .number()
      .nonnegative()
      .default(0.02)
      .describe('Paid on each unit so bought, besides half the spread and the taker fee.')
      .meta(perUnit),
    quadratic: z
      .number()
      .nonnegative()
      .default(0)
      .describe('α: q units so bought cost αq² more.')
      .meta({ unit: 'quote currency / unit²' }),
  }),
  z.strictObject({
    kind: z.literal('abandon').describe('What is left is not bought.').meta(switchUnit),
  }),
]);

export const orderPlacementSchema = z.strictObject({
  quantity: z
    .int()
    .positive()
    .max(1000)
    .default(3)
    .describe('Units to buy; an order is for one unit.')
    .meta({ unit: 'units' }),
  steps: z
    .int()
    .positive()
    .max(10_000)
    .default(20)
    .describe('Decisions in an episode; 1: a contextual bandit.')
    .meta({ unit: 'steps' }),
  levels: z
    .int()
    .positive()
    .max(1000)
    .default(3)
    .describe('Depths of limit orders: at the best bid, and 1, 2, … levels − 1 ticks below it.')
    .meta({ unit: '' }),
  tick: z.number().positive().default(0.01).describe('Smallest step of the price.').meta(currency),
  arrivalPrice: z
    .number()
    .positive()
    .default(100)
    .describe('Mid price at the start; only fees depend on it.')
    .meta(currency),
  signal: processSchema
    .default({ values: [-0.004, 0, 0.004], persistence: 0.9 })
    .describe(
      'Expected rise μ of the best bid in a step: a number, { low, high } drawn for each episode, or a chain { values, persistence }.',
    )
    .meta({ unit: 'quote currency / step' }),
  spread: processSchema
    .default({ values: [0.01, 0.02], persistence: 0.8 })
    .describe(
      'Best ask less best bid, s: a number, { low, high } drawn for each episode, or a chain { values, persistence }; the ask moves when it changes.',
    )
    .meta(currency),
  imbalance: processSchema
    .default({ values: [-0.5, 0, 0.5], persistence: 0.7 })
    .describe(
      '(bid size − ask size)/(their sum) at the best prices, from −1 to 1: a number, { low, high } drawn for each episode, or a chain { values, persistence }.',
    )
    .meta({ unit: '1' }),
  imbalanceDrift: z
    .number()
    .default(0.002)
    .describe('Expected rise of the best bid in a step at imbalance 1, beside the signal.')
    .meta({ unit: 'quote currency / step' }),
  fill: fillSchema.prefault({}).describe('How deep sellers reach.').meta(switchUnit),
  adverseSelection: z
    .number()
    .nonnegative()
    .default(0.004)
    .describe(
      'How much lower the bid is expected to move in a step in which sellers reach it than in one in which they do not; on average over both it moves by the signal.',
    )
    .meta(currency),
  volatility: z
    .number()
    .min(0)
    .max(1)
    .default(0.2)
    .describe('Probability that the bid moves one more tick, up or down equally likely.')
    .meta({ unit: '1/step' }),
  queue: queueSchema.prefault({}).describe('Queues of limit orders.').meta(switchUnit),
  unfinished: unfinishedSchema
    .prefault({ kind: 'cross' })
    .describe('What happens to what is left after the last step.')
    .meta(switchUnit),
  fees: feesSchema
    .prefault({})
    .describe('Fees, on the notional at the arrival price.')
    .meta(switchUnit),
  latency: z
    .int()
    .nonnegative()
    .max(3)
    .default(0)
    .describe('Steps from a decision to its effect; until then nothing is ordered.')
    .meta({ unit: 'steps' }),
  marketOrders: z
    .boolean()
    .default(true)
    .describe('Whether market orders are allowed (before what is left is bought).')
    .meta(switchUnit),
  waiting: z
    .boolean()
    .default(true)
    .describe('Whether it is allowed to have no order.')
    .meta(switchUnit),
  reward: z
    .enum(['shortfall', 'gain'])
    .default('shortfall')
    .describe(
      'shortfall: against the arrival price, what is left marked at the mid; the episode ends when all is bought. gain: what was bought, at the mid after the last step, less what it cost.',
    )
    .meta(switchUnit),
});

export type OrderPlacementConfig = z.output<typeof orderPlacementSchema>;

/** The choices by number: market, limit orders by depth, hold. */
export const choicesOf = ({ levels }: Pick<OrderPlacementConfig, 'levels'>) => ({
  market: 0,
  /** @param depth ticks below the best bid */
  limit: (depth: number) => 1 + depth,
  hold: levels + 1,
  count: levels + 2,
});

/** Added before rounding down, so that halves are rounded up however float32 stores them. */
export const half = 0.5001;

/** Orders that a new one goes behind. */
export const ordersAhead = (length: number, imbalance: number): number =>
  Math.floor(length * (1 + imbalance) + half);

/** The longest queue that a new order can meet. */
export const longestAhead = ({ queue, imbalance }: OrderPlacementConfig): number =>
  ordersAhead(queue.length, Math.max(...valuesOf(imbalance)));

/** @throws InputError for values out of bounds or keys that contradict one another */
export function checkConfig(config: OrderPlacementConfig): void {
  const { signal, spread, imbalance, fill, steps, latency } = config;
  checkProcess('signal', signal, [-Infinity, Infinity]);
  checkProcess('spread', spread, [0, Infinity]);
  checkProcess('imbalance', imbalance, [-1, 1]);
  checkProcess('fill.probability', fill.probability, [0, 1]);
  checkProcess('fill.decay', fill.decay, [0, Infinity]);
  if (longestAhead(config) > longestQueue) {
    throw new InputError(
      `env.queue.length: an order can meet ${longestAhead(config)} others; expected at most ${longestQueue}`,
    );
  }
  if (latency >= steps) {
    throw new InputError(`env.latency: ${latency}; expected less than the steps, ${steps}`);
  }
}
