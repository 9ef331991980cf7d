import type { CostMatrix } from './matrix';

/**
 * Joins the cycles of an assignment to one tour: the two longest are joined by the cheapest exchange
 * of two successors, until one is left.
 *
 * Karp (1979), A patching algorithm for the nonsymmetric traveling-salesman problem, SIAM Journal on
 * Computing 8.
 * @returns the nodes in their order
 */
export function patchCycles({ size, costs }: CostMatrix, successor: Int32Array): Int32Array {
  const next = successor.slice();
  const cycles = listCycles(next).sort((a, b) => b.length - a.length);
  let joined = cycles[0]!;
  for (const cycle of cycles.slice(1)) {
    let least = Infinity;
    let from = 0;
    let into = 0;
    for (const i of joined) {
      const ahead = next[i]!;
      const spared = costs[i * size + ahead]!;
      for (const j of cycle) {
        const follower = next[j]!;
        const cost =
          costs[i * size + follower]! +
          costs[j * size + ahead]! -
          spared -
          costs[j * size + follower]!;
        if (cost < least) {
          least = cost;
          from = i;
          into = j;
        }
      }
    }
    const ahead = next[from]!;
    next[from] = next[into]!;
    next[into] = ahead;
    joined = joined.concat(cycle);
  }
  const tour = new Int32Array(size);
  for (let k = 1; k < size; k++) tour[k] = next[tour[k - 1]!]!;
  return tour;
}

/** The cycles of a permutation. */
export function listCycles(successor: Int32Array): number[][] {
  const seen = new Uint8Array(successor.length);
  const cycles: number[][] = [];
  for (let start = 0; start < successor.length; start++) {
    if (seen[start] === 1) continue;
    const cycle: number[] = [];
    for (let node = start; seen[node] === 0; node = successor[node]!) {
      seen[node] = 1;
      cycle.push(node);
    }
    cycles.push(cycle);
  }
  return cycles;
}

/** From node 0 always on to the cheapest that is left. */
export function followNearest({ size, costs }: CostMatrix): Int32Array {
  const left = Uint8Array.from({ length: size }, (_, i) => (i === 0 ? 0 : 1));
  const tour = new Int32Array(size);
  for (let k = 1; k < size; k++) {
    const base = tour[k - 1]! * size;
    let nearest = -1;
    for (let j = 0; j < size; j++) {
      if (left[j] === 1 && (nearest === -1 || costs[base + j]! < costs[base + nearest]!)) {
        nearest = j;
      }
    }
    left[nearest] = 0;
    tour[k] = nearest;
  }
  return tour;
}
