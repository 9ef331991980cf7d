import { Matrix } from 'ml-matrix';
import { z } from 'zod';

import { InputError } from '../../engine/input-error';
import { solveBlocks } from './basket/blocks';
import { isSymmetric, skewPart, squareMatrix, symmetricPart, timesVector } from './basket/matrices';
import { findModes, tradeModes } from './basket/modes';
import { defineSolver } from './solver';

type Rows = readonly (readonly number[])[];

export interface BasketProblem {
  /** X, shares of each asset; negative for a purchase. [m] */
  readonly quantities: readonly number[];
  /** N */
  readonly periods: number;
  /** T, time. */
  readonly horizon: number;
  /** C of the price moves, quote currency² / (share² time). [m, m] */
  readonly covariance: Rows;
  /** H, quote currency per share of price for each share per time. [m, m] */
  readonly temporaryImpact: Rows;
  /** Γ, quote currency / share²: price of the row's asset for each share of the column's. [m, m] */
  readonly permanentImpact: Rows;
  /** ε, quote currency per share. [m] */
  readonly spreadCost: readonly number[];
  /** λ, 1/quote currency; negative seeks risk. */
  readonly riskAversion: number;
}

export interface BasketSolution {
  /** x₀ … x_N, shares, each [m]. */
  readonly holdings: readonly Float64Array[];
  /** n₁ … n_N, shares, each [m]. */
  readonly trades: readonly Float64Array[];
  /** E of the implementation shortfall, spread cost included, quote currency. */
  readonly expectedCost: number;
  /** V of the implementation shortfall, quote currency². */
  readonly variance: number;
  /** E + λV, quote currency. */
  readonly utility: number;
  /** κ_j, 1/time, rising; for λ < 0 their moduli; null where Γ is not symmetric. [m] */
  readonly rates: Float64Array | null;
  /**
   * How far E + λV can at most be above the least possible, quote currency: the schedule is the best
   * one without spread cost, and with it where this is 0, no asset being both bought and sold.
   */
  readonly spreadCostGap: number;
}

/**
 * The schedule of a basket that minimises E + λV of its implementation shortfall, the assets'
 * impacts and risks being dependent; spread cost is reported and does not steer it.
 *
 * Almgren and Chriss (2000), Optimal execution of portfolio transactions, Journal of Risk 3,
 * appendix A, with cross impact. Prices move by −Γn_k after trade k, and trade k is executed at
 * Hn_k/τ below the price before it. A symmetric Γ leaves a generalised eigenproblem, O(m³ + Nm²);
 * another one a block tridiagonal system, O(Nm³).
 * @throws InputError for matrices of the wrong shape, H̃ not positive definite, C not positive
 *   semidefinite, or where E + λV has no minimum
 */
export function solveBasket(problem: BasketProblem): BasketSolution {
  const { periods, horizon, riskAversion } = problem;
  const quantities = Float64Array.from(problem.quantities);
  const size = quantities.length;
  const tau = horizon / periods;
  const covariance = squareMatrix(problem.covariance, size, 'covariance');
  const temporary = squareMatrix(problem.temporaryImpact, size, 'temporaryImpact');
  const permanent = squareMatrix(problem.permanentImpact, size, 'permanentImpact');
  if (problem.spreadCost.length !== size) {
    throw new InputError(
      `spreadCost: ${problem.spreadCost.length} numbers; expected ${size}, as there are ${size} quantities`,
    );
  }
  if (!isSymmetric(covariance)) {
    throw new InputError('covariance: not symmetric; expected C[i][j] = C[j][i]');
  }
  const risk = symmetricPart(covariance);
  const impact = Matrix.sub(
    symmetricPart(temporary),
    Matrix.mul(symmetricPart(permanent), tau / 2),
  );
  const plan = { quantities, periods, horizon, riskAversion };
  const modes = findModes(impact, risk);
  const { holdings, trades, rates } = isSymmetric(permanent)
    ? tradeModes(modes, plan)
    : tradeBlocks(
        solveBlocks({ impact, skew: skewPart(permanent), covariance: risk }, plan),
        quantities,
      );

  let expectedCost = 0;
  let variance = 0;
  trades.forEach((traded, k) => {
    const held = holdings[k]!;
    expectedCost +=
      dot(held, timesVector(permanent, traded)) +
      dot(traded, timesVector(temporary, traded)) / tau +
      traded.reduce((sum, n, i) => sum + problem.spreadCost[i]! * Math.abs(n), 0);
    variance += tau * dot(held, timesVector(risk, held));
  });
  return {
    holdings: [quantities, ...holdings],
    trades,
    expectedCost,
    variance,
    utility: expectedCost + riskAversion * variance,
    rates,
    spreadCostGap: problem.spreadCost.reduce(
      (sum, cost, i) => sum + cost * excessVolume(quantities[i]!, trades, i),
      0,
    ),
  };
}

