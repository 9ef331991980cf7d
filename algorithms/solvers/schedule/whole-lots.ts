import type { ScheduleSolution } from '../schedule';
import { costOf, createLevel } from './level';

/**
 * The cheapest schedule in whole lots. Costs are convex in each period, so that taking lots by their marginal
 * cost a(x + ½), the cheapest first, is exact (Gross 1956); lots that cost the same go to the earlier period.
 * Not one by one from a heap, which takes Q steps: at a marginal cost λ a period's lots and its trade in
 * fractions differ by half a lot at most, so that all lots below the λ of Q − N/2 are taken and none above
 * that of Q + N/2, and of the 2N or fewer between them the cheapest are found by sorting: O(N log N).
 * @param quantity a whole number of at most Σ cap and 2⁵³
 * @param cap whole numbers or infinity
 */
export function solveWholeLots(
  quantity: number,
  impact: ArrayLike<number>,
  cap: Float64Array,
): ScheduleSolution {
  const most = cap.map((lots) => Math.min(lots, quantity));
  const { taken, open } = bracketLots(quantity, impact, most);
  takeCheapest(taken, open, quantity - totalOf(taken), impact);
  const marginalCost = taken.reduce(
    (dearest, x, t) => (x > 0 ? Math.max(dearest, impact[t]! * (x - 0.5)) : dearest),
    0,
  );
  return {
    trades: taken,
    marginalCost,
    capDuals: taken.map((x, t) =>
      x === cap[t] ? Math.max(0, marginalCost - impact[t]! * (x + 0.5)) : 0,
    ),
    cost: costOf(taken, impact),
  };
}

/** Lots of each period that are surely taken, and up to how many may be. */
function bracketLots(
  quantity: number,
  impact: ArrayLike<number>,
  most: Float64Array,
): { readonly taken: Float64Array; readonly open: Float64Array } {
  const room = totalOf(most);
  const levelOf = createLevel(impact, most);
  const lotsAt = (fractions: number): Float64Array => {
    const level = levelOf(Math.min(Math.max(fractions, 0), room));
    return most.map((lots, t) => lotsWithin(impact[t]!, lots, level));
  };
  // Half a lot a period would do if sums were exact.
  for (let margin = most.length / 2 + 1e-12 * quantity; ; margin *= 4) {
    const taken = lotsAt(quantity - margin);
    const open = lotsAt(quantity + margin);
    if (totalOf(taken) <= quantity && totalOf(open) >= quantity) return { taken, open };
  }
}

/** Adds so many lots to those taken, the cheapest of the open ones. */
function takeCheapest(
  taken: Float64Array,
  open: Float64Array,
  missing: number,
  impact: ArrayLike<number>,
): void {
  if (missing === 0) return;
  const costs = new Float64Array(totalOf(open) - totalOf(taken));
  let count = 0;
  for (let t = 0; t < taken.length; t += 1) {
    for (let lot = taken[t]!; lot < open[t]!; lot += 1) costs[count++] = impact[t]! * (lot + 0.5);
  }
  costs.sort();
  const dearest = costs[missing - 1]!;
  let equal = missing - costs.indexOf(dearest);
  for (let t = 0; t < taken.length; t += 1) {
    const first = taken[t]!;
    for (let lot = first; lot < open[t]!; lot += 1) {
      const cost = impact[t]! * (lot + 0.5);
      if (cost > dearest || (cost === dearest && equal === 0)) break;
      if (cost === dearest) equal -= 1;
      taken[t]! += 1;
    }
  }
}

/** Of one period: how many lots have a marginal cost a(k + ½) of no more than the level. */
function lotsWithin(impact: number, most: number, level: number): number {
  if (impact * (most - 0.5) <= level) return most;
  let lots = Math.floor(level / impact + 0.5);
  while (lots > 0 && impact * (lots - 0.5) > level) lots -= 1;
  while (impact * (lots + 0.5) <= level) lots += 1;
  return lots;
}

const totalOf = (lots: Float64Array): number => lots.reduce((sum, x) => sum + x, 0);
