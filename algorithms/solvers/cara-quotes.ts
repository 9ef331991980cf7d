import { z } from 'zod';

import { InputError } from '../../engine/input-error';
import type { MarketMakingConfig } from '../../envs/market-making/config';
import { gueantLehalleProblem } from './gueant-lehalle';
import type { PolicySolver } from './policy';
import { depthsByInventory, inventories, quoteKeys, timeLeft } from './quote-problem';
import { quotePolicy, quotesAt, type QuoteTable } from './quote-table';
import { defineSolver } from './solver';
import { chooseDepths, type DepthChoice } from './cara-quotes/choose-depths';

export interface CaraProblem {
  readonly steps: number;
  /** Length of a step, time. */
  readonly dt: number;
  /** σ, quote currency / √time. */
  readonly volatility: number;
  /** Moves of the mid: normal, or ±σ√dt with probability ½ each. */
  readonly increments: 'gaussian' | 'binomial';
  /** γ, 1 / quote currency. */
  readonly riskAversion: number;
  /** A·dt, market orders per side and step. */
  readonly orders: number;
  /** k, 1 / quote currency. */
  readonly fillDecay: number;
  /** Bounds of the depths, quote currency; null: none. */
  readonly minimumDepth: number | null;
  readonly maximumDepth: number | null;
  /** Q, shares. */
  readonly maximum: number;
}

export interface CaraSolution {
  readonly quotes: QuoteTable;
  /** Certainty equivalent of the profit to come at the start of each step and at the horizon, quote currency, [(steps + 1)·(2Q + 1)]. */
  readonly value: Float64Array;
}

/**
 * The depths of greatest expected exponential utility in discrete time. In a step each quote fills
 * with probability min(1, A·dt·exp(−kδ)), independently; then the mid moves. With
 * θ(q) = −ln E[exp(−γW)]/γ of the profit to come,
 *
 *   exp(−γθ(q)) = min over depths of E[exp(−γ·edge)·exp(−γθ'(q'))·M(q')],
 *
 * q' the inventory after the fills and M(q') = E[exp(−γq'ΔS)] = exp((γq'σ)²dt/2) or cosh(γq'σ√dt).
 * All of it is kept in logarithms, so that neither a great nor a tiny γ costs digits.
 *
 * The environment of Avellaneda and Stoikov (2008), section 3.3, without their approximation.
 */
export function solveCaraQuotes(problem: CaraProblem): CaraSolution {
  const { steps, riskAversion, maximum } = problem;
  const width = 2 * maximum + 1;
  const value = new Float64Array((steps + 1) * width);
  const bid = new Float64Array(steps * width);
  const ask = new Float64Array(steps * width);
  const moves = Float64Array.from(inventories(maximum), (q) => logOfMove(problem, q));
  const choice = choiceOf(problem);
  for (let step = steps - 1; step >= 0; step -= 1) {
    /** ln of what a share more or less changes about the utility. */
    const change = (from: number, to: number) =>
      to < 0 || to >= width
        ? null
        : riskAversion * (value[(step + 1) * width + from]! - value[(step + 1) * width + to]!) +
          (moves[to]! - moves[from]!);
    for (let i = 0; i < width; i += 1) {
      const best = chooseDepths(choice, change(i, i + 1), change(i, i - 1));
      bid[step * width + i] = best.bid;
      ask[step * width + i] = best.ask;
      value[step * width + i] =
        value[(step + 1) * width + i]! - (moves[i]! + best.logUtility) / riskAversion;
    }
  }
  return { quotes: { steps, maximum, bid, ask }, value };
}

/** ln E[exp(−γqΔS)] */
function logOfMove(problem: CaraProblem, inventory: number): number {
  const exponent =
    problem.riskAversion * Math.abs(inventory) * problem.volatility * Math.sqrt(problem.dt);
  if (problem.increments === 'gaussian') return exponent ** 2 / 2;
  return exponent < 1
    ? Math.log1p(2 * Math.sinh(exponent / 2) ** 2)
    : exponent + Math.log1p(Math.exp(-2 * exponent)) - Math.LN2;
}

/** Below the depth at which every step brings a fill, a depth only costs. */
function choiceOf(problem: CaraProblem): DepthChoice {
  const { riskAversion, fillDecay, orders } = problem;
  const certain = Math.log(orders) / fillDecay;
  const greatest = problem.maximumDepth ?? Infinity;
  return {
    riskAversion,
    fillDecay,
    orders,
    least: Math.min(Math.max(problem.minimumDepth ?? -Infinity, certain), greatest),
    greatest,
  };
}

