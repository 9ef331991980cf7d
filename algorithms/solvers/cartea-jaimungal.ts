import type { MarketMakingConfig } from '../../envs/market-making/config';
import { meanArrivalRate } from '../../envs/processes/arrivals';
import { avellanedaStoikovProblem } from './avellaneda-stoikov';
import type { PolicySolver } from './policy';
import { quotePolicy, type QuoteTable, raiseQuotes, tabulateQuotes } from './quote-table';

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
  const { horizon, steps, fillDecay, terminal, maximum } = problem;
  const width = 2 * maximum + 1;
  const value = new Float64Array((steps + 1) * width);
  let current = Float64Array.from({ length: width }, (_, i) => -terminal * (i - maximum) ** 2);
  value.set(current, steps * width);
  for (let step = steps - 1; step >= 0; step -= 1) {
    current = stepBack(problem, current, horizon / steps);
    value.set(current, step * width);
  }
  const quotes = tabulateQuotes(steps, maximum, (step, inventory) => {
    const at = (q: number) => value[step * width + q + maximum]!;
    const gain = (q: number) => (Math.abs(q) > maximum ? 0 : at(inventory) - at(q));
    return {
      bid: 1 / fillDecay + gain(inventory + 1),
      ask: 1 / fillDecay + gain(inventory - 1),
    };
  });
  return { quotes, value };
}

/**
 * h(t − duration) from h(t). ω may span hundreds of orders of magnitude over the inventories, so
 * what is propagated is the ratio y = ω(t − τ)/ω(t), which obeys the same equation with the matrix
 * scaled by ω(t). Shifted by c = φκQ² that matrix has no negative entry: its exponential series
 * loses no digits. Substeps keep the series short.
 */
function stepBack(
  problem: CarteaJaimungalProblem,
  value: Float64Array,
  duration: number,
): Float64Array<ArrayBuffer> {
  const { rate, fillDecay, running, maximum } = problem;
  const width = value.length;
  const shift = running * fillDecay * maximum ** 2;
  const diagonal = value.map((_, i) => shift - running * fillDecay * (i - maximum) ** 2);
  const h = Float64Array.from(value);
  let left = duration;
  while (left > 0) {
    const upper = new Float64Array(width);
    const lower = new Float64Array(width);
    let norm = 0;
    for (let i = 0; i < width; i += 1) {
      const ratio = (j: number) => (rate / Math.E) * boundedExp(fillDecay * (h[j]! - h[i]!));
      if (i + 1 < width) upper[i] = ratio(i + 1);
      if (i > 0) lower[i] = ratio(i - 1);
      norm = Math.max(norm, diagonal[i]! + upper[i]! + lower[i]!);
    }
    const tau = Math.min(left, norm > 0 ? 16 / norm : left);
    const ratio = exponentialOfOnes(lower, diagonal, upper, tau);
    for (let i = 0; i < width; i += 1)
      h[i] = h[i]! + (Math.log(ratio[i]!) - shift * tau) / fillDecay;
    left -= tau;
  }
  return h;
}

/** A steeper ratio lasts for a time far below rounding: a later substep resolves what is left. */
const boundedExp = (exponent: number): number => Math.exp(Math.min(exponent, 600));

/** exp(τM)·1 for a tridiagonal matrix M without negative entries, to full relative precision. */
function exponentialOfOnes(
  lower: Float64Array,
  diagonal: Float64Array,
  upper: Float64Array,
  tau: number,
): Float64Array {
  const width = diagonal.length;
  let term = new Float64Array(width).fill(1);
  const sum = Float64Array.from(term);
  for (let order = 1, growing = true; growing; order += 1) {
    const next = new Float64Array(width);
    growing = false;
    for (let i = 0; i < width; i += 1) {
      const product =
        diagonal[i]! * term[i]! +
        (i > 0 ? lower[i]! * term[i - 1]! : 0) +
        (i + 1 < width ? upper[i]! * term[i + 1]! : 0);
      next[i] = (product * tau) / order;
      const before = sum[i]!;
      sum[i] = before + next[i]!;
      if (sum[i] !== before) growing = true;
    }
    term = next;
  }
  return sum;
}

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
