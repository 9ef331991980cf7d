import { z } from 'zod';

import type { MarketMakingConfig } from '../../envs/market-making/config';
import { meanArrivalRate } from '../../envs/processes/arrivals';
import { avellanedaStoikovProblem } from './avellaneda-stoikov';
import { carryBack, depthsOf, type InventoryEquation, solveStationary } from './inventory-equation';
import type { PolicySolver } from './policy';
import { depthsByInventory, inventories, quoteKeys, timeLeft } from './quote-problem';
import { quotePolicy, type QuoteTable, raiseQuotes, tabulateQuotes } from './quote-table';
import { defineSolver } from './solver';

export interface CarteaJaimungalProblem {
  /** T, time. */
  readonly horizon: number;
  /** Decisions in the horizon. */
  readonly steps: number;
  /** λ, market orders per side and unit of time. */
  readonly rate: number;
  /** κ, 1 / quote currency: a share exp(−κδ) of the orders reaches a depth δ. */
  readonly fillDecay: number;
  /** φ, quote currency / (shares² time). */
  readonly running: number;
  /** α, quote currency / shares². */
  readonly terminal: number;
  /** Q, shares. */
  readonly maximum: number;
}

export interface CarteaJaimungalSolution {
  readonly quotes: QuoteTable;
  /** h(t, q) at the start of each step and at the horizon, quote currency, [(steps + 1)·(2Q + 1)]. */
  readonly value: Float64Array;
}

/**
 * The market maker who maximises E[X_T + q_T S_T − α q_T² − φ∫q²dt] in continuous time. With
 * ω = exp(κh) the Bellman equation is linear, ω̇ = −𝐀ω with 𝐀 tridiagonal: −φκq² on the diagonal,
 * λ/e beside it, ω(T) = exp(−ακq²); the depths are 1/κ + h(q) − h(q ± 1).
 *
 * Cartea, Jaimungal and Penalva (2015), Algorithmic and High-Frequency Trading, section 10.2.
 * @returns quotes exact at the start of each step, without a lower bound
 */
export function solveCarteaJaimungal(problem: CarteaJaimungalProblem): CarteaJaimungalSolution {
  const { horizon, steps, terminal, maximum } = problem;
  const width = 2 * maximum + 1;
  const value = new Float64Array((steps + 1) * width);
  let current = valueAtHorizon(terminal, maximum);
  value.set(current, steps * width);
  for (let step = steps - 1; step >= 0; step -= 1) {
    current = carryBack(equationOf(problem), current, horizon / steps);
    value.set(current, step * width);
  }
  const quotes = tabulateQuotes(steps, maximum, (step, inventory) =>
    depthsOf(
      value.subarray(step * width, (step + 1) * width),
      maximum,
      1 / problem.fillDecay,
    )(inventory),
  );
  return { quotes, value };
}

/** −αq² */
const valueAtHorizon = (terminal: number, maximum: number): Float64Array<ArrayBuffer> =>
  Float64Array.from(inventories(maximum), (q) => -terminal * q ** 2);

const equationOf = ({
  rate,
  fillDecay,
  running,
  maximum,
}: Omit<CarteaJaimungalProblem, 'horizon' | 'steps' | 'terminal'>): InventoryEquation => ({
  coupling: rate / Math.E,
  fillDecay,
  running,
  maximum,
});

/**
 * The problem that an environment poses. Without an inventory penalty in the reward, exponential
 * utility counts as the penalty φ = γσ²/2 that approximates it, and profit as none; a law of fills
 * that is not exponential enters through the exponential that earns most at the same depth.
 */
export function carteaJaimungalProblem(config: MarketMakingConfig): CarteaJaimungalProblem {
  const { horizon, steps, fillDecay, maximum } = avellanedaStoikovProblem(config);
  return {
    horizon,
    steps,
    rate: meanArrivalRate(config.arrivals),
    fillDecay,
    ...penalties(config),
    maximum,
  };
}

function penalties(
  config: MarketMakingConfig,
): Pick<CarteaJaimungalProblem, 'running' | 'terminal'> {
  const { reward } = config;
  switch (reward.kind) {
    case 'pnl':
      return { running: 0, terminal: 0 };
    case 'inventory-penalty':
      return { running: reward.running, terminal: reward.terminal };
    case 'exponential-utility': {
      const { riskAversion, volatility } = avellanedaStoikovProblem(config);
      return { running: (riskAversion * volatility ** 2) / 2, terminal: 0 };
    }
  }
}

export const carteaJaimungal: PolicySolver<MarketMakingConfig> = {
  name: 'cartea-jaimungal',
  description:
    'Optimal quotes under a running inventory penalty, of Cartea, Jaimungal and Penalva (2015).',
  environments: ['market-making'],
  create(_kindId, config) {
    const { quotes } = solveCarteaJaimungal(carteaJaimungalProblem(config));
    return quotePolicy('cartea-jaimungal', config, raiseQuotes(quotes, config.depth.minimum));
  },
};

export const carteaJaimungalSolver = defineSolver({
  name: 'cartea-jaimungal',
  title: 'Market making under a running inventory penalty',
  description:
    'Exact depths in continuous time, E[X_T + q_T S_T − αq_T² − φ∫q²dt] at its greatest: a tridiagonal matrix exponential, in logarithms; and those of an infinite horizon, from its largest eigenvalue.',
  source:
    'Cartea, Jaimungal and Penalva (2015), Algorithmic and High-Frequency Trading, section 10.2.',
  schema: z.strictObject({
    inventoryPenalty: quoteKeys.inventoryPenalty,
    terminalPenalty: quoteKeys.terminalPenalty,
    arrivalRate: quoteKeys.arrivalRate,
    fillDecay: quoteKeys.fillDecay,
    maxInventory: quoteKeys.maxInventory,
    horizon: quoteKeys.horizon,
    time: quoteKeys.time,
  }),
  example: {
    inventoryPenalty: 0.01,
    terminalPenalty: 0.001,
    arrivalRate: 100,
    fillDecay: 1,
    maxInventory: 60,
    horizon: 1,
    time: 0,
  },
  solve(input) {
    const { inventoryPenalty, terminalPenalty, arrivalRate, fillDecay, maxInventory } = input;
    const equation = equationOf({
      rate: arrivalRate,
      fillDecay,
      running: inventoryPenalty,
      maximum: maxInventory,
    });
    const value = carryBack(
      equation,
      valueAtHorizon(terminalPenalty, maxInventory),
      timeLeft(input),
    );
    const limit = solveStationary(equation);
    const depths = (h: Float64Array) =>
      depthsByInventory(maxInventory, depthsOf(h, maxInventory, 1 / fillDecay));
    return {
      inventory: inventories(maxInventory),
      ...depths(value),
      value: [...value],
      stationary: { ...depths(limit.value), gain: limit.gain },
    };
  },
});
