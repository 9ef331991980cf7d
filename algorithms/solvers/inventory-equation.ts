import { InputError } from '../../engine/input-error';
import type { Quotes } from './quote-table';

/**
 * The Bellman equation that the models of Guéant, Lehalle and Fernandez-Tapia and of Cartea,
 * Jaimungal and Penalva come to, with the time τ left:
 *
 *   ∂h(q)/∂τ = −φq² + (η/k)·Σ exp(k(h(q ± 1) − h(q))), |q ± 1| ≤ Q.
 *
 * It is linear in ω = exp(kh): ω̇ = Mω, M tridiagonal with −kφq² on the diagonal and η beside it.
 */
export interface InventoryEquation {
  /** k, 1 / quote currency. */
  readonly fillDecay: number;
  /** η, 1 / time: λ/e, or A(1 + γ/k)^−(1 + k/γ) under exponential utility. */
  readonly coupling: number;
  /** φ, quote currency / (shares² time). */
  readonly running: number;
  /** Q, shares. */
  readonly maximum: number;
}

/** What h tends to with ever more time left: gain·τ + value(q) + a constant. */
export interface StationaryValue {
  /** Relative to inventory 0, quote currency, [2Q + 1]. */
  readonly value: Float64Array;
  /** Quote currency per time. */
  readonly gain: number;
}

/**
 * The largest eigenvalue of M (k times the gain) and the logarithm of its eigenvector. The eigenvector
 * is positive and even in q, so its ratios ρ(q) = ω(q)/ω(q − 1) follow from the bound inwards,
 * ρ(q) = η/(λ + kφq² − ηρ(q + 1)), and λ = 2ηρ(1), by bisection on 0 ≤ λ ≤ 2η. An eigenvalue routine
 * (ml-matrix) resolves no entry smaller than 1e-16 of the largest; these ratios are exact for each.
 */
export function solveStationary(equation: InventoryEquation): StationaryValue {
  const { fillDecay, coupling, running, maximum } = equation;
  const curvature = (fillDecay * running) / coupling;
  const ratios = new Float64Array(maximum + 1);
  /** Of λ/η; false where λ is too small. */
  const fillRatios = (eigenvalue: number): boolean => {
    let outer = 0;
    for (let q = maximum; q >= 1; q -= 1) {
      const pivot = eigenvalue + curvature * q * q - outer;
      if (!(pivot > 0)) return false;
      outer = 1 / pivot;
      ratios[q] = outer;
    }
    return eigenvalue >= 2 * outer;
  };
  let low = 0;
  let high = 2;
  for (;;) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) break;
    if (fillRatios(middle)) high = middle;
    else low = middle;
  }
  fillRatios(high);
  const value = new Float64Array(2 * maximum + 1);
  for (let q = 1; q <= maximum; q += 1) {
    const entry = value[maximum + q - 1]! + Math.log(ratios[q]!) / fillDecay;
    value[maximum + q] = entry;
    value[maximum - q] = entry;
  }
  return { value, gain: (coupling * high) / fillDecay };
}

/**
 * h with so much more time left, by the extrapolated linearly implicit Euler method on p = kh. ω may
 * span thousands of orders of magnitude over the inventories, which p does not mind; and the length of
 * a step adapts to the profile over q, which settles, and not to the norm kφQ² of M, which may be a
 * million times as fast and would rule an explicit method or the series of the matrix exponential.
 *
 * Deuflhard (1985), Recent progress in extrapolation methods for ordinary differential equations.
 * @param value h(0), even in q, quote currency, [2Q + 1]
 * @returns [2Q + 1], accurate to some 1e-10 of 1/k
 * @throws InputError where an exponent overflows
 */