function tradeBlocks(holdings: Float64Array[], quantities: Float64Array) {
  const trades = holdings.map((held, k) =>
    held.map((value, i) => (k === 0 ? quantities : holdings[k - 1]!)[i]! - value),
  );
  return { holdings, trades, rates: null };
}

/** Σ|n| − |X| of one asset: what is bought and sold again, or the reverse. */
function excessVolume(quantity: number, trades: readonly Float64Array[], asset: number): number {
  const against = (trade: number) => (quantity === 0 || trade * quantity < 0 ? Math.abs(trade) : 0);
  const sum = trades.reduce((total, traded) => total + against(traded[asset]!), 0);
  return quantity === 0 ? sum : 2 * sum;
}

const dot = (left: Float64Array, right: Float64Array): number =>
  left.reduce((sum, value, i) => sum + value * right[i]!, 0);

const matrix = z.array(z.array(z.number()));

export const basketSolver = defineSolver({
  name: 'basket',
  title: 'Execution of a basket against impact, cross impact and joint risk',
  description:
    'The schedule that minimises expected cost plus risk aversion times variance: by a generalised eigenproblem where permanent impact is symmetric, by block elimination where it is not. Exact where no asset is both bought and sold; otherwise spreadCostGap bounds what spread cost could still save.',
  source:
    'Almgren and Chriss (2000), Optimal execution of portfolio transactions, Journal of Risk 3, appendix A.',
  schema: z.strictObject({
    quantities: z
      .array(z.number())
      .min(1)
      .describe('What is to be sold of each of m assets; negative for a purchase.')
      .meta({ unit: 'shares' }),
    periods: z.int().positive().max(1_000_000).describe('Periods N.').meta({ unit: 'periods' }),
    horizon: z.number().positive().describe('Horizon T.').meta({ unit: 'time' }),
    covariance: matrix
      .describe('Covariance C of the price moves per unit of time, m rows of m.')
      .meta({ unit: 'quote currency² / (share² time)' }),
    temporaryImpact: matrix
      .describe(
        'Temporary impact H: how much worse a price (row) is for each share per time traded (column).',
      )
      .meta({ unit: 'quote currency · time / share²' }),
    permanentImpact: matrix
      .describe(
        'Permanent impact Γ: how far a price (row) moves for each share traded (column); need not be symmetric.',
      )
      .meta({ unit: 'quote currency / share²' }),
    spreadCost: z
      .array(z.number().nonnegative())
      .describe('Spread cost ε of each asset, such as half its spread.')
      .meta({ unit: 'quote currency / share' }),
    riskAversion: z
      .number()
      .describe('Risk aversion λ; 0 ignores risk, a negative one seeks it.')
      .meta({ unit: '1/quote currency' }),
  }),
  example: {
    quantities: [1e6, 4e5, -3e5],
    periods: 10,
    horizon: 5,
    covariance: [
      [0.9, 0.5, 0.2],
      [0.5, 0.8, 0.3],
      [0.2, 0.3, 0.6],
    ],
    temporaryImpact: [
      [2.5e-6, 2e-7, 0],
      [2e-7, 4e-6, 1e-7],
      [0, 1e-7, 3e-6],
    ],
    permanentImpact: [
      [2.5e-7, 5e-8, 0],
      [5e-8, 3e-7, 2e-8],
      [0, 2e-8, 2e-7],
    ],
    spreadCost: [0.0625, 0.05, 0.04],
    riskAversion: 1e-6,
  },
  solve(input) {
    const { holdings, trades, rates, ...costs } = solveBasket(input);
    return {
      holdings: holdings.map((held) => [...held]),
      trades: trades.map((traded) => [...traded]),
      ...costs,
      rates: rates && [...rates],
    };
  },
});
