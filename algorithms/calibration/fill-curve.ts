import type { Estimate } from './estimate';

/** What is known of the market orders that arrived. */
export interface Reaches {
  /** How far from the mid before it each market order traded at its deepest, quote currency. */
  readonly reaches: ArrayLike<number>;
  /** How long they were watched, on both sides at once; in units of time. */
  readonly watched: number;
  /** Depth from which the law is fitted, quote currency. */
  readonly minimum: number;
  /** Spacing of prices, quote currency; 0: prices are continuous. */
  readonly tick: number;
}

export interface FillCurveEstimate {
  /** A: market orders per side and unit of time that reach the depth zero, by extrapolation. */
  readonly arrivalRate: Estimate;
  /** k, 1/quote currency. */
  readonly fillDecay: Estimate;
  readonly minimum: number;
  /** Orders that reached at least the minimum. */
  readonly orders: number;
}

export interface FillCurvePoint {
  /** Quote currency. */
  readonly depth: number;
  /** Market orders per side and unit of time that reach it, and its Poisson error. */
  readonly measured: Estimate;
  /** A e^{−k·depth} */
  readonly fitted: number;
}

/** Prices this fraction of a tick off the grid are on it. */
const tolerance = 1e-4;

/**
 * The law Λ(δ) = A e^{−kδ} of Avellaneda and Stoikov (2008), section 2.5, by maximum likelihood.
 * An order that traded d from the mid has reached d but not the next price beyond it. So, of the orders
 * beyond the first price at or beyond the minimum, the number of further ticks is geometric with
 * ratio e^{−k·tick}: k = ln(1 + N/Σ ticks)/tick, wherever the mid lies between ticks; its limit for
 * continuous prices is N/Σ(d − minimum). Each order stands for e^{kd₀} of those at the mid, where d₀
 * is that first price's depth: A = Σ e^{kd₀}/(2·watched). Errors: the inverse Fisher information
 * for k; the orders' Poisson number and k's error for A.
 * @returns null where fewer than two orders reach the minimum, or none goes beyond it
 */
export function estimateFillCurve(data: Reaches): FillCurveEstimate | null {
  const { reaches, watched, minimum } = data;
  const first = firstDepths(data);
  let beyond = 0;
  let orders = 0;
  for (let index = 0; index < reaches.length; index += 1) {
    if (Number.isNaN(first[index])) continue;
    orders += 1;
    beyond += reaches[index]! - first[index]!;
  }
  if (orders < 2 || !(beyond > 0)) return null;
  const decay = estimateDecay(orders, beyond, data.tick);
  let [weights, squares, slope] = [0, 0, 0];
  for (const depth of first) {
    if (Number.isNaN(depth)) continue;
    const weight = Math.exp(decay.value * depth);
    weights += weight;
    squares += weight * weight;
    slope += weight * depth;
  }
  const error = Math.hypot(Math.sqrt(squares), slope * decay.error) / (2 * watched);
  return {
    arrivalRate: { value: weights / (2 * watched), error },
    fillDecay: decay,
    minimum,
    orders,
  };
}

function estimateDecay(
  orders: number,
  beyond: number,
  tick: number,
): { readonly value: number; readonly error: number } {
  const rate = orders / beyond;
  if (tick === 0) return { value: rate, error: rate / Math.sqrt(orders) };
  const perTick = rate * tick;
  const stops = perTick / (1 + perTick);
  return {
    value: Math.log1p(perTick) / tick,
    error: stops / Math.sqrt(1 - stops) / tick / Math.sqrt(orders),
  };
}

/** For each order the depth of the first price at or beyond the minimum; NaN where it falls short. */
function firstDepths({ reaches, minimum, tick }: Reaches): Float64Array {
  return Float64Array.from(reaches, (reach) => {
    if (tick === 0) return reach >= minimum ? minimum : NaN;
    const ticks = Math.floor((reach - minimum) / tick + tolerance);
    return ticks < 0 ? NaN : reach - ticks * tick;
  });
}

/**
 * The fill curve without the law, to hold the fit against: how many orders reach each depth. Where the
 * depth lies between two prices, an order that reached the next is discounted by the fitted e^{−kδ}
 * over the distance.
 * @param count number of depths at most, evenly spread (by whole ticks) to the one that a hundredth of
 *   the orders still reach
 */
export function measureFillCurve(
  data: Reaches,
  fit: FillCurveEstimate,
  count = 12,
): FillCurvePoint[] {
  const { reaches, watched, minimum, tick } = data;
  const [rate, decay] = [fit.arrivalRate.value, fit.fillDecay.value];
  const sorted = Float64Array.from(reaches).sort();
  const deepest = sorted[Math.max(sorted.length - Math.ceil(fit.orders / 100), 0)]!;
  const rough = (deepest - minimum) / (count - 1);
  const step = tick > 0 ? Math.max(Math.round(rough / tick), 1) * tick : rough;
  const points: FillCurvePoint[] = [];
  for (let depth = minimum; points.length < count; depth = minimum + points.length * step) {
    if (depth > deepest + tolerance * step && points.length > 1) break;
    let [weights, squares] = [0, 0];
    for (const first of firstDepths({ reaches, watched, minimum: depth, tick })) {
      if (Number.isNaN(first)) continue;
      const weight = Math.exp(decay * (first - depth));
      weights += weight;
      squares += weight * weight;
    }
    points.push({
      depth,
      measured: {
        value: weights / (2 * watched),
        error: squares === 0 ? null : Math.sqrt(squares) / (2 * watched),
      },
      fitted: rate * Math.exp(-decay * depth),
    });
    if (!(step > 0)) break;
  }
  return points;
}
