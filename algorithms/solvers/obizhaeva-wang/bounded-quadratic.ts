import { solvePositiveDefinite } from './cholesky';

/** A trade that is free, or held at zero or at its cap. */
type Hold = 'free' | 'zero' | 'cap';

/** Marginal costs that differ by less, as a fraction of the largest, count as equal. */
const tolerance = 1e-11;

/**
 * Minimises ½xᵀMx subject to Σx = Q and 0 ≤ x ≤ cap, exactly: with the right trades held at a bound the
 * rest is a linear system. Trades that the system puts beyond their bounds are held there, those of the side
 * that is exceeded by more, until it has a feasible solution; then those whose marginal cost says so are let
 * go one by one, each step as far as the bounds allow (the active-set method: Nocedal and Wright (2006),
 * Numerical Optimization, algorithm 16.3).
 * @param matrix [n, n] row-major, symmetric, of which the lower triangle counts
 * @param cap [n] at least Q in all; infinity where there is none
 * @returns null where ½xᵀMx is not strictly convex among trades of the same sum
 */
export function minimiseQuadratic(
  matrix: Float64Array,
  quantity: number,
  cap: Float64Array,
): Float64Array | null {
  const holds = new Array<Hold>(cap.length).fill('free');
  let trades = solveFree(matrix, quantity, cap, holds);
  while (trades !== null && holdViolated(trades, quantity, cap, holds)) {
    trades = solveFree(matrix, quantity, cap, holds);
  }
  if (trades === null) return null;
  // The cost falls with every step, so that no set of held trades comes again but by rounding.
  const seen = new Set<string>();
  for (let set = holds.join(); !seen.has(set); set = holds.join()) {
    seen.add(set);
    if (!release(multiply(matrix, trades), holds)) break;
    for (let blocked = true; blocked;) {
      const target = solveFree(matrix, quantity, cap, holds);
      if (target === null) return null;
      blocked = moveTowards(trades, target, cap, holds);
    }
  }
  return trades;
}

/**
 * The best trades among those that keep the held ones where they are. The last free trade is what the others
 * leave of the sum: what remains to be minimised is convex wherever the whole is among trades of that sum.
 */
function solveFree(
  matrix: Float64Array,
  quantity: number,
  cap: Float64Array,
  holds: readonly Hold[],
): Float64Array | null {
  const trades = cap.map((most, i) => (holds[i] === 'cap' ? most : 0));
  const free = [...holds.keys()].filter((i) => holds[i] === 'free');
  const last = free.pop();
  if (last === undefined) return trades;
  trades[last] = quantity - sumOf(trades);
  const marginal = multiply(matrix, trades);
  const size = free.length;
  const reduced = new Float64Array(size * size);
  const own = entry(matrix, cap.length, last, last);
  const withLast = free.map((i) => entry(matrix, cap.length, i, last));
  for (let i = 0; i < size; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      const both = entry(matrix, cap.length, free[i]!, free[j]!);
      reduced[i * size + j] = both - withLast[i]! - withLast[j]! + own;
    }
  }
  const found = solvePositiveDefinite(
    reduced,
    free.map((i) => marginal[last]! - marginal[i]!),
  );
  if (found === null) return null;
  free.forEach((i, place) => {
    trades[i] = found[place]!;
    trades[last]! -= found[place]!;
  });
  return trades;
}

/**
 * Holds the free trades above their caps, or those below zero, whichever are beyond by more in all: what is
 * left to trade then still fits into the bounds of the others.
 * @returns whether there were any
 */
function holdViolated(
  trades: Float64Array,
  quantity: number,
  cap: Float64Array,
  holds: Hold[],
): boolean {
  let [above, below] = [0, 0];
  trades.forEach((x, i) => {
    above += Math.max(0, x - cap[i]!);
    below += Math.max(0, -x);
  });
  if (Math.max(above, below) <= 1e-12 * quantity) {
    trades.forEach((x, i) => (trades[i] = Math.min(Math.max(x, 0), cap[i]!)));
    return false;
  }
  trades.forEach((x, i) => {
    if (above >= below && x > cap[i]!) holds[i] = 'cap';
    if (above < below && x < 0) holds[i] = 'zero';
  });
  return true;
}

/**
 * Frees the held trade that gains most by moving; two of them where none is free.
 * @param marginal Mx
 * @returns whether there is one
 */
function release(marginal: Float64Array, holds: Hold[]): boolean {
  const scale = marginal.reduce((most, g) => Math.max(most, Math.abs(g)), 0);
  let [cheapest, dearest] = [-1, -1];
  let [level, count] = [0, 0];
  marginal.forEach((g, i) => {
    if (holds[i] === 'zero' && g < (marginal[cheapest] ?? Infinity)) cheapest = i;
    if (holds[i] === 'cap' && g > (marginal[dearest] ?? -Infinity)) dearest = i;
    if (holds[i] === 'free') {
      level += g;
      count += 1;
    }
  });
  const low = marginal[cheapest] ?? Infinity;
  const high = marginal[dearest] ?? -Infinity;
  if (count === 0) {
    if (!(high - low > tolerance * scale)) return false;
    holds[cheapest] = 'free';
    holds[dearest] = 'free';
    return true;
  }
  const shared = level / count;
  if (Math.max(shared - low, high - shared) <= tolerance * scale) return false;
  holds[shared - low >= high - shared ? cheapest : dearest] = 'free';
  return true;
}

/**
 * Moves the trades as far towards the target as their bounds allow, and holds the one that stopped it.
 * @returns whether one did
 */
function moveTowards(
  trades: Float64Array,
  target: Float64Array,
  cap: Float64Array,
  holds: Hold[],
): boolean {
  let [part, blocking] = [1, -1];
  trades.forEach((x, i) => {
    if (holds[i] !== 'free') return;
    const bound = Math.min(Math.max(target[i]!, 0), cap[i]!);
    if (bound === target[i]!) return;
    const reach = Math.max(0, (bound - x) / (target[i]! - x));
    if (reach < part) [part, blocking] = [reach, i];
  });
  trades.forEach((x, i) => (trades[i] = x + part * (target[i]! - x)));
  if (blocking < 0) return false;
  holds[blocking] = target[blocking]! > 0 ? 'cap' : 'zero';
  trades[blocking] = holds[blocking] === 'cap' ? cap[blocking]! : 0;
  return true;
}

/** Of a symmetric matrix whose lower triangle counts. */
const entry = (matrix: Float64Array, n: number, i: number, j: number): number =>
  matrix[i > j ? i * n + j : j * n + i]!;

function multiply(matrix: Float64Array, values: Float64Array): Float64Array {
  const n = values.length;
  const product = new Float64Array(n);
  for (let i = 0; i < n; i += 1) {
    for (let j = 0; j < i; j += 1) {
      product[i]! += matrix[i * n + j]! * values[j]!;
      product[j]! += matrix[i * n + j]! * values[i]!;
    }
    product[i]! += matrix[i * n + i]! * values[i]!;
  }
  return product;
}

const sumOf = (values: Float64Array): number => values.reduce((sum, x) => sum + x, 0);
