export interface DepthProblem {
  /** A, market orders per time that reach a quote of depth 0. */
  readonly intensity: number;
  /** k, 1/quote currency: those that reach a depth δ fall as e^{−kδ}. */
  readonly decay: number;
  /** T, time: how long the order stands. */
  readonly horizon: number;
  /** m, quote currency: what it costs not to be filled. */
  readonly missCost: number;
}

export interface DepthSolution {
  /** δ*, quote currency; negative where missing costs so much that the quote lies beyond the mid. */
  readonly depth: number;
  readonly fillProbability: number;
  /** Expected reward Pδ − (1 − P)m, quote currency. */
  readonly value: number;
}

/**
 * The depth of one limit order that stands for a while: the greatest P(δ)(δ + m) with
 * P = 1 − exp(−Λe^{−kδ}), Λ = AT. With u = Λe^{−kδ} it is where δ + m = (e^u − 1)/(ku), of which
 * there is one root.
 */
export function solveDepth({ intensity, decay, horizon, missCost }: DepthProblem): DepthSolution {
  const logArrivals = Math.log(intensity) + Math.log(horizon);
  const logUnfilled = solveLogarithm(logArrivals + decay * missCost);
  const depth = (logArrivals - logUnfilled) / decay;
  const unfilled = Math.exp(-Math.exp(logUnfilled));
  const fillProbability = -Math.expm1(-Math.exp(logUnfilled));
  return { depth, fillProbability, value: fillProbability * depth - unfilled * missCost };
}

/**
 * v with (e^u − 1)/u + v = c, u = e^v: the left side rises in v from −∞ to ∞. Newton's method between
 * bounds, halving them where a step would leave them. (None of the libraries here finds roots.)
 *
 * The bounds: (e^u − 1)/u is at least 1, and at most e − 1 where u ≤ 1; and e^u/u outgrows c where
 * u = 2 ln(c + 2) + 2.
 */
function solveLogarithm(c: number): number {
  let low = Math.min(0, c - (Math.E - 1));
  let high = c > 1 ? Math.min(c - 1, Math.log(2 * Math.log(c + 2) + 2)) : c - 1;
  let v = (low + high) / 2;
  for (;;) {
    const u = Math.exp(v);
    const growth = u === 0 ? 1 : Math.expm1(u) / u;
    const excess = growth + v - c;
    if (excess > 0) high = v;
    else low = v;
    const newton = v - excess / (Math.exp(u) - growth + 1);
    const next = newton > low && newton < high ? newton : (low + high) / 2;
    if (next === v || !(next > low && next < high)) return v;
    v = next;
  }
}

/** P(δ) and the expected reward at any depth. */
export function rewardOfDepth(
  { intensity, decay, horizon, missCost }: DepthProblem,
  depth: number,
): { fillProbability: number; value: number } {
  const unfilled = Math.exp(-intensity * horizon * Math.exp(-decay * depth));
  const fillProbability = 1 - unfilled;
  return { fillProbability, value: fillProbability * depth - unfilled * missCost };
}

/**
 * The depth of one limit order under exponential utility: the greatest e^{−kδ}(1 − e^{−γδ}), at
 * (1/γ)ln(1 + γ/k).
 * @returns quote currency; 1/k for γ = 0
 */
export const depthOfUtility = (riskAversion: number, decay: number): number =>
  riskAversion / decay === 0 ? 1 / decay : Math.log1p(riskAversion / decay) / riskAversion;
