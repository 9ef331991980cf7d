import { z } from 'zod';

import { openRaid } from './raid/game';
import type { RaidProblem } from './raid/rules';
import { defineSolver } from './solver';

/** One period of the line of play. */
export interface RaidPeriod {
  /** 1 … T */
  readonly period: number;
  /** Units the predator bought; negative: sold short. */
  readonly trade: number;
  /** Units the defender bought. */
  readonly defence: number;
  /** At the end of the period, half-ticks. */
  readonly mid: number;
  /** The stops that fired, by their place in the problem from 0, in the order in which they fired. */
  readonly fired: readonly number[];
  /** At the end of the period, −n_max … 0, units. */
  readonly position: number;
  /** Received so far, half-ticks. */
  readonly cash: number;
}

export interface RaidSolution {
  /** The predator's profit with best play on both sides, half-ticks. */
  readonly value: number;
  readonly line: readonly RaidPeriod[];
  /** What is left of the short bought back after the last period. */
  readonly cover: {
    /** Units bought. */
    readonly trade: number;
    /** Half-ticks. */
    readonly mid: number;
    readonly cash: number;
  };
  /** States the search has valued. */
  readonly states: number;
}

/**
 * The most profitable bear raid against known stops, and against a defender's best replies.
 *
 * Brunnermeier and Pedersen (2005), Predatory trading, Journal of Finance 60, as a game in integers.
 * @throws InputError for stops at or above the mid, or for a game with too many states
 */
export function solveRaid(problem: RaidProblem): RaidSolution {
  const rules = openRaid(problem);
  const game = problem.halfSpread > 0 ? rules : openRaid(chargeATrifle(problem));
  const line: RaidPeriod[] = [];
  let state = game.start;
  let cash = 0;
  while (state.period < problem.periods) {
    const trade = game.bestTrade(state);
    const traded = rules.trade(state, trade);
    const defence = game.bestPurchase(traded.state);
    const fired = game.order.slice(state.fired, traded.state.fired);
    state = game.endPeriod(traded.state, defence);
    cash += traded.cash;
    const { period, mid, position } = state;
    line.push({ period, trade, defence, mid, fired, position, cash });
  }
  const value = cash - rules.costOfCovering(state);
  return {
    value,
    line,
    cover: {
      trade: Math.abs(state.position),
      mid: state.mid - problem.tick * state.position,
      cash: value,
    },
    states: game.statesKnown(),
  };
}

/**
 * Where trading is free, round trips without purpose are as good as none. A fee breaks the tie: a
 * power of two, for exact sums, so small that all fees together stay below a quarter of a half-tick.
 * Profits are whole half-ticks, so what is best with the fee is best without.
 */
function chargeATrifle(problem: RaidProblem): RaidProblem {
  const units = 2 * problem.maxTrade * problem.periods + problem.maxShort;
  return { ...problem, halfSpread: 2 ** -Math.ceil(Math.log2(4 * units + 4)) };
}

const halfTicks = { unit: 'half-ticks' };
const units = { unit: 'units' };

export const raidSolver = defineSolver({
  name: 'raid',
  title: 'A bear raid against known stop orders, with or without a defender',
  description:
    'Exact dynamic programming over the states that can be reached; minimax where a defender buys against the raid. Each period the predator trades, then the defender, then the mid recovers; after the last one the short is covered.',
  source:
    'Brunnermeier and Pedersen (2005), Predatory trading, Journal of Finance 60, as a game in integers.',
  schema: z.strictObject({
    mid: z
      .int()
      .positive()
      .describe('Mid price M₀ at the start, above every stop.')
      .meta(halfTicks),
    tick: z
      .int()
      .positive()
      .default(2)
      .describe(
        'How far a unit traded moves the mid, g; the unit itself pays half of it. 2 is one tick.',
      )
      .meta(halfTicks),
    stops: z
      .array(
        z.strictObject({
          level: z
            .int()
            .describe('The stop fires, once, where the mid is at or below it.')
            .meta(halfTicks),
          volume: z.int().positive().describe('What it then sells at market.').meta(units),
        }),
      )
      .describe(
        'Stop orders of others, in any order: level (half-ticks; each fires once, where the mid is at or below it) and volume (units, which it then sells at market).',
      ),
    halfSpread: z
      .int()
      .nonnegative()
      .max(1e6)
      .describe('Paid on every unit, h.')
      .meta({ unit: 'half-ticks / unit' }),
    maxShort: z
      .int()
      .nonnegative()
      .describe('The largest short position, n_max; the predator is never long.')
      .meta(units),
    maxTrade: z
      .int()
      .positive()
      .max(1e6)
      .describe('What the predator buys or sells at most, m.')
      .meta({ unit: 'units / period' }),
    periods: z.int().positive().max(1000).describe('Periods T.').meta({ unit: 'periods' }),
    recovery: z
      .int()
      .nonnegative()
      .default(0)
      .describe('How far the mid returns towards M₀ at the end of each period, at most, r.')
      .meta({ unit: 'half-ticks / period' }),
    defender: z
      .strictObject({
        budget: z.int().nonnegative().describe('What the defender can buy in all.').meta(units),
        maxTrade: z
          .int()
          .nonnegative()
          .describe('What the defender buys at most.')
          .meta({ unit: 'units / period' }),
      })
      .nullable()
      .default(null)
      .describe('Who buys, after each move of the predator, to keep its profit low; null: nobody.'),
  }),
  example: {
    mid: 200,
    tick: 2,
    stops: [
      { level: 190, volume: 4 },
      { level: 176, volume: 3 },
    ],
    halfSpread: 1,
    maxShort: 10,
    maxTrade: 4,
    periods: 6,
    recovery: 0,
    defender: { budget: 2, maxTrade: 1 },
  },
  solve: solveRaid,
});
