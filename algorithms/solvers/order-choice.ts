import { z } from 'zod';

import { depthOfUtility, type DepthSolution, solveDepth } from './order-choice/depth';
import { liquidateByLimitOrders } from './order-choice/liquidation';
import { chooseOrder } from './order-choice/orders';
import { defineSolver } from './solver';

const currency = { unit: 'quote currency' };
const perCurrency = { unit: '1/quote currency' };

const intensity = z
  .number()
  .positive()
  .describe('Market orders per unit of time that reach a quote of depth 0; A or λ.')
  .meta({ unit: '1/time' });
const decay = z
  .number()
  .positive()
  .describe('A share exp(−kδ) of those orders reaches a depth δ; k or κ.')
  .meta(perCurrency);
const horizon = z.number().positive().describe('Horizon T.').meta({ unit: 'time' });

const ordersSchema = z.strictObject({
  kind: z.literal('orders').default('orders'),
  actions: z
    .array(
      z.discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('market') }),
        z.strictObject({
          kind: z.literal('limit'),
          ticks: z
            .int()
            .nonnegative()
            .describe('Ticks below the best bid; 0: at the best bid.')
            .meta({ unit: 'ticks' }),
        }),
        z.strictObject({ kind: z.literal('hold') }),
      ]),
    )
    .min(1)
    .describe(
      'What may be done to buy one unit: kind market, limit (so many ticks below the best bid) or hold, which does nothing.',
    ),
  spread: z.number().nonnegative().describe('Best ask less best bid, s.').meta(currency),
  tick: z.number().positive().describe('Smallest step of the price.').meta(currency),
  signal: z
    .number()
    .describe('How far the mid is expected to rise, μ; to sell, with the opposite sign.')
    .meta(currency),
  fill: z
    .strictObject({
      probability: z
        .number()
        .min(0)
        .max(1)
        .describe('That a limit order at the best bid is filled, p₀.')
        .meta({ unit: '1' }),
      decay: z
        .number()
        .nonnegative()
        .describe('The probability falls as exp(−kj) in the ticks j below the best bid.')
        .meta({ unit: '1/tick' }),
    })
    .describe('Fills of limit orders.'),
});

const depthSchema = z.strictObject({
  kind: z.literal('depth').default('depth'),
  intensity,
  decay,
  horizon,
  missCost: z
    .number()
    .default(0)
    .describe('What it costs if the order is not filled by the horizon, m.')
    .meta(currency),
});

const utilitySchema = z.strictObject({
  kind: z.literal('utility').default('utility'),
  riskAversion: z
    .number()
    .nonnegative()
    .describe('Risk aversion γ of the exponential utility; 0: none.')
    .meta(perCurrency),
  decay,
});

const liquidationSchema = z.strictObject({
  kind: z.literal('liquidation').default('liquidation'),
  quantity: z
    .int()
    .positive()
    .max(100_000)
    .describe('What is to be sold, one limit order of one unit at a time.')
    .meta({ unit: 'units' }),
  intensity,
  decay,
  horizon,
  terminalPenalty: z
    .number()
    .nonnegative()
    .default(0)
    .describe('What q units left at the horizon cost, per q²; α.')
    .meta({ unit: 'quote currency / units²' }),
  time: z
    .number()
    .nonnegative()
    .default(0)
    .describe('When the depths are wanted, between 0 and the horizon.')
    .meta({ unit: 'time' }),
});

/** The key that tells each form of the problem from the others, the surest first. */
const tellingKeys = {
  actions: 'orders',
  quantity: 'liquidation',
  terminalPenalty: 'liquidation',
  missCost: 'depth',
  riskAversion: 'utility',
  fill: 'orders',
  intensity: 'depth',
} as const;

/** Names the form that the keys tell, so that what is wrong is said of that form alone. */
function nameForm(problem: unknown): unknown {
  if (typeof problem !== 'object' || problem === null || Object.hasOwn(problem, 'kind')) {
    return problem;
  }
  const telling = Object.entries(tellingKeys).find(([key]) => Object.hasOwn(problem, key));
  return telling ? { ...problem, kind: telling[1] } : problem;
}

/** What each form of the problem is answered with; money in quote currency. */
export type OrderChoice =
  | {
      readonly rewards: readonly number[];
      /** The place in `actions`, from 0. */
      readonly best: number;
    }
  | DepthSolution
  | { readonly depth: number }
  | {
      /** 1 … quantity, units. */
      readonly inventory: readonly number[];
      readonly depth: readonly number[];
      readonly value: readonly number[];
    };

export const orderChoiceSolver = defineSolver({
  name: 'order-choice',
  title: 'Market or limit order, and how deep',
  description:
    'Four questions, told apart by their keys: the best among given orders (actions, exact); the depth of one limit order over a horizon (intensity, missCost; one root); its depth under exponential utility (riskAversion, closed form); selling by limit orders alone (quantity, terminalPenalty; closed form, in logarithms).',
  source:
    'Cartea, Jaimungal and Penalva (2015), Algorithmic and High-Frequency Trading, chapter 8; Avellaneda and Stoikov (2008), equation 3.12, for the utility.',
  schema: z.preprocess(
    nameForm,
    z.discriminatedUnion('kind', [ordersSchema, depthSchema, utilitySchema, liquidationSchema]),
  ),
  example: {
    actions: [
      { kind: 'market' },
      { kind: 'limit', ticks: 0 },
      { kind: 'limit', ticks: 1 },
      { kind: 'limit', ticks: 2 },
    ],
    spread: 0.02,
    tick: 0.01,
    signal: 0.03,
    fill: { probability: 0.6, decay: 0.5 },
  },
  solve(input): OrderChoice {
    switch (input.kind) {
      case 'orders': {
        const { rewards, best } = chooseOrder(input);
        return { rewards: [...rewards], best };
      }
      case 'depth':
        return solveDepth(input);
      case 'utility':
        return { depth: depthOfUtility(input.riskAversion, input.decay) };
      case 'liquidation': {
        const { depth, value } = liquidateByLimitOrders(input);
        return {
          inventory: Array.from(depth, (_, i) => i + 1),
          depth: [...depth],
          value: [...value],
        };
      }
    }
  },
});
