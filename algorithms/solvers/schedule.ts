import { z } from 'zod';

import { InputError } from '../../engine/input-error';
import { costOf, createLevel } from './schedule/level';
import { solveWholeLots } from './schedule/whole-lots';
import { defineSolver } from './solver';

export interface ScheduleProblem {
  /** Q, shares, at least 0: a purchase is the same problem. */
  readonly quantity: number;
  /** a₁ … a_N, quote currency / shares², positive: a period's cost is ½a x². */
  readonly impact: ArrayLike<number>;
  /** The most that each period can take, shares; null or infinity: as much as one likes. */
  readonly cap: ArrayLike<number | null> | null;
  /** Whether trades are whole numbers; caps are rounded down. */
  readonly lots: boolean;
}

export interface ScheduleSolution {
  /** x₁ … x_N, shares. */
  readonly trades: Float64Array;
  /**
   * λ, quote currency / share: what one more share would cost. In whole lots the cost of the dearest lot
   * traded. Where every cap binds, the least of the values that are right.
   */
  readonly marginalCost: number;
  /** μ₁ … μ_N, quote currency / share: what one more share of capacity would save. */
  readonly capDuals: Float64Array;
  /** ½Σ a x², quote currency. */
  readonly cost: number;
}

/**
 * The cheapest way to trade a quantity over periods of limited liquidity: minimise ½Σ a_t x_t² subject to
 * Σ x_t = Q and 0 ≤ x_t ≤ cap_t, with x_t = min(cap_t, λ/a_t). Exact to rounding, O(N log N).
 *
 * Water-filling: Boyd and Vandenberghe (2004), Convex Optimization, section 5.5.3 and exercise 5.22.
 * @throws InputError where the caps cannot hold the quantity, with the shortfall; for whole lots where the
 * quantity is broken or above 2⁵³
 */
export function solveSchedule(problem: ScheduleProblem): ScheduleSolution {
  const { quantity, impact, lots } = problem;
  if (lots && !Number.isSafeInteger(quantity)) {
    throw new InputError(
      `quantity: ${quantity}; expected a whole number below 2^53 with lots: true`,
    );
  }
  const cap = capsOf(problem);
  const room = cap.reduce((sum, most) => sum + most, 0);
  if (quantity > (lots ? room : room * (1 + 1e-12))) {
    throw new InputError(
      `cap: the periods can take ${room} shares in all, ${quantity - room} fewer than the quantity ${quantity}`,
    );
  }
  const solution = lots
    ? solveWholeLots(quantity, impact, cap)
    : solveFractions(quantity, impact, cap);
  const traded = solution.trades.reduce((sum, x) => sum + x, 0);
  if (
    !Number.isFinite(solution.cost) ||
    !(Math.abs(traded - quantity) <= 1e-6 * quantity + 1e-300)
  ) {
    throw new InputError('impact: beyond what float64 can hold; expected other units');
  }
  return solution;
}

function solveFractions(
  quantity: number,
  impact: ArrayLike<number>,
  cap: Float64Array,
): ScheduleSolution {
  const marginalCost = createLevel(impact, cap)(quantity);
  const trades = cap.map((most, t) => Math.min(most, marginalCost / impact[t]!));
  return {
    trades,
    marginalCost,
    capDuals: cap.map((most, t) => Math.max(0, marginalCost - impact[t]! * most)),
    cost: costOf(trades, impact),
  };
}

function capsOf({ impact, cap, lots }: ScheduleProblem): Float64Array {
  if (cap === null) return new Float64Array(impact.length).fill(Infinity);
  if (cap.length !== impact.length) {
    throw new InputError(
      `cap: ${cap.length} numbers for ${impact.length} periods of impact; expected one a period`,
    );
  }
  const caps = new Float64Array(cap.length);
  for (let t = 0; t < caps.length; t += 1) {
    const most = cap[t] ?? Infinity;
    caps[t] = lots ? Math.floor(most) : most;
  }
  return caps;
}

export const scheduleSolver = defineSolver({
  name: 'schedule',
  title: 'Execution under liquidity caps, at equal marginal cost',
  description:
    'Trades a quantity over periods with quadratic impact and caps at the least cost, exactly, in O(n log n); whole lots as well.',
  source:
    'Water-filling: Boyd and Vandenberghe (2004), Convex Optimization, section 5.5.3; whole lots by the greedy rule for separable convex costs (Gross 1956).',
  schema: z.strictObject({
    quantity: z
      .number()
      .nonnegative()
      .describe('What is to be traded; a purchase is the same problem.')
      .meta({ unit: 'shares' }),
    impact: z
      .array(z.number().positive())
      .min(1)
      .describe('a of each period: trading x costs ½a x².')
      .meta({ unit: 'quote currency / shares²' }),
    cap: z
      .array(z.number().nonnegative().nullable())
      .nullable()
      .default(null)
      .describe('The most that each period can take; null: as much as one likes.')
      .meta({ unit: 'shares' }),
    lots: z
      .boolean()
      .default(false)
      .describe('Whether trades are whole numbers of shares; caps are rounded down.')
      .meta({ unit: '' }),
  }),
  example: { quantity: 7, impact: [1, 2, 4], cap: [3, 10, 10] },
  solve(input) {
    const { trades, marginalCost, capDuals, cost } = solveSchedule(input);
    // A million numbers: Array.from takes a fifth of the time of a spread.
    return { trades: Array.from(trades), marginalCost, capDuals: Array.from(capDuals), cost };
  },
});