/**
 * The problem that an environment poses. Its law of fills, arrivals and volatility enter as for Guéant
 * and Lehalle; on a grid of depths the nearest ones are quoted.
 */
export function caraProblem(config: MarketMakingConfig): CaraProblem {
  const { horizon, steps, volatility, riskAversion, rate, fillDecay, maximum } =
    gueantLehalleProblem(config);
  const dt = horizon / steps;
  return {
    steps,
    dt,
    volatility,
    increments: config.mid.kind === 'brownian' ? config.mid.increments : 'gaussian',
    riskAversion,
    orders: rate * dt,
    fillDecay,
    minimumDepth: config.depth.minimum,
    maximumDepth: config.depth.maximum,
    maximum,
  };
}

export const caraQuotes: PolicySolver<MarketMakingConfig> = {
  name: 'cara-quotes',
  description:
    'The quotes of greatest exponential utility in the environment’s own steps, by backward recursion.',
  environments: ['market-making'],
  create: (_kindId, config) =>
    quotePolicy('cara-quotes', config, solveCaraQuotes(caraProblem(config)).quotes),
};

/** Steps times inventories that a table may hold: 24 bytes each. */
const mostEntries = 20_000_000;

export const caraQuotesSolver = defineSolver({
  name: 'cara-quotes',
  title: 'Market making under exponential utility in discrete time',
  description:
    'Exact: a backward recursion over the inventory with Bernoulli fills min(1, A·dt·exp(−kδ)), the depths of each step and inventory optimised jointly within their bounds. The value is the certainty equivalent of the profit to come, beyond cash and inventory at the mid.',
  source:
    'The simulation of Avellaneda and Stoikov (2008), High-frequency trading in a limit order book, section 3.3, solved without their approximation.',
  schema: z.strictObject({
    volatility: quoteKeys.volatility,
    riskAversion: quoteKeys.riskAversion
      .positive()
      .describe('Risk aversion γ of the exponential utility.'),
    arrivalRate: quoteKeys.arrivalRate,
    fillDecay: quoteKeys.fillDecay,
    maxInventory: quoteKeys.maxInventory,
    horizon: quoteKeys.horizon,
    dt: z
      .number()
      .positive()
      .describe('Length of a step; the horizon is a whole number of them.')
      .meta({ unit: 'time' }),
    increments: z
      .enum(['binomial', 'gaussian'])
      .default('gaussian')
      .describe('Moves of the mid in a step: ±σ√dt with probability ½ each, or normal.')
      .meta({ unit: '' }),
    minimumDepth: z
      .number()
      .nullable()
      .default(null)
      .describe('Least depth of a quote; null: no bound.')
      .meta({ unit: 'quote currency' }),
    maximumDepth: z
      .number()
      .nullable()
      .default(null)
      .describe('Greatest depth of a quote; null: no bound.')
      .meta({ unit: 'quote currency' }),
    time: quoteKeys.time.describe(
      'When the quotes are wanted: those of the step in which it lies, the last one at the horizon.',
    ),
  }),
  example: {
    volatility: 2,
    riskAversion: 0.1,
    arrivalRate: 140,
    fillDecay: 1.5,
    maxInventory: 30,
    horizon: 1,
    dt: 0.005,
    increments: 'binomial',
    time: 0,
  },
  solve(input) {
    const { horizon, dt, maxInventory: maximum, minimumDepth, maximumDepth } = input;
    const steps = Math.round(horizon / dt);
    if (steps < 1 || Math.abs(steps * dt - horizon) > 1e-9 * horizon) {
      throw new InputError(
        `dt: ${dt} does not divide the horizon; expected ${horizon} over a whole number`,
      );
    }
    if (steps * (2 * maximum + 1) > mostEntries) {
      throw new InputError(
        `dt: ${steps} steps at ${2 * maximum + 1} inventories; expected at most ${mostEntries} in all`,
      );
    }
    // The steps begin at 0, dt, … : the last one that has begun.
    const step = Math.min(steps - Math.ceil(timeLeft(input) / dt - 1e-9), steps - 1);
    if (minimumDepth !== null && maximumDepth !== null && minimumDepth > maximumDepth) {
      throw new InputError(
        `maximumDepth: ${maximumDepth} lies below minimumDepth; expected at least ${minimumDepth}`,
      );
    }
    const { quotes, value } = solveCaraQuotes({
      ...input,
      steps,
      orders: input.arrivalRate * dt,
      maximum,
    });
    const width = 2 * maximum + 1;
    return {
      inventory: inventories(maximum),
      ...depthsByInventory(maximum, (q) => quotesAt(quotes, step, q)),
      value: [...value.subarray(step * width, (step + 1) * width)],
      step,
    };
  },
});
