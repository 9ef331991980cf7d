import type { ScheduleSolution } from '../schedule';

/** So many lots, or fewer, are put in order one by one. */
const sortedLots = 4096;

/**
 * The cheapest schedule in whole lots. Costs are convex in each period, so lots are taken by their marginal
 * cost a(x + ½), the cheapest first (Gross 1956). Bisection finds two thresholds between which few lots lie,
 * in O(N) a step; those few are sorted. Lots that cost the same go to the earlier period.
 * @param cap whole numbers or infinity, at least Q in all
 */
export function solveWholeLots(
  quantity: number,
  impact: ArrayLike<number>,
  cap: Float64Array,
): ScheduleSolution {
  const total = (threshold: number): number => {
    let sum = 0;
    for (let t = 0; t < cap.length; t += 1) sum += lotsWithin(impact[t]!, cap[t]!, threshold);
    return sum;
  };
  let below = { threshold: 0, total: 0 };
  let above = { threshold: dearest(quantity, impact, cap), total: Infinity };
  while (above.total - below.total > sortedLots) {
    const threshold = below.threshold + (above.threshold - below.threshold) / 2;
    // Neighbouring numbers: all the lots between cost the same.
    if (threshold <= below.threshold || threshold >= above.threshold) break;
    const middle = { threshold, total: total(threshold) };
    if (middle.total <= quantity) below = middle;
    else above = middle;
  }
  const trades = cap.map((most, t) => lotsWithin(impact[t]!, most, below.threshold));
  takeCheapest(trades, quantity - below.total, impact, cap, above.threshold);
  return describe(trades, impact, cap);
}

/** Adds so many lots, the cheapest of those within the threshold. */
function takeCheapest(
  trades: Float64Array,
  missing: number,
  impact: ArrayLike<number>,
  cap: Float64Array,
  threshold: number,
): void {
  if (missing === 0) return;
  const candidates: { readonly period: number; readonly cost: number }[] = [];
  trades.forEach((taken, period) => {
    const end = Math.min(lotsWithin(impact[period]!, cap[period]!, threshold), taken + missing);
    for (let lot = taken; lot < end; lot += 1) {
      candidates.push({ period, cost: impact[period]! * (lot + 0.5) });
    }
  });
  candidates.sort((one, other) => one.cost - other.cost || one.period - other.period);
  for (const { period } of candidates.slice(0, missing)) trades[period]! += 1;
}

function describe(
  trades: Float64Array,
  impact: ArrayLike<number>,
  cap: Float64Array,
): ScheduleSolution {
  const marginalCost = trades.reduce(
    (most, x, t) => (x > 0 ? Math.max(most, impact[t]! * (x - 0.5)) : most),
    0,
  );
  return {
    trades,
    marginalCost,
    capDuals: trades.map((x, t) =>
      x === cap[t] ? Math.max(0, marginalCost - impact[t]! * (x + 0.5)) : 0,
    ),
    cost: trades.reduce((sum, x, t) => sum + 0.5 * impact[t]! * x * x, 0),
  };
}

/** Of one period: how many lots have a marginal cost a(k + ½) of no more than the threshold. */
function lotsWithin(impact: number, most: number, threshold: number): number {
  let lots = Math.floor(threshold / impact + 0.5);
  if (lots >= most && impact * (most - 0.5) <= threshold) return most;
  while (lots > 0 && impact * (lots - 0.5) > threshold) lots -= 1;
  while (lots < most && impact * (lots + 0.5) <= threshold) lots += 1;
  return lots < most ? lots : most;
}

/** A threshold at which every period would take all that it can of the order. */
const dearest = (quantity: number, impact: ArrayLike<number>, cap: Float64Array): number =>
  cap.reduce((most, lots, t) => Math.max(most, impact[t]! * (Math.min(lots, quantity) + 1)), 0);
