import { z } from 'zod';

import { InputError } from '../../engine/input-error';
import type { Quotes } from './quote-table';

/** What the quoting models are told, by the same names in each. */
export const quoteKeys = {
  volatility: z
    .number()
    .nonnegative()
    .describe('Standard deviation σ of the move of the mid price per square root of time.')
    .meta({ unit: 'quote currency / √time' }),
  riskAversion: z
    .number()
    .nonnegative()
    .describe('Risk aversion γ of the exponential utility; 0: none.')
    .meta({ unit: '1/quote currency' }),
  inventoryPenalty: z
    .number()
    .nonnegative()
    .describe('Running penalty φ on the square of the inventory.')
    .meta({ unit: 'quote currency / (shares² time)' }),
  terminalPenalty: z
    .number()
    .nonnegative()
    .default(0)
    .describe('Penalty α on the square of the inventory at the horizon.')
    .meta({ unit: 'quote currency / shares²' }),
  arrivalRate: z
    .number()
    .positive()
    .describe('Market orders per side and unit of time, A or λ.')
    .meta({ unit: '1/time' }),
  fillDecay: z
    .number()
    .positive()
    .describe('A share exp(−kδ) of the orders reaches a quote of depth δ; k or κ.')
    .meta({ unit: '1/quote currency' }),
  maxInventory: z
    .int()
    .positive()
    .max(100_000)
    .describe('Bound Q of the inventory: no bid at Q, no ask at −Q.')
    .meta({ unit: 'shares' }),
  horizon: z.number().positive().describe('Horizon T.').meta({ unit: 'time' }),
  time: z
    .number()
    .nonnegative()
    .default(0)
    .describe('When the quotes are wanted, between 0 and the horizon.')
    .meta({ unit: 'time' }),
};

/** @throws InputError where the time lies after the horizon */
export function timeLeft({ horizon, time }: { horizon: number; time: number }): number {
  if (time > horizon) {
    throw new InputError(`time: ${time} lies after the horizon; expected 0 to ${horizon}`);
  }
  return horizon - time;
}

/** Depths by inventory, quote currency; null: no quote. */
export interface DepthsByInventory {
  readonly bidDepth: (number | null)[];
  readonly askDepth: (number | null)[];
}

export interface QuotesByInventory extends DepthsByInventory {
  /** −Q … Q, shares. */
  readonly inventory: number[];
  /** Quote currency. */
  readonly value: number[];
}

/** −Q … Q */
export const inventories = (maximum: number): number[] =>
  Array.from({ length: 2 * maximum + 1 }, (_, index) => index - maximum);

/** The depths at each inventory, without a bid at Q and an ask at −Q. */
export function depthsByInventory(
  maximum: number,
  quote: (inventory: number) => Quotes,
): DepthsByInventory {
  const quotes = inventories(maximum).map(quote);
  return {
    bidDepth: quotes.map(({ bid }, index) => (index < 2 * maximum ? bid : null)),
    askDepth: quotes.map(({ ask }, index) => (index > 0 ? ask : null)),
  };
}
