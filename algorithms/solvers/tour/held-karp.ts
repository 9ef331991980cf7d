import type { CostMatrix } from './matrix';

/** Nodes up to which a tour is found by dynamic programming: a table of 168 MB. */
export const heldKarpLimit = 21;

/**
 * A cheapest tour by dynamic programming over sets, O(2ⁿ n²) time and O(2ⁿ n) memory.
 *
 * Held and Karp (1962), A dynamic programming approach to sequencing problems, SIAM Journal 10;
 * Bellman (1962), Journal of the ACM 9.
 * @returns the nodes in their order, the last node of the matrix first
 */
export function findTourByHeldKarp({ size, costs }: CostMatrix): Int32Array {
  const m = size - 1;
  const tour = new Int32Array(size);
  tour[0] = m;
  if (m === 0) return tour;
  const least = tabulate(size, costs);
  let set = (1 << m) - 1;
  for (let k = m; k > 0; k--) {
    const next = tour[(k + 1) % size]!;
    let cost = Infinity;
    for (let i = 0; i < m; i++) {
      const candidate = least[set * m + i]! + costs[i * size + next]!;
      if (candidate < cost) {
        cost = candidate;
        tour[k] = i;
      }
    }
    set ^= 1 << tour[k]!;
  }
  return tour;
}

/** [set · m + j]: the cheapest way from the last node through the set to its member j; else Infinity. */
function tabulate(size: number, costs: Float64Array): Float64Array {
  const m = size - 1;
  const sets = 1 << m;
  const least = new Float64Array(sets * m).fill(Infinity);
  const into = new Float64Array(m * m);
  const none = Infinity;
  for (let j = 0; j < m; j++) {
    least[(1 << j) * m + j] = costs[m * size + j]!;
    for (let i = 0; i < m; i++) into[j * m + i] = costs[i * size + j]!;
  }
  for (let set = 1; set < sets; set++) {
    for (let j = 0; j < m; j++) {
      const before = set ^ (1 << j);
      // Either j is no member, or it is the only one.
      if (before > set || before === 0) continue;
      const row = before * m;
      let cost = none;
      for (let i = 0; i < m; i++) {
        const candidate = least[row + i]! + into[j * m + i]!;
        if (candidate < cost) cost = candidate;
      }
      least[set * m + j] = cost;
    }
  }
  return least;
}