export function carryBack(
  equation: InventoryEquation,
  value: Float64Array,
  duration: number,
): Float64Array<ArrayBuffer> {
  const { coupling, fillDecay, running, maximum } = equation;
  if (coupling === 0) {
    return Float64Array.from(value, (h, i) => h - running * (i - maximum) ** 2 * duration);
  }
  const start = value.slice(maximum).map((entry) => entry * fillDecay);
  const instant = Math.min(duration, shortest / normOf(equation));
  const isSteep = start.some((p, q) => q > 0 && Math.abs(p - start[q - 1]!) > steepest);
  const profile = isSteep ? levelOut(equation, start, instant) : start;
  let level = profile[0]!;
  // p(q) − p(q − 1) at q = 1 … Q: p itself grows with time and inventory, at the cost of its digits.
  let gaps = profile.map((p, q) => (q > 0 ? p - profile[q - 1]! : 0));
  let left = isSteep ? duration - instant : duration;
  let wanted = left;
  while (left > 0) {
    const tau = Math.min(left, wanted);
    if (!(tau > 0)) throw new InputError('rates and penalties lie beyond the range of float64');
    const { rise, next, error } = extrapolate(equation, gaps, tau);
    const factor = 0.8 * (tolerance / Math.max(error, 1e-300)) ** (1 / order);
    wanted = tau * (Number.isFinite(error) ? Math.min(Math.max(factor, 0.05), 8) : 0.05);
    if (!(error <= tolerance)) continue;
    level += rise;
    gaps = next;
    left -= tau;
  }
  const result = new Float64Array(2 * maximum + 1);
  for (let q = 0; q <= maximum; q += 1) {
    if (q > 0) level += gaps[q]!;
    result[maximum + q] = level / fillDecay;
    result[maximum - q] = level / fillDecay;
  }
  return result;
}

/** A bound on the norm of M, 1/time. */
const normOf = ({ coupling, fillDecay, running, maximum }: InventoryEquation): number =>
  2 * coupling + fillDecay * running * maximum ** 2;

/** Times the norm of M: a time in which the penalty changes nothing that float64 shows. */
const shortest = 1e-17;
/** Gap of p at which its first instant is taken apart. */
const steepest = 30;

/**
 * p after an instant τ: of what reaches q from j by |q − j| fills, (ητ)^|q − j| / |q − j|!, longer ways
 * are below rounding. No gap is then wider than |ln ητ|, however steep the penalty at the horizon.
 * @param profile p at q = 0 … Q
 */
function levelOut(
  { coupling, maximum }: InventoryEquation,
  profile: Float64Array<ArrayBuffer>,
  instant: number,
): Float64Array<ArrayBuffer> {
  const logOfTries = Math.log(coupling * instant);
  // ln of (ητ)^n / n!
  const ways = new Float64Array(2 * maximum + 1);
  for (let n = 1; n <= 2 * maximum; n += 1) ways[n] = ways[n - 1]! + logOfTries - Math.log(n);
  return profile.map((_, q) => {
    const reached = (j: number) => ways[Math.abs(q - j)]! + profile[Math.abs(j)]!;
    let most = -Infinity;
    for (let j = -maximum; j <= maximum; j += 1) most = Math.max(most, reached(j));
    let sum = 0;
    for (let j = -maximum; j <= maximum; j += 1) sum += Math.exp(reached(j) - most);
    return most + Math.log(sum);
  });
}

/** Parts in which a step is taken, each time the whole of it. */
const parts = [1, 2, 3, 4, 5, 6, 7, 8] as const;
const order = parts.length;
/** Of the gaps in a step, by the difference of the last two orders: the error itself is far smaller. */
const tolerance = 1e-10;

interface Extrapolated {
  /** Of p(0). */
  readonly rise: number;
  readonly next: Float64Array<ArrayBuffer>;
  /** An estimate of the greatest, relative where a gap exceeds 1. */
  readonly error: number;
}

function extrapolate(
  equation: InventoryEquation,
  gaps: Float64Array<ArrayBuffer>,
  tau: number,
): Extrapolated {
  const start = slopesOf(equation, gaps);
  let table: Float64Array[] = [];
  for (const [row, count] of parts.entries()) {
    const entries = [moveImplicitly(equation, gaps, start, tau / count, count)];
    for (let column = 1; column <= row; column += 1) {
      const fine = entries[column - 1]!;
      const coarse = table[column - 1]!;
      const divisor = count / parts[row - column]! - 1;
      entries.push(fine.map((entry, q) => entry + (entry - coarse[q]!) / divisor));
    }
    table = entries;
  }
  const [before, moved] = table.slice(-2);
  const next = gaps.map((gap, q) => gap + moved![q]!);
  const error = gaps.reduce((most, gap, q) => {
    const difference = Math.abs(moved![q]! - before![q]!) / Math.max(1, Math.abs(gap));
    return difference <= most ? most : difference;
  }, 0);
  next[0] = 0;
  return { rise: start.common * tau + moved![0]!, next, error };
}

