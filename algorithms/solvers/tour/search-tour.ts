import { type Assignment, costOfAssignment, solveAssignment } from './assignment';
import { ascend } from './ascent';
import { branchAndBound } from './branch-and-bound';
import { findTourByHeldKarp, heldKarpLimit } from './held-karp';
import { createTourSearch, listNeighbours, type TourSearch } from './local-search';
import { type CostMatrix, costOfTour, sharpenBound } from './matrix';
import { followNearest, patchCycles } from './patching';

export interface TourLimits {
  /** Kicks of the local search. */
  readonly iterations: number;
  /** Branches of branch and bound. */
  readonly branches: number;
  /** Half for the search, the rest for the proof. */
  readonly seconds: number;
  readonly seed: number;
}

/** The nodes of a tour in their order, and a bound from below on every tour. */
export interface FoundTour {
  readonly tour: Int32Array;
  readonly bound: number;
}

/** Nodes among which the search looks first for the next one. */
const candidates = 12;

/** Nodes of a segment that a kick moves, at most. */
const kickLength = 30;

/** Kicks without success, per node, after which the search goes back to the best and shakes it. */
const patience = 50;

/** Branches before the search, which is of no use where they are enough: random costs. */
const firstBranches = 50;

/**
 * The cheapest closed tour: proved by dynamic programming to {@link heldKarpLimit} nodes; beyond, the
 * best of local searches from a patched assignment and from nearest neighbours, perturbed, with the
 * bound of Held and Karp, and where possible proved by branch and bound on the costs it leaves. The
 * same seed gives the same tour, unless the time ends first.
 */
export function searchTour(matrix: CostMatrix, limits: TourLimits): FoundTour {
  const { size, tolerance } = matrix;
  if (size <= heldKarpLimit) {
    const tour = findTourByHeldKarp(matrix);
    return { tour, bound: costOfTour(matrix, tour) };
  }
  const begin = performance.now();
  const hasTime = (share: number) => performance.now() - begin < share * limits.seconds * 1e3;
  const root = solveAssignment(size, matrix.costs);
  const reduced = payPrices(matrix, root);
  const search = createTourSearch(reduced, listNeighbours(reduced, candidates));
  let tour = descendFromStarts(matrix, search, root);
  let bound = sharpenBound(matrix, costOfAssignment(size, matrix.costs, root.successor));
  const isProved = () => costOfTour(matrix, tour) <= bound + tolerance;
  if (isProved()) return { tour, bound };

  const relaxation = ascend(matrix, root.rowPrice, costOfTour(matrix, tour), () => hasTime(0.25));
  const prove = (most: number, share: number): void => {
    const mayGoOn = (branches: number) => branches < most && hasTime(share);
    const proved = branchAndBound(matrix, relaxation, tour, mayGoOn);
    tour = proved.tour;
    bound = Math.max(bound, sharpenBound(matrix, proved.bound));
  };
  prove(Math.min(firstBranches, limits.branches), 0.4);
  if (isProved()) return { tour, bound };

  tour = polish(
    reduced,
    perturb(matrix, search, tour, bound, limits, () => hasTime(0.5)),
  );
  if (isProved()) return { tour, bound };

  prove(limits.branches, 1);
  return { tour: isProved() ? tour : polish(reduced, tour), bound };
}

/** Costs less the prices of the assignment: no comparison of tours changes, and lists of neighbours do. */
function payPrices(matrix: CostMatrix, { rowPrice, columnPrice }: Assignment): CostMatrix {
  const { size: n, costs } = matrix;
  return {
    ...matrix,
    costs: costs.map((cost, arc) => cost - rowPrice[Math.floor(arc / n)]! - columnPrice[arc % n]!),
  };
}

/** The better one of two local searches. */
function descendFromStarts(
  matrix: CostMatrix,
  search: TourSearch,
  { successor }: Assignment,
): Int32Array {
  const ends = [patchCycles(matrix, successor), followNearest(matrix)].map((start) => {
    search.set(start);
    search.descend();
    return search.tour.slice();
  });
  const [patched, nearest] = ends as [Int32Array, Int32Array];
  return costOfTour(matrix, nearest) < costOfTour(matrix, patched) ? nearest : patched;
}

/** Iterated local search. */
function perturb(
  matrix: CostMatrix,
  search: TourSearch,
  start: Int32Array,
  bound: number,
  { iterations, seed }: TourLimits,
  hasTime: () => boolean,
): Int32Array {
  const { size: n, tolerance } = matrix;
  const pick = createPicker(seed);
  search.set(start);
  let best = start;
  let bestCost = costOfTour(matrix, start);
  let cost = bestCost;
  let idle = 0;
  for (let k = 0; k < iterations && bestCost > bound + tolerance; k++) {
    if (k % 64 === 0 && !hasTime()) break;
    const gain = search.descend();
    const kicked = search.kick(kickLength, pick);
    const change = kicked - search.descend() - gain;
    if (change > tolerance) search.undo();
    else {
      search.keep();
      cost += change;
    }
    if (cost < bestCost - tolerance) {
      best = search.tour.slice();
      bestCost = cost;
      idle = 0;
    } else if (++idle > patience * n) {
      search.set(best);
      cost = bestCost + shake(search, n, pick);
      idle = 0;
    }
  }
  return best;
}

/** Many kicks at once, so that the search begins elsewhere. */
function shake(search: TourSearch, n: number, pick: (below: number) => number): number {
  let cost = 0;
  for (let k = 0; k < 3 + n / 10; k++) cost += search.kick(kickLength, pick);
  cost -= search.descend();
  search.keep();
  return cost;
}

/** Exchanges segments until not one exchange of all gains. */
function polish(reduced: CostMatrix, tour: Int32Array): Int32Array {
  const search = createTourSearch(reduced, listNeighbours(reduced, reduced.size - 1));
  search.set(tour);
  while (search.descend() > 0) search.set(search.tour);
  return search.tour;
}

/** Whole numbers from 0 to below a given one (mulberry32). */
function createPicker(seed: number): (below: number) => number {
  let state = seed | 0;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return Math.floor((((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}
