import { z } from 'zod';

import { InputError } from '../../engine/input-error';
import { solveWholeLots } from './schedule/whole-lots';
import { defineSolver } from './solver';

export interface ScheduleProblem {
  /** Q, shares, at least 0: a purchase is the same problem. */
  readonly quantity: number;
  /** a₁ … a_N, quote currency / shares², positive: a period's cost is ½a x². */
  readonly impact: ArrayLike<number>;
  /** The most that each period can take, shares; infinity or null: as much as one likes. */
  readonly cap: ArrayLike<number> | null;
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
 * Σ x_t = Q and 0 ≤ x_t ≤ cap_t. The marginal cost a_t x_t is equal wherever no cap binds, x_t(λ) =
 * min(cap_t, λ/a_t), and Σ x_t(λ) is piecewise linear in λ with a bend at each a_t·cap_t: the bends are
 * sorted and the piece that holds Q found by bisection, O(N log N).
 *
 * Water-filling: Boyd and Vandenberghe (2004), Convex Optimization, section 5.5.3 and exercise 5.22.
 * @throws InputError where the caps cannot hold the quantity, with the shortfall
 */
export function solveSchedule(problem: ScheduleProblem): ScheduleSolution {
  const { quantity, impact, lots } = problem;
  const cap = capsOf(problem);
  const room = cap.reduce((sum, most) => sum + most, 0);
  if (quantity > room * (1 + 1e-12)) {
    throw new InputError(
      `cap: the periods can take ${room} shares in all, ${quantity - room} fewer than the quantity ${quantity}`,
    );
  }
  if (lots) return solveWholeLots(quantity, impact, cap);
  const marginalCost = findMarginalCost(quantity, impact, cap);
  const trades = cap.map((most, t) => Math.min(most, marginalCost / impact[t]!));
  return {
    trades,
    marginalCost,
    capDuals: cap.map((most, t) => Math.max(0, marginalCost - impact[t]! * most)),
    cost: trades.reduce((sum, x, t) => sum + 0.5 * impact[t]! * x * x, 0),
  };
}

function capsOf({ impact, cap, lots }: ScheduleProblem): Float64Array {
  if (cap === null) return new Float64Array(impact.length).fill(Infinity);
  if (cap.length !== impact.length) {
    throw new InputError(
      `cap: ${cap.length} numbers for ${impact.length} periods of impact; expected one a period`,
    );
  }
  return Float64Array.from(cap, (most) => (lots ? Math.floor(most) : most));
}

/** λ with Σ min(cap_t, λ/a_t) = Q. */
function findMarginalCost(quantity: number, impact: ArrayLike<number>, cap: Float64Array): number {
  if (quantity === 0) return 0;
  const bends = cap.map((most, t) => most * impact[t]!).sort();
  const traded = (lambda: number): number => {
    let sum = 0;
    for (let t = 0; t < cap.length; t += 1) {
      const most = cap[t]!;
      const free = lambda / impact[t]!;
      sum += free < most ? free : most;
    }
    return sum;
  };
  // The first bend at which the quantity is reached; the line before it leads there.
  let [from, to] = [0, bends.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    const lambda = bends[middle]!;
    if (lambda === Infinity || traded(lambda) >= quantity) to = middle;
    else from = middle + 1;
  }
  const last = bends[Math.min(from, bends.length - 1)]!;
  let [bound, slope] = [0, 0];
  cap.forEach((most, t) => {
    if (most * impact[t]! < last) bound += most;
    else slope += 1 / impact[t]!;
  });
  return Math.min((quantity - bound) / slope, last);
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
  solve({ cap, ...input }) {
    if (input.lots && !Number.isInteger(input.quantity)) {
      throw new InputError(`quantity: ${input.quantity}; expected a whole number with lots: true`);
    }
    const caps = cap && Float64Array.from(cap, (most) => most ?? Infinity);
    const { trades, capDuals, ...rest } = solveSchedule({ ...input, cap: caps });
    return { trades: [...trades], ...rest, capDuals: [...capDuals] };
  },
});