/** ∂p/∂τ at q = 0 … Q, the inventories −q folded onto q, and its derivatives. */
interface Slopes {
  readonly slope: Float64Array;
  /** By p(q + 1) and p(q − 1), 1/time; by p(q) it is less their sum. */
  readonly up: Float64Array;
  readonly down: Float64Array;
  /** Left out of every slope. */
  readonly common: number;
}

/** @param common what to leave out of the slopes; default the slope at 0 */
function slopesOf(
  { coupling, running, fillDecay, maximum }: InventoryEquation,
  gaps: Float64Array,
  common?: number,
): Slopes {
  const up = new Float64Array(maximum + 1);
  const down = new Float64Array(maximum + 1);
  const slope = new Float64Array(maximum + 1);
  for (let q = 1; q <= maximum; q += 1) {
    const ratio = Math.exp(gaps[q]!);
    up[q - 1] = (q === 1 ? 2 : 1) * coupling * ratio;
    down[q] = coupling / ratio;
  }
  const leftOut = common ?? up[0]!;
  for (let q = 0; q <= maximum; q += 1) {
    slope[q] = up[q]! + down[q]! - fillDecay * running * q * q - leftOut;
  }
  return { up, down, slope, common: leftOut };
}

/**
 * How far p(0) and the gaps move in so many linearly implicit steps, δ = (1 − τJ)⁻¹ τ∂p/∂τ, with the J
 * of the start. The rows of J add up to 0, so that its elimination, from q = Q inwards, subtracts nothing.
 */
function moveImplicitly(
  equation: InventoryEquation,
  gaps: Float64Array<ArrayBuffer>,
  start: Slopes,
  step: number,
  count: number,
): Float64Array<ArrayBuffer> {
  const width = gaps.length;
  const inverse = new Float64Array(width);
  const inwards = new Float64Array(width);
  const outwards = new Float64Array(width);
  let remainder = 1;
  for (let q = width - 1; q >= 0; q -= 1) {
    const kept = 1 + step * start.up[q]! * remainder;
    const pivot = kept + step * start.down[q]!;
    inverse[q] = step / pivot;
    inwards[q] = (step * start.down[q]!) / pivot;
    outwards[q] = (step * start.up[q]!) / pivot;
    remainder = kept / pivot;
  }
  const moved = new Float64Array(width);
  const change = new Float64Array(width);
  const reached = gaps.slice();
  for (let done = 0; done < count; done += 1) {
    const { slope } = done === 0 ? start : slopesOf(equation, reached, start.common);
    for (let q = width - 1, outer = 0; q >= 0; q -= 1) {
      outer = slope[q]! * inverse[q]! + outwards[q]! * outer;
      change[q] = outer;
    }
    for (let q = 0, inner = 0; q < width; q += 1) {
      const outer = change[q]! + inwards[q]! * inner;
      moved[q] = moved[q]! + (outer - inner);
      reached[q] = gaps[q]! + moved[q]!;
      inner = outer;
    }
  }
  return moved;
}

/**
 * Depths that go with h: a markup, and what the inventory after the fill is worth less.
 * @param value h, [2Q + 1]
 * @param markup depth without regard to inventory, quote currency
 */
export function depthsOf(
  value: Float64Array,
  maximum: number,
  markup: number,
): (inventory: number) => Quotes {
  const loss = (from: number, to: number) =>
    Math.abs(to) > maximum ? 0 : value[from + maximum]! - value[to + maximum]!;
  return (inventory) => ({
    bid: markup + loss(inventory, inventory + 1),
    ask: markup + loss(inventory, inventory - 1),
  });
}
