import { z } from 'zod';

import { InputError } from '../../../engine/input-error';
import { defineSolver } from '../solver';

export interface ContinuousExecutionProblem {
  /** Q, shares. */
  readonly quantity: number;
  /** T, time. */
  readonly horizon: number;
  /** k, quote currency·time / shares². */
  readonly temporaryImpact: number;
  /** b, quote currency / shares². */
  readonly permanentImpact: number;
  /** φ, quote currency / (shares² time). */
  readonly runningPenalty: number;
  /** α, quote currency / shares², at least b/2. */
  readonly terminalPenalty: number;
}

export interface ContinuousExecution {
  /** Shares held at a time. */
  holding(time: number): number;
  /** Shares per time at a time. */
  rate(time: number): number;
  /** Expected cost with both penalties, quote currency: ½bQ² + k·v(0)·Q. */
  readonly cost: number;
}

/**
 * The limit of small periods, with a penalty for what is left at the end: minimises the expected cost plus
 * αq_T² + φ∫q²dt. With γ = √(φ/k), A and B = α − b/2 ± √(kφ):
 * q(t) = Q (A e^{−γt} − B e^{−γ(2T − t)}) / (A − B e^{−2γT}), and the rate is minus its derivative.
 *
 * Cartea, Jaimungal and Penalva (2015), Algorithmic and High-Frequency Trading, section 6.5, written with
 * decaying exponentials, which do not overflow.
 * @throws InputError for α < b/2, where leaving shares unsold would pay
 */
export function solveContinuousExecution(problem: ContinuousExecutionProblem): ContinuousExecution {
  const { quantity, horizon, temporaryImpact: k, permanentImpact, runningPenalty } = problem;
  const atEnd = problem.terminalPenalty - permanentImpact / 2;
  if (atEnd < 0) {
    throw new InputError(
      `terminalPenalty: ${problem.terminalPenalty}; expected at least half the permanentImpact, ${permanentImpact / 2}`,
    );
  }
  const finish = (holding: (t: number) => number, rate: (t: number) => number) => ({
    holding,
    rate,
    cost: (permanentImpact / 2) * quantity ** 2 + k * rate(0) * quantity,
  });
  const gamma = Math.sqrt(runningPenalty / k);
  const root = k * gamma;
  if (root === 0) {
    const rate = (quantity * atEnd) / (k + atEnd * horizon);
    return finish(
      (t) => quantity - rate * t,
      () => rate,
    );
  }
  const [a, b] = [atEnd + root, atEnd - root];
  // A − B e^{−x} = 2√(kφ) + B(1 − e^{−x}), which does not cancel.
  const difference = (x: number): number => 2 * root - b * Math.expm1(-x);
  const whole = difference(2 * gamma * horizon);
  return finish(
    (t) => (quantity * Math.exp(-gamma * t) * difference(2 * gamma * (horizon - t))) / whole,
    (t) =>
      (gamma * quantity * Math.exp(-gamma * t) * (a + b * Math.exp(-2 * gamma * (horizon - t)))) /
      whole,
  );
}

export const continuousExecutionSolver = defineSolver({
  name: 'almgren-chriss-continuous',
  title: 'Execution in continuous time, with a penalty for what is left',
  description: 'Holdings and rates in closed form, at evenly spaced times.',
  source:
    'Cartea, Jaimungal and Penalva (2015), Algorithmic and High-Frequency Trading, section 6.5; Almgren and Chriss (2000).',
  schema: z.strictObject({
    quantity: z.number().describe('Q.').meta({ unit: 'shares' }),
    horizon: z.number().positive().describe('T.').meta({ unit: 'time' }),
    temporaryImpact: z
      .number()
      .positive()
      .describe('k.')
      .meta({ unit: 'quote currency·time / shares²' }),
    permanentImpact: z
      .number()
      .nonnegative()
      .default(0)
      .describe('b.')
      .meta({ unit: 'quote currency / shares²' }),
    runningPenalty: z
      .number()
      .nonnegative()
      .default(0)
      .describe('φ, of the squared holding.')
      .meta({ unit: 'quote currency / (shares²·time)' }),
    terminalPenalty: z
      .number()
      .nonnegative()
      .describe('α, of the squared rest.')
      .meta({ unit: 'quote currency / shares²' }),
    points: z
      .int()
      .min(2)
      .default(101)
      .describe('Times at which the answer is given.')
      .meta({ unit: 'points' }),
  }),
  example: {
    quantity: 1,
    horizon: 1,
    temporaryImpact: 1e-3,
    permanentImpact: 1e-3,
    runningPenalty: 1e-2,
    terminalPenalty: 0.1,
  },
  solve({ points, ...problem }) {
    const { holding, rate, cost } = solveContinuousExecution(problem);
    const times = Array.from({ length: points }, (_, i) => (problem.horizon * i) / (points - 1));
    return { times, holdings: times.map(holding), rates: times.map(rate), cost };
  },
});
