import { z } from 'zod';

import { InputError } from '../../engine/input-error';
import { mostTrades, solvePositiveDefinite } from './obizhaeva-wang/cholesky';
import { defineSolver } from './solver';

export interface ObizhaevaWangProblem {
  /** X, shares. */
  readonly quantity: number;
  /** N periods: N + 1 trades. */
  readonly periods: number;
  /** T, time. */
  readonly horizon: number;
  /** ρ, 1/time. */
  readonly resilience: number;
  /** κ, quote currency / shares². */
  readonly impact: number;
}

export interface TransientSolution {
  /** x₀ … x_N, shares. */
  readonly trades: Float64Array;
  /** Expected cost of impact, quote currency. */
  readonly cost: number;
}

/**
 * The cheapest schedule where impact decays as κe^{−ρt}, trades evenly spaced from 0 to T: with a = e^{−ρT/N}
 * the first and the last trade are X/((N − 1)(1 − a) + 2), those between them (1 − a) times that.
 *
 * Obizhaeva and Wang (2013), Optimal trading strategy and supply/demand dynamics, Journal of Financial
 * Markets 16, proposition 1 in the limit of no drift; Alfonsi, Fruth and Schied (2010), Quantitative Finance 10.
 */
export function solveObizhaevaWang(problem: ObizhaevaWangProblem): TransientSolution {
  const { quantity, periods, horizon, resilience, impact } = problem;
  const step = (resilience * horizon) / periods;
  const between = -Math.expm1(-step);
  const ends = quantity / ((periods - 1) * between + 2);
  const trades = new Float64Array(periods + 1).fill(between * ends);
  trades[0] = ends;
  trades[periods] = ends;
  return { trades, cost: 0.5 * impact * quantity * (1 + Math.exp(-step)) * ends };
}

/**
 * The same at any times: with a_i = e^{−ρ(t_i − t_{i−1})} the trades are as 1/(1 + a_1) at first, 1/(1 + a_N) at
 * last, and 1/(1 + a_i) − a_{i+1}/(1 + a_{i+1}) between them. O(N).
 *
 * Alfonsi, Fruth and Schied (2008), Constrained portfolio liquidation in a limit order book model, Banach Center
 * Publications 83.
 * @param times of the trades, two or more, ascending
 */
export function solveExponentialImpact(
  { quantity, resilience, impact }: Omit<ObizhaevaWangProblem, 'periods' | 'horizon'>,
  times: readonly number[],
): TransientSolution {
  const last = times.length - 1;
  const share = (i: number): number =>
    1 / (1 + Math.exp(-resilience * (times[i]! - times[i - 1]!)));
  const trades = new Float64Array(times.length);
  trades[0] = share(1);
  trades[last] = share(last);
  for (let i = 1; i < last; i += 1) {
    // 1 − a_i a_{i+1}, which does not cancel.
    const faded = -Math.expm1(-resilience * (times[i + 1]! - times[i - 1]!));
    trades[i] = faded * share(i) * share(i + 1);
  }
  return scaleTo(quantity, impact, trades);
}

/** The trades in proportion to the solution u of Gu = 1, and ½xᵀGx. */
function scaleTo(quantity: number, impact: number, shares: Float64Array): TransientSolution {
  const total = shares.reduce((sum, share) => sum + share, 0);
  return {
    trades: shares.map((share) => (quantity * share) / total),
    cost: (0.5 * impact * quantity ** 2) / total,
  };
}

/** The limit of many periods: blocks at both ends, an even rate between them. */
export function solveContinuousTransient({
  quantity,
  horizon,
  resilience,
  impact,
}: Omit<ObizhaevaWangProblem, 'periods'>): { block: number; rate: number; cost: number } {
  const block = quantity / (resilience * horizon + 2);
  return { block, rate: resilience * block, cost: impact * quantity * block };
}

/**
 * The cheapest schedule under any decay of impact, at any times: G u = 1 with G_ij = κ·decay(|t_i − t_j|), then
 * x = Xu/Σu at the cost ½xᵀGx = ½X²/Σu. O(n³).
 *
 * Gatheral, Schied and Slynko (2012), Transient linear price impact and Fredholm integral equations,
 * Mathematical Finance 22.
 * @param times of the trades, ascending
 * @param decay of a lag, 1 at lag 0
 * @throws InputError where G is not positive definite: prices could be manipulated at a profit; and for
 * thousands of times
 */
