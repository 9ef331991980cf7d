import { createArborescenceFinder } from './arborescence';
import { type CostMatrix, sharpenBound } from './matrix';

/** Costs that never add up to more than a tour's, less what every tour pays. */
export interface Relaxation {
  /** Every tour costs this much at least, */
  readonly offset: number;
  /** and these, which are not negative, in addition: cost(tour) ≥ offset + Σ costs. [n · n] */
  readonly costs: Float64Array;
}

/** Rounds of the ascent at most. */
const rounds = 1000;

/** Rounds without a better bound after which the steps are halved. */
const patience = 30;

/**
 * The bound of Held and Karp: the out-degrees of a cheapest 1-arborescence are driven to one by
 * prices of the nodes, in subgradient steps.
 *
 * Held and Karp (1971), Mathematical Programming 1; Held, Wolfe and Crowder (1974), Validation of
 * subgradient optimization, Mathematical Programming 6; for asymmetric costs Williamson (1992).
 * @param start prices from which to begin; with those of the rows of an assignment the bound is never
 *   below the assignment's. [n]
 * @param cost of the best tour known, on which the lengths of steps depend
 * @param mayGoOn asked before each round
 */
export function ascend(
  matrix: CostMatrix,
  start: Float64Array,
  cost: number,
  mayGoOn: () => boolean,
): Relaxation {
  const { size: n, costs, tolerance } = matrix;
  const find = createArborescenceFinder(n, costs);
  const lambda = start.slice();
  const degree = new Int32Array(n);
  const direction = new Float64Array(n);
  let best = start;
  let bound = -Infinity;
  let scale = 1;
  let idle = 0;
  for (let round = 0; round < rounds && scale > 1e-3; round++) {
    if (round > 0 && !mayGoOn()) break;
    const { predecessor, cost: least } = find(lambda);
    let value = least;
    for (let i = 0; i < n; i++) value += lambda[i]!;
    if (value > bound + tolerance) {
      bound = value;
      best = lambda.slice();
      idle = 0;
    } else if (++idle >= patience) {
      scale /= 2;
      idle = 0;
      lambda.set(best);
      direction.fill(0);
      continue;
    }
    if (sharpenBound(matrix, bound) >= cost - tolerance) break;
    degree.fill(0);
    for (const node of predecessor) degree[node]!++;
    let square = 0;
    for (let i = 0; i < n; i++) {
      direction[i] = 0.7 * (1 - degree[i]!) + 0.3 * direction[i]!;
      square += direction[i]! ** 2;
    }
    if (square === 0) break;
    const step = (scale * (cost - value)) / square;
    for (let i = 0; i < n; i++) lambda[i]! += step * direction[i]!;
  }
  // Whole costs have bounds rounded up, which rounding must not have lifted over a whole number.
  const rounding = matrix.whole
    ? best.reduce((sum, price) => sum + Math.abs(price), 0) * 1e-15 + tolerance / 100
    : 0;
  return { offset: bound - rounding, costs: reduceCosts(n, costs, best, find(best, true).prices) };
}

/** What is left of the costs when λ and the prices of sets are paid: at least 0 but for rounding. */
function reduceCosts(
  n: number,
  costs: Float64Array,
  lambda: Float64Array,
  prices: readonly { readonly nodes: readonly number[]; readonly price: number }[],
): Float64Array {
  const reduced = costs.map((cost, way) => cost - lambda[Math.floor(way / n)]!);
  const isInside = new Uint8Array(n);
  for (const { nodes, price } of prices) {
    if (price === 0) continue;
    for (const j of nodes) isInside[j] = 1;
    for (let i = 0; i < n; i++) {
      if (isInside[i] === 1 && nodes.length > 1) continue;
      for (const j of nodes) reduced[i * n + j]! -= price;
    }
    for (const j of nodes) isInside[j] = 0;
  }
  return reduced;
}
