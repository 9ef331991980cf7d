import { InputError } from '../../../engine/input-error';

export interface LimitLiquidationProblem {
  /** Units to be sold, one limit order at a time. */
  readonly quantity: number;
  /** λ, market orders per time that reach a quote of depth 0. */
  readonly intensity: number;
  /** κ, 1/quote currency. */
  readonly decay: number;
  /** T, time. */
  readonly horizon: number;
  /** α, quote currency: q units left at the horizon cost αq². */
  readonly terminalPenalty: number;
  /** When the depths are wanted, 0 … T. */
  readonly time: number;
}

export interface LimitLiquidationSolution {
  /** δ*(t, q) for q = 1 … quantity left, quote currency; negative: the quote lies beyond the mid. */
  readonly depth: Float64Array;
  /** Expected revenue above q times the mid, for q = 1 … quantity, quote currency. */
  readonly value: Float64Array;
}

/**
 * Selling by limit orders only. With τ the time left,
 * ω(τ, q) = Σ_{n ≤ q} (λτ/e)ⁿ/n! · e^{−κα(q − n)²}, the value is ln ω/κ and the depth
 * (1/κ)[1 + ln(ω(q)/ω(q − 1))]. The sums are taken relative to their largest term, in logarithms;
 * terms rise to it and fall from it, and its n never falls as q rises.
 *
 * Cartea, Jaimungal and Penalva (2015), Algorithmic and High-Frequency Trading, section 8.2.
 * @throws InputError for a time after the horizon
 */
export function liquidateByLimitOrders(problem: LimitLiquidationProblem): LimitLiquidationSolution {
  const { quantity, intensity, decay, horizon, terminalPenalty, time } = problem;
  if (!(time <= horizon)) {
    throw new InputError(`time: ${time} lies after the horizon; expected 0 to ${horizon}`);
  }
  const logRate = Math.log(intensity) + Math.log(horizon - time) - 1;
  /** ln((λτ/e)ⁿ/n!) */
  const sold = new Float64Array(quantity + 1);
  for (let n = 1; n <= quantity; n += 1) sold[n] = sold[n - 1]! + logRate - Math.log(n);

  const logOmega = new Float64Array(quantity + 1);
  let peak = 0;
  for (let q = 0; q <= quantity; q += 1) {
    const term = (n: number) => sold[n]! - decay * terminalPenalty * (q - n) ** 2;
    while (peak < q && term(peak + 1) >= term(peak)) peak += 1;
    const largest = term(peak);
    let sum = 1;
    for (let n = peak + 1, share = 1; n <= q && share > negligible; n += 1) {
      share = Math.exp(term(n) - largest);
      sum += share;
    }
    for (let n = peak - 1, share = 1; n >= 0 && share > negligible; n -= 1) {
      share = Math.exp(term(n) - largest);
      sum += share;
    }
    logOmega[q] = largest + Math.log(sum);
  }
  return {
    depth: Float64Array.from(
      { length: quantity },
      (_, i) => (1 + logOmega[i + 1]! - logOmega[i]!) / decay,
    ),
    value: logOmega.subarray(1).map((log) => log / decay),
  };
}

/** A share of the largest term beyond which further ones change nothing. */
const negligible = 1e-20;
