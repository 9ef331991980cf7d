import { z } from 'zod';

import type { MarketMakingConfig } from '../../envs/market-making/config';
import { meanArrivalRate } from '../../envs/processes/arrivals';
import { type AvellanedaStoikovProblem, avellanedaStoikovProblem } from './avellaneda-stoikov';
import { carryBack, depthsOf, type InventoryEquation, solveStationary } from './inventory-equation';
import type { PolicySolver } from './policy';
import { depthsByInventory, inventories, quoteKeys, timeLeft } from './quote-problem';
import {
  quotePolicy,
  type Quotes,
  type QuoteTable,
  raiseQuotes,
  tabulateQuotes,
} from './quote-table';
import { defineSolver } from './solver';

export interface GueantLehalleProblem extends AvellanedaStoikovProblem {
  /** A, market orders per side and unit of time. */
  readonly rate: number;
}

/** The market, without the grid of time. */
type Market = Omit<GueantLehalleProblem, 'horizon' | 'steps'>;

/**
 * The market maker of exponential utility and bounded inventory, in continuous time. The utility is
 * −exp(−γ(X + qS))·v(q)^(−γ/k), with v̇ = αq²v(q) − η(v(q − 1) + v(q + 1)), α = kγσ²/2 and
 * η = A(1 + γ/k)^−(1 + k/γ), v(T) = 1; so (ln v)/k is the certainty equivalent of what is to come. The
 * depths are (1/γ)ln(1 + γ/k) + (1/k)ln(v(q)/v(q ± 1)).
 *
 * Guéant, Lehalle and Fernandez-Tapia (2013), Dealing with the inventory risk, theorem 1.
 * @returns quotes exact at the start of each step, without a lower bound
 */
export function solveGueantLehalle(problem: GueantLehalleProblem): QuoteTable {
  const { horizon, steps, maximum } = problem;
  const equation = equationOf(problem);
  const rows: ((inventory: number) => Quotes)[] = [];
  let value = new Float64Array(2 * maximum + 1);
  for (let step = steps - 1; step >= 0; step -= 1) {
    value = carryBack(equation, value, horizon / steps);
    rows[step] = depthsOf(value, maximum, markup(problem));
  }
  return tabulateQuotes(steps, maximum, (step, inventory) => rows[step]!(inventory));
}

const equationOf = (market: Market): InventoryEquation => ({
  fillDecay: market.fillDecay,
  coupling: coupling(market),
  running: (market.riskAversion * market.volatility ** 2) / 2,
  maximum: market.maximum,
});

/** γ/k, and (1/x)·ln(1 + x) there, whose limit at 0 is 1. */
function aversionRatio({ riskAversion, fillDecay }: Market): { ratio: number; slope: number } {
  const ratio = riskAversion / fillDecay;
  return { ratio, slope: ratio === 0 ? 1 : Math.log1p(ratio) / ratio };
}

/** c = (1/γ)ln(1 + γ/k), quote currency. */
const markup = (market: Market): number => aversionRatio(market).slope / market.fillDecay;

/** η = A(1 + γ/k)^−(1 + k/γ), 1/time. */
function coupling(market: Market): number {
  const { ratio, slope } = aversionRatio(market);
  return market.rate * Math.exp(-Math.log1p(ratio) - slope);
}

/**
 * The depths of an infinite horizon in closed form, δ ≈ c + (1 ± 2q)/2·s, for inventories far from
 * the bound (section 4 of the paper).
 * @returns c and s, quote currency
 */
function approximate(market: Market): { markup: number; skew: number } {
  const { riskAversion, volatility, fillDecay } = market;
  return {
    markup: markup(market),
    skew: Math.sqrt((riskAversion * volatility ** 2) / (2 * fillDecay * coupling(market))),
  };
}

/** The problem that an environment poses, as for Avellaneda and Stoikov, with its mean arrivals. */
export const gueantLehalleProblem = (config: MarketMakingConfig): GueantLehalleProblem => ({
  ...avellanedaStoikovProblem(config),
  rate: meanArrivalRate(config.arrivals),
});

export const gueantLehalle: PolicySolver<MarketMakingConfig> = {
  name: 'gueant-lehalle',
  description:
    'Optimal quotes for exponential utility and bounded inventory, of Guéant, Lehalle and Fernandez-Tapia (2013).',
  environments: ['market-making'],
  create: (_kindId, config) =>
    quotePolicy(
      'gueant-lehalle',
      config,
      raiseQuotes(solveGueantLehalle(gueantLehalleProblem(config)), config.depth.minimum),
    ),
};

export const gueantLehalleSolver = defineSolver({
  name: 'gueant-lehalle',
  title: 'Market making under exponential utility and a bound on the inventory',
  description:
    'Exact depths in continuous time: a tridiagonal matrix exponential, in logarithms; those of an infinite horizon, from its largest eigenvalue; and their closed-form approximation c + (1 ± 2q)s/2. The value is the certainty equivalent of what is to come, beyond cash and inventory at the mid.',
  source:
    'Guéant, Lehalle and Fernandez-Tapia (2013), Dealing with the inventory risk, theorem 1 and section 4.',
  schema: z.strictObject({
    volatility: quoteKeys.volatility,
    riskAversion: quoteKeys.riskAversion,
    arrivalRate: quoteKeys.arrivalRate,
    fillDecay: quoteKeys.fillDecay,
    maxInventory: quoteKeys.maxInventory,
    horizon: quoteKeys.horizon,
    time: quoteKeys.time,
  }),
  example: {
    volatility: 0.4,
    riskAversion: 0.01,
    arrivalRate: 0.9,
    fillDecay: 0.3,
    maxInventory: 30,
    horizon: 600,
    time: 0,
  },
  solve(input) {
    const { maxInventory: maximum, arrivalRate: rate } = input;
    const market: Market = { ...input, maximum, rate };
    const equation = equationOf(market);
    const value = carryBack(equation, new Float64Array(2 * maximum + 1), timeLeft(input));
    const limit = solveStationary(equation);
    const closed = approximate(market);
    const depths = (h: Float64Array) =>
      depthsByInventory(maximum, depthsOf(h, maximum, closed.markup));
    return {
      inventory: inventories(maximum),
      ...depths(value),
      value: [...value],
      stationary: { ...depths(limit.value), gain: limit.gain },
      approximation: {
        ...depthsByInventory(maximum, (q) => ({
          bid: closed.markup + ((1 + 2 * q) / 2) * closed.skew,
          ask: closed.markup + ((1 - 2 * q) / 2) * closed.skew,
        })),
        ...closed,
      },
    };
  },
});
