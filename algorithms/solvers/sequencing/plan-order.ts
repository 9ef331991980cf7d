import { findTourByHeldKarp } from '../tour/held-karp';
import { createTourSearch, listNeighbours } from '../tour/local-search';
import { buildMatrix, costOfTour, type CostMatrix } from '../tour/matrix';
import { followNearest } from '../tour/patching';

/** Trades up to which the order is exact: the table of dynamic programming has 2ⁿn entries. */
export const mostExact = 12;

/** Perturbations of the local search beyond, and nodes of a segment that one moves. */
const kicks = 400;
const kickLength = 6;

/**
 * The cheapest order of the trades left: exact for {@link mostExact}, beyond it by a local search from
 * nearest neighbours, perturbed.
 * @param costs [k, k] from the row's trade to the column's
 * @param next [k] from the trade just done
 * @returns the trades in their order, from 0 on
 */
export function planOrder(costs: readonly (readonly number[])[], next: readonly number[]) {
  const matrix = buildMatrix(costs, true);
  const last = next.length;
  // The last node stands for the trade just done; the way back to it is free.
  matrix.costs.set(next, last * matrix.size);
  const tour = last <= mostExact ? findTourByHeldKarp(matrix) : searchOrder(matrix);
  const start = tour.indexOf(last);
  return next.map((_, k) => tour[(start + 1 + k) % matrix.size]!);
}

/** Iterated local search with a fixed sequence of random numbers. */
function searchOrder(matrix: CostMatrix): Int32Array {
  const search = createTourSearch(matrix, listNeighbours(matrix, matrix.size - 1));
  let random = 1;
  const pick = (below: number): number => {
    random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
    return Math.floor((random / 2 ** 32) * below);
  };
  search.set(followNearest(matrix));
  search.descend();
  search.keep();
  let best = search.tour.slice();
  let least = costOfTour(matrix, best);
  for (let k = 0; k < kicks; k += 1) {
    search.kick(kickLength, pick);
    search.descend();
    const cost = costOfTour(matrix, search.tour);
    if (cost > least) {
      search.undo();
      continue;
    }
    search.keep();
    best = search.tour.slice();
    least = cost;
  }
  return best;
}