export function solveTransientImpact(
  quantity: number,
  impact: number,
  times: readonly number[],
  decay: (lag: number) => number,
): TransientSolution {
  const n = times.length;
  if (n > mostTrades) {
    throw new InputError(
      `periods: ${n - 1}; under such a kernel expected at most ${mostTrades - 1}`,
    );
  }
  const matrix = new Float64Array(n * n);
  for (let i = 0; i < n; i += 1) {
    for (let j = 0; j <= i; j += 1) matrix[i * n + j] = decay(times[i]! - times[j]!);
  }
  const shares = solvePositiveDefinite(matrix, new Float64Array(n).fill(1));
  if (shares === null) {
    throw new InputError(
      'kernel: not positive definite at these times, so that no schedule is the cheapest; expected a convex decay, at times apart',
    );
  }
  return scaleTo(quantity, impact, shares);
}

const rate = z.number().nonnegative().meta({ unit: '1/time' });

const kernelSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('power-law').describe('(1 + t/scale)^−exponent.').meta({ unit: '' }),
    exponent: z.number().positive().describe('Exponent of the decay.').meta({ unit: '1' }),
    scale: z.number().positive().describe('Time in which it begins.').meta({ unit: 'time' }),
  }),
  z.strictObject({
    kind: z.literal('exponentials').describe('Σ weight·e^{−resilience·t}.').meta({ unit: '' }),
    terms: z
      .array(
        z.strictObject({
          weight: z.number().positive().describe('Relative weight.').meta({ unit: '1' }),
          resilience: rate.describe('Its ρ.'),
        }),
      )
      .min(1)
      .describe('The parts; weights are divided by their sum.')
      .meta({ unit: '' }),
  }),
]);

type Kernel = z.output<typeof kernelSchema>;

function decayOf(kernel: Kernel): (lag: number) => number {
  if (kernel.kind === 'power-law') return (lag) => (1 + lag / kernel.scale) ** -kernel.exponent;
  const total = kernel.terms.reduce((sum, { weight }) => sum + weight, 0);
  return (lag) =>
    kernel.terms.reduce(
      (sum, { weight, resilience: own }) => sum + (weight / total) * Math.exp(-own * lag),
      0,
    );
}

export const obizhaevaWangSolver = defineSolver({
  name: 'obizhaeva-wang',
  title: 'Execution where impact decays',
  description:
    'Closed form for exponential decay, at even times or others; other kernels by a linear solve, O(n³).',
  source:
    'Obizhaeva and Wang (2013), Journal of Financial Markets 16; Alfonsi, Fruth and Schied (2008), Banach Center Publications 83; Gatheral, Schied and Slynko (2012), Mathematical Finance 22.',
  schema: z
    .strictObject({
      quantity: z.number().describe('X; negative for a purchase.').meta({ unit: 'shares' }),
      periods: z
        .int()
        .positive()
        .max(10_000_000)
        .describe('N: there are N + 1 trades, the first at 0 and the last at the horizon.')
        .meta({ unit: 'periods' }),
      horizon: z.number().positive().describe('T.').meta({ unit: 'time' }),
      resilience: rate.default(0).describe('ρ of exponential decay.'),
      impact: z
        .number()
        .positive()
        .describe('κ: what the price gives way for one share.')
        .meta({ unit: 'quote currency / shares²' }),
      kernel: kernelSchema
        .nullable()
        .default(null)
        .describe('Another decay; null: exponential with the resilience.')
        .meta({ unit: '' }),
      times: z
        .array(z.number().nonnegative())
        .nullable()
        .default(null)
        .describe('N + 1 ascending times of the trades; null: evenly spaced.')
        .meta({ unit: 'time' }),
    })
    .refine(({ kernel, resilience }) => kernel !== null || resilience > 0, {
      path: ['resilience'],
      message: 'expected more than 0, or another kernel',
    })
    .refine(({ times, periods }) => times === null || times.length === periods + 1, {
      path: ['times'],
      message: 'expected one number more than there are periods',
    })
    .refine(({ times }) => times === null || times.every((t, i) => i === 0 || t > times[i - 1]!), {
      path: ['times'],
      message: 'expected ascending times',
    })
    .refine(({ times, horizon }) => times === null || times.at(-1)! <= horizon, {
      path: ['times'],
      message: 'expected times up to the horizon',
    }),
  example: { quantity: 1e5, periods: 10, horizon: 1, resilience: 2, impact: 1e-4 },
  solve({ kernel, times, ...problem }) {
    const { quantity, periods, horizon, impact } = problem;
    const at = times ?? Array.from({ length: periods + 1 }, (_, i) => (horizon * i) / periods);
    const solution =
      kernel !== null
        ? solveTransientImpact(quantity, impact, at, decayOf(kernel))
        : times !== null
          ? solveExponentialImpact(problem, times)
          : solveObizhaevaWang(problem);
    return {
      trades: Array.from(solution.trades),
      cost: solution.cost,
      times: at,
      ...(kernel === null ? { continuous: solveContinuousTransient(problem) } : {}),
    };
  },
});
