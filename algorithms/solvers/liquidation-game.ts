import { z } from 'zod';

import { InputError } from '../../engine/input-error';
import { defineSolver } from './solver';

export interface LiquidationGameProblem {
  /** γ, quote currency / share². */
  readonly permanentImpact: number;
  /** λ, quote currency per share of price for each share per time that all trade together. */
  readonly temporaryImpact: number;
  /** T, time. */
  readonly horizon: number;
  /** Δ₁ … Δ_n, shares each player ends with more than it began with; negative: a sale; 0: a predator. */
  readonly targets: readonly number[];
  /** Equidistant times at which the paths are given, ends included; at least 2. */
  readonly points: number;
}

export interface LiquidationGameSolution {
  /** Time, [points]. */
  readonly times: Float64Array;
  /** x_i(t) − x_i(0) of each player, shares, [points]. */
  readonly holdings: readonly Float64Array[];
  /** ẋ_i(t) of each player, shares / time, [points]. */
  readonly rates: readonly Float64Array[];
  /** What each player pays above the price before the game, quote currency; negative: a gain. */
  readonly cost: Float64Array;
  /** What each would pay if the others did not trade, quote currency. */
  readonly costAlone: Float64Array;
  /** P − U less the impact of what was held at the start, quote currency / share, [points]. */
  readonly price: Float64Array;
}

/**
 * The open-loop Nash equilibrium of n players who know of each other and trade at
 * P = U + γΣx_i + λΣẋ_i: ẋ_i = a e^{−ct} + b_i e^{kt} with k = γ/λ, c = k(n − 1)/(n + 1),
 * a = cΔ̄/(1 − e^{−cT}), b_i = k(Δ_i − Δ̄)/(e^{kT} − 1).
 *
 * Carlin, Lobo and Viswanathan (2007), Episodic liquidity crises, Journal of Finance 62, result 1.
 * As the b_i sum to zero the price depends on ΣΔ alone, and the cost integrates to
 * λΣΔ·[(Δ_i − Δ̄)k/(1 − e^{−kT}) + Δ̄c/(1 − e^{−cT})] + γΣΔ·Δ̄/(n + 1).
 * Exponents are negative throughout: no overflow however large γT/λ, and no cancellation near zero.
 * @throws InputError where γT/λ is beyond float64
 */
export function solveLiquidationGame(problem: LiquidationGameProblem): LiquidationGameSolution {
  const { permanentImpact, temporaryImpact, horizon, targets, points } = problem;
  const players = targets.length;
  const build = permanentImpact / temporaryImpact;
  if (!Number.isFinite(build * horizon)) {
    throw new InputError(
      `temporaryImpact: ${temporaryImpact} is too small beside permanentImpact × horizon, ${permanentImpact} × ${horizon}`,
    );
  }
  const decay = (build * (players - 1)) / (players + 1);
  const total = targets.reduce((sum, target) => sum + target, 0);
  const mean = total / players;
  const [first, last] = [meanRate(decay, horizon), meanRate(build, horizon)];

  const times = Float64Array.from({ length: points }, (_, k) => (horizon * k) / (points - 1));
  const common = times.map((t) => mean * partDone(decay, horizon, t));
  const commonRate = times.map((t) => mean * first * Math.exp(-decay * t));
  const own = times.map((t) => Math.exp(-build * (horizon - t)) * partDone(build, horizon, t));
  const ownRate = times.map((t) => last * Math.exp(-build * (horizon - t)));
  const along = (together: Float64Array, apart: Float64Array) =>
    targets.map((target) => together.map((value, k) => value + (target - mean) * apart[k]!));

  const spillover = (permanentImpact * total * mean) / (players + 1);
  return {
    times,
    holdings: along(common, own),
    rates: along(commonRate, ownRate),
    cost: Float64Array.from(
      targets,
      (target) => temporaryImpact * total * ((target - mean) * last + mean * first) + spillover,
    ),
    costAlone: Float64Array.from(
      targets,
      (target) => (permanentImpact / 2 + temporaryImpact / horizon) * target ** 2,
    ),
    price: times.map(
      (_, k) => players * (permanentImpact * common[k]! + temporaryImpact * commonRate[k]!),
    ),
  };
}

/** cT below it changes nothing in float64; far below, quotients of subnormal numbers would lose digits. */
const negligible = 1e-17;

/** c / (1 − e^{−cT}); 1/T for c = 0. */
const meanRate = (decay: number, horizon: number): number =>
  decay * horizon < negligible ? 1 / horizon : -decay / Math.expm1(-decay * horizon);

/** (1 − e^{−ct}) / (1 − e^{−cT}); t/T for c = 0. */
const partDone = (decay: number, horizon: number, time: number): number =>
  decay * horizon < negligible
    ? time / horizon
    : Math.expm1(-decay * time) / Math.expm1(-decay * horizon);

export const liquidationGameSolver = defineSolver({
  name: 'liquidation-game',
  title: 'Strategic liquidation: predators beside a trader who has to trade',
  description:
    'The Nash equilibrium of n players who move one price, in closed form: who is to trade, and who trades along and back.',
  source:
    'Carlin, Lobo and Viswanathan (2007), Episodic liquidity crises: cooperative and predatory trading, Journal of Finance 62.',
  schema: z.strictObject({
    permanentImpact: z
      .number()
      .nonnegative()
      .describe('Permanent impact γ of a share on the price.')
      .meta({ unit: 'quote currency / share²' }),
    temporaryImpact: z
      .number()
      .positive()
      .describe('Temporary impact λ of the rate at which all trade together.')
      .meta({ unit: 'quote currency · time / share²' }),
    horizon: z.number().positive().describe('Horizon T.').meta({ unit: 'time' }),
    targets: z
      .array(z.number())
      .min(1)
      .describe(
        'For each player the change Δ of its position over the horizon; negative: a sale; 0: a predator.',
      )
      .meta({ unit: 'shares' }),
    points: z
      .int()
      .min(2)
      .max(1_000_000)
      .default(101)
      .describe('At how many equidistant times the paths are given, both ends included.')
      .meta({ unit: 'times' }),
  }),
  example: {
    permanentImpact: 10,
    temporaryImpact: 1,
    horizon: 1,
    targets: [-1, 0],
    points: 101,
  },
  solve(input) {
    const { times, holdings, rates, cost, costAlone, price } = solveLiquidationGame(input);
    return {
      times: [...times],
      holdings: holdings.map((path) => [...path]),
      rates: rates.map((path) => [...path]),
      cost: [...cost],
      costAlone: [...costAlone],
      price: [...price],
    };
  },
});
