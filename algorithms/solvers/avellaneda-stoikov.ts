import { z } from 'zod';

import type { MarketMakingConfig } from '../../envs/market-making/config';
import { type FillsConfig, mostProfitableDepth } from '../../envs/processes/fills';
import type { MidPriceConfig } from '../../envs/processes/mid-price';
import type { PolicySolver } from './policy';
import { depthsByInventory, inventories, quoteKeys, timeLeft } from './quote-problem';
import { quotePolicy, type Quotes, type QuoteTable, tabulateQuotes } from './quote-table';
import { defineSolver } from './solver';

export interface AvellanedaStoikovProblem {
  /** T, time. */
  readonly horizon: number;
  /** Decisions in the horizon. */
  readonly steps: number;
  /** σ, quote currency / √time. */
  readonly volatility: number;
  /** γ, 1 / quote currency; 0: the limit of a risk-neutral market maker. */
  readonly riskAversion: number;
  /** k, 1 / quote currency: orders reach a depth δ at a rate in proportion to exp(−kδ). */
  readonly fillDecay: number;
  /** Q, shares. */
  readonly maximum: number;
}

/**
 * Quotes of the finite-horizon market maker: half the spread around the reservation price
 * r = S − qγσ²(T − t), the total spread being γσ²(T − t) + (2/γ)·ln(1 + γ/k).
 *
 * Avellaneda and Stoikov (2008), High-frequency trading in a limit order book, equations 3.8–3.12,
 * 3.17 and 3.18.
 * @returns depths at the start of each step; negative where the quote lies beyond the mid
 */
export function solveAvellanedaStoikov(problem: AvellanedaStoikovProblem): QuoteTable {
  const { horizon, steps, maximum } = problem;
  return tabulateQuotes(steps, maximum, (step, inventory) =>
    quotesAround(problem, horizon * (1 - step / steps), inventory),
  );
}

/** The market, without the grid of time and inventory. */
type Market = Pick<AvellanedaStoikovProblem, 'volatility' | 'riskAversion' | 'fillDecay'>;

function quotesAround(market: Market, left: number, inventory: number): Quotes {
  const half = spread(market, left) / 2;
  const skew = inventory * market.riskAversion * market.volatility ** 2 * left;
  return { bid: half + skew, ask: half - skew };
}

/** Bid–ask spread with so much time left, quote currency. */
export function spread({ volatility, riskAversion, fillDecay }: Market, timeLeft: number): number {
  const monopoly =
    riskAversion === 0 ? 2 / fillDecay : (2 / riskAversion) * Math.log1p(riskAversion / fillDecay);
  return riskAversion * volatility ** 2 * timeLeft + monopoly;
}

/**
 * The problem that an environment poses, by its initial price and volatility. Other laws than the
 * exponential one enter through the exponential that earns most at the same depth.
 */
export function avellanedaStoikovProblem(config: MarketMakingConfig): AvellanedaStoikovProblem {
  return {
    horizon: config.horizon,
    steps: config.steps,
    volatility: volatilityAtStart(config.mid),
    riskAversion: config.riskAversion,
    fillDecay: equivalentDecay(config.fills),
    maximum: config.inventory.maximum,
  };
}

function volatilityAtStart(mid: MidPriceConfig): number {
  switch (mid.kind) {
    case 'constant':
      return 0;
    case 'geometric':
      return mid.volatility * mid.initial;
    case 'brownian':
    case 'ornstein-uhlenbeck':
      return mid.volatility;
  }
}

const equivalentDecay = (fills: FillsConfig): number => 1 / mostProfitableDepth(fills);

export const avellanedaStoikov: PolicySolver<MarketMakingConfig> = {
  name: 'avellaneda-stoikov',
  description: 'Quotes around the reservation price of Avellaneda and Stoikov (2008).',
  environments: ['market-making'],
  create: (_kindId, config) =>
    quotePolicy(
      'avellaneda-stoikov',
      config,
      solveAvellanedaStoikov(avellanedaStoikovProblem(config)),
    ),
};

export const avellanedaStoikovSolver = defineSolver({
  name: 'avellaneda-stoikov',
  title: 'Market making under exponential utility, approximate closed form',
  description:
    'Depths around the reservation price. The value of an inventory is its certainty equivalent when held to the horizon, −γσ²q²(T − t)/2, without what quotes earn.',
  source:
    'Avellaneda and Stoikov (2008), High-frequency trading in a limit order book, equations 2.3, 3.17 and 3.18.',
  schema: z.strictObject({
    volatility: quoteKeys.volatility,
    riskAversion: quoteKeys.riskAversion,
    arrivalRate: quoteKeys.arrivalRate
      .optional()
      .describe(
        'Market orders per side and unit of time, A. The quotes do not depend on it: it may stand here so that gueant-lehalle can take the same file.',
      ),
    fillDecay: quoteKeys.fillDecay,
    maxInventory: quoteKeys.maxInventory,
    horizon: quoteKeys.horizon,
    time: quoteKeys.time,
  }),
  example: {
    volatility: 2,
    riskAversion: 0.1,
    fillDecay: 1.5,
    maxInventory: 10,
    horizon: 1,
    time: 0,
  },
  solve(input) {
    const { maxInventory, riskAversion, volatility } = input;
    const left = timeLeft(input);
    const inventory = inventories(maxInventory);
    const risk = riskAversion * volatility ** 2 * left;
    return {
      inventory,
      ...depthsByInventory(maxInventory, (q) => quotesAround(input, left, q)),
      value: inventory.map((q) => -(risk * q ** 2) / 2),
      reservation: inventory.map((q) => -risk * q),
    };
  },
});
