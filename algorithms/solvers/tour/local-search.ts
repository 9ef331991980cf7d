import type { CostMatrix } from './matrix';

/** A tour under improvement. */
export interface TourSearch {
  /** The nodes in their order. [n] */
  readonly tour: Int32Array;
  /** Takes another tour; every node is to be looked at again. */
  readonly set: (tour: ArrayLike<number>) => void;
  /**
   * Exchanges segments until nothing that is still to be looked at gains.
   * @returns what it gained
   */
  readonly descend: () => number;
  /**
   * A double bridge, A B C D → A D C B, of segments of `longest` nodes at most: no single exchange
   * of segments takes it back.
   * @param pick a whole number from 0 to below its argument
   * @returns what it cost
   */
  readonly kick: (longest: number, pick: (below: number) => number) => number;
  /** Takes back all that happened since the last `set` or `keep`. */
  readonly undo: () => void;
  readonly keep: () => void;
}

/** The cheapest `count` ways out of each node, the cheapest first. [n · count] */
export function listNeighbours({ size, costs }: CostMatrix, count: number): Int32Array {
  const lists = new Int32Array(size * count);
  const others = new Int32Array(size - 1);
  for (let i = 0; i < size; i++) {
    for (let j = 0, k = 0; j < size; j++) if (j !== i) others[k++] = j;
    const base = i * size;
    others.sort((a, b) => costs[base + a]! - costs[base + b]! || a - b);
    lists.set(others.subarray(0, count), i * count);
  }
  return lists;
}

/**
 * Local search for asymmetric costs: adjacent segments of any lengths change places (or-3opt, which
 * contains Or-opt and every insertion of a segment), without reversing any; candidates from lists of
 * neighbours under the positive gain rule of Lin and Kernighan (1973); don't-look bits (Bentley
 * 1992). Kanellakis and Papadimitriou (1980), Local search for the asymmetric traveling salesman
 * problem, Operations Research 28.
 * @param neighbours of {@link listNeighbours}; with n − 1 of them each, no exchange is missed
 */
export function createTourSearch(
  { size: n, costs, tolerance }: CostMatrix,
  neighbours: Int32Array,
): TourSearch {
  const width = neighbours.length / n;
  const tour = Int32Array.from({ length: n }, (_, i) => i);
  const position = tour.slice();
  const keptTour = tour.slice();
  const keptPosition = tour.slice();
  const buffer = new Int32Array(n);
  // Nodes that are still to be looked at.
  const stack = new Int32Array(n);
  const waiting = new Uint8Array(n);
  let height = 0;

  const push = (node: number): void => {
    if (waiting[node] === 1) return;
    waiting[node] = 1;
    stack[height++] = node;
  };
  const after = (node: number): number => {
    const next = position[node]! + 1;
    return tour[next === n ? 0 : next]!;
  };
  const before = (node: number): number => {
    const place = position[node]!;
    return tour[place === 0 ? n - 1 : place - 1]!;
  };
  const at = (place: number): number => tour[place >= n ? place - n : place]!;

  /** Writes the first `length` nodes of the buffer from a place of the tour on. */
  function write(start: number, length: number): void {
    for (let k = 0, place = start; k < length; k++, place++) {
      if (place >= n) place -= n;
      const node = buffer[k]!;
      tour[place] = node;
      position[node] = place;
    }
  }

  /** Two adjacent segments change places. */
  function swapSegments(start: number, first: number, second: number): void {
    const begin = start >= n ? start - n : start;
    for (let k = 0; k < second; k++) buffer[k] = at((begin + first + k) % n);
    for (let k = 0; k < first; k++) buffer[second + k] = at((begin + k) % n);
    write(begin, first + second);
  }

  /** Of the three segments of the circle, the two shorter ones change places: the same circle. */
  function exchange(start: number, first: number, second: number): void {
    const third = n - first - second;
    if (third >= first && third >= second) swapSegments(start, first, second);
    else if (first >= second) swapSegments((start + first) % n, second, third);
    else swapSegments((start + first + second) % n, third, first);
  }

  /** The first exchange that gains and takes away the way out of `a`. */
  function improveFrom(a: number): number {
    const b = after(a);
    const start = position[b]!;
    const removed = costs[a * n + b]!;
    for (let x = a * width; x < (a + 1) * width; x++) {
      const d = neighbours[x]!;
      const partial = removed - costs[a * n + d]!;
      if (partial <= tolerance) return 0;
      if (d === b) continue;
      let first = position[d]! - start;
      if (first < 0) first += n;
      const c = before(d);
      const gained = partial + costs[c * n + d]!;
      for (let y = c * width; y < (c + 1) * width; y++) {
        const f = neighbours[y]!;
        const rest = gained - costs[c * n + f]!;
        if (rest <= tolerance) break;
        let length = position[f]! - start;
        if (length < 0) length += n;
        if (length <= first) continue;
        const e = before(f);
        const gain = rest + costs[e * n + f]! - costs[e * n + b]!;
        if (gain <= tolerance) continue;
        exchange(start, first, length - first);
        push(b);
        push(d);
        push(f);
        push(e);
        push(c);
        push(a);
        return gain;
      }
    }
    return 0;
  }

  return {
    tour,
    set(other) {
      for (let k = 0; k < n; k++) {
        tour[k] = other[k]!;
        position[other[k]!] = k;
      }
      keptTour.set(tour);
      keptPosition.set(position);
      for (let k = n - 1; k >= 0; k--) push(tour[k]!);
    },
    descend() {
      let total = 0;
      while (height > 0) {
        const node = stack[--height]!;
        waiting[node] = 0;
        total += improveFrom(node);
      }
      return total;
    },
    kick(longest, pick) {
      const most = Math.max(1, Math.min(longest, Math.floor((n - 1) / 3)));
      const begin = pick(n);
      const lengths = [1 + pick(most), 1 + pick(most), 1 + pick(most)] as const;
      const [first, second, third] = lengths;
      const all = first + second + third;
      const ends = [0, first, first + second, all].map((offset) => (begin + offset) % n);
      let cost = 0;
      for (const end of ends) cost -= costs[before(tour[end]!) * n + tour[end]!]!;
      for (const end of ends) {
        push(tour[end]!);
        push(before(tour[end]!));
      }
      let k = 0;
      for (let i = first + second; i < all; i++) buffer[k++] = at((begin + i) % n);
      for (let i = first; i < first + second; i++) buffer[k++] = at((begin + i) % n);
      for (let i = 0; i < first; i++) buffer[k++] = at((begin + i) % n);
      write(begin, all);
      for (const offset of [0, third, third + second, all]) {
        const node = tour[(begin + offset) % n]!;
        cost += costs[before(node) * n + node]!;
      }
      return cost;
    },
    undo() {
      tour.set(keptTour);
      position.set(keptPosition);
    },
    keep() {
      keptTour.set(tour);
      keptPosition.set(position);
    },
  };
}
