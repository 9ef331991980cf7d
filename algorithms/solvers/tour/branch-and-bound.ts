import type { Relaxation } from './ascent';
import {
  type Assignment,
  augment,
  costOfAssignment,
  createSearch,
  solveAssignment,
} from './assignment';
import { type CostMatrix, costOfTour, sharpenBound } from './matrix';
import { listCycles, patchCycles } from './patching';

/** A part of all tours: those with and without certain arcs. */
interface Branch extends Assignment {
  readonly bound: number;
  /** Arcs, as i · n + j, that its tours have and have not. */
  readonly included: readonly number[];
  readonly excluded: readonly number[];
}

/** Memory that the branches may take. */
const memoryLimit = 256 * 2 ** 20;

/**
 * Branch and bound on the assignment problem: the shortest cycle of an assignment is broken at each
 * of its arcs in turn, the branch of the least bound first; so is a tour that costs more than the
 * relaxation says.
 *
 * Carpaneto and Toth (1980), Some new branching and bounding criteria for the asymmetric travelling
 * salesman problem, Management Science 26; Carpaneto, Dell'Amico and Toth (1995), ACM Transactions on
 * Mathematical Software 21, for the assignment of a branch from that of its parent.
 * @param matrix costs of any sign
 * @param relaxation of its costs, to which the assignments belong
 * @param incumbent a tour
 * @param mayGoOn asked before each branch, with the number of branches so far
 * @returns the best tour found and a bound from below on all, equal to its cost where that is proved
 */
export function branchAndBound(
  matrix: CostMatrix,
  relaxation: Relaxation,
  incumbent: Int32Array,
  mayGoOn: (branches: number) => boolean,
): { readonly tour: Int32Array; readonly bound: number; readonly branches: number } {
  const { size: n, tolerance } = matrix;
  const { offset } = relaxation;
  const costs = relaxation.costs.slice();
  const search = createSearch(n);
  const fixed = new Uint8Array(n);
  const most = Math.floor(memoryLimit / (24 * n + 8 * n + 400));
  let tour = incumbent;
  let cost = costOfTour(matrix, tour);
  const cannotImprove = (bound: number) => sharpenBound(matrix, bound) >= cost - tolerance;
  const heap: Branch[] = [];
  const root = solveAssignment(n, costs);
  const rootBound = offset + costOfAssignment(n, costs, root.successor);
  pushBranch(heap, { ...root, bound: rootBound, included: [], excluded: [] });

  let branches = 0;
  let bound = rootBound;
  for (;;) {
    const branch = heap[0];
    if (branch === undefined || cannotImprove(branch.bound)) return { tour, bound: cost, branches };
    bound = branch.bound;
    if (heap.length > most || !mayGoOn(branches)) return { tour, bound, branches };
    popBranch(heap);
    branches++;

    const cycles = listCycles(branch.successor);
    const patched = patchCycles(matrix, branch.successor);
    const patchedCost = costOfTour(matrix, patched);
    if (patchedCost < cost - tolerance) {
      tour = patched;
      cost = patchedCost;
    }
    if (!cannotImprove(bound)) split(branch, cycles);
  }

  /** The branches without the first, the second, … free arc of the cycle with the fewest. */
  function split(branch: Branch, cycles: readonly number[][]): void {
    const given = new Set(branch.included);
    let free: number[] | undefined;
    for (const cycle of cycles) {
      const arcs = cycle.map((i) => i * n + branch.successor[i]!).filter((arc) => !given.has(arc));
      if (free === undefined || arcs.length < free.length) free = arcs;
    }
    for (const arc of branch.excluded) costs[arc] = Infinity;
    for (const arc of branch.included) fixed[arc % n] = 1;
    for (let k = 0; k < free!.length; k++) {
      const arc = free![k]!;
      const own = costs[arc]!;
      costs[arc] = Infinity;
      const child = {
        successor: branch.successor.slice(),
        predecessor: branch.predecessor.slice(),
        rowPrice: branch.rowPrice.slice(),
        columnPrice: branch.columnPrice.slice(),
      };
      const row = Math.floor(arc / n);
      child.successor[row] = -1;
      child.predecessor[arc % n] = -1;
      const rise = augment(n, costs, child, row, search, fixed);
      costs[arc] = own;
      fixed[arc % n] = 1;
      if (rise === Infinity || cannotImprove(branch.bound + rise)) continue;
      pushBranch(heap, {
        ...child,
        bound: offset + costOfAssignment(n, costs, child.successor),
        included: [...branch.included, ...free!.slice(0, k)],
        excluded: [...branch.excluded, arc],
      });
    }
    for (const arc of branch.excluded) costs[arc] = relaxation.costs[arc]!;
    fixed.fill(0);
  }
}

function pushBranch(heap: Branch[], branch: Branch): void {
  let k = heap.length;
  heap.push(branch);
  while (k > 0) {
    const parent = (k - 1) >> 1;
    if (heap[parent]!.bound <= branch.bound) break;
    heap[k] = heap[parent]!;
    k = parent;
  }
  heap[k] = branch;
}

function popBranch(heap: Branch[]): void {
  const last = heap.pop()!;
  if (heap.length === 0) return;
  let k = 0;
  for (;;) {
    let child = 2 * k + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && heap[child + 1]!.bound < heap[child]!.bound) child++;
    if (heap[child]!.bound >= last.bound) break;
    heap[k] = heap[child]!;
    k = child;
  }
  heap[k] = last;
}
