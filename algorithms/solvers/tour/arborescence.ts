/** Cheapest ways into all nodes that together lead there from the root, and the prices that prove it. */
export interface Arborescence {
  /** The node before each; before the root the cheapest one: a 1-arborescence. [n] */
  readonly predecessor: Int32Array;
  /** Its cost, which is the sum of the prices. */
  readonly cost: number;
  /** What every way into a set of nodes from outside pays; at least 0 where it has more than one. */
  readonly prices: readonly { readonly nodes: readonly number[]; readonly price: number }[];
}

/** @returns the cheapest 1-arborescence for costs less λ of the node left; the prices only if asked for */
export type FindArborescence = (lambda: Float64Array, withPrices?: boolean) => Arborescence;

const isNew = 0;
const isOnPath = 1;
const isReached = 2;

/**
 * Cheapest 1-arborescences from node 0, O(n²) each: a path grows backwards along the cheapest ways
 * in; where it meets itself the cycle becomes one node, where it meets what the root reaches it ends.
 *
 * Edmonds (1967), Optimum branchings, Journal of Research of the NBS 71B; Fischetti and Toth (1993),
 * An efficient algorithm for the min-sum arborescence problem, ORSA Journal on Computing 5.
 * @param costs from the row's node to the column's; the diagonal is ignored. [n · n], n at least 2
 */
export function createArborescenceFinder(n: number, costs: Float64Array): FindArborescence {
  const into = Float64Array.from(costs, (_, way) => costs[(way % n) * n + Math.floor(way / n)]!);
  // Of the cheapest way from slot t into slot s: what it costs, and which one it is, at s · n + t.
  const weight = new Float64Array(n * n);
  const arc = new Int32Array(n * n);
  const state = new Uint8Array(n);
  // Slots hold nodes, and sets of nodes from n on, each with its price and chosen way in.
  const held = new Int32Array(n);
  const parent = new Int32Array(2 * n);
  const price = new Float64Array(2 * n);
  const chosen = new Int32Array(2 * n);
  const path = new Int32Array(n);
  let count = n;

  function begin(lambda: Float64Array): void {
    for (let s = 0; s < n; s++) {
      for (let t = 0; t < n; t++) {
        weight[s * n + t] = into[s * n + t]! - lambda[t]!;
        arc[s * n + t] = t * n + s;
      }
      weight[s * n + s] = Infinity;
      held[s] = s;
    }
    state.fill(isNew);
    parent.fill(-1);
    count = n;
  }

  /** The slot from which it is cheapest to come. */
  function choose(s: number): number {
    let from = s === 0 ? 1 : 0;
    for (let t = 0; t < n; t++) if (weight[s * n + t]! < weight[s * n + from]!) from = t;
    price[held[s]!] = weight[s * n + from]!;
    chosen[held[s]!] = arc[s * n + from]!;
    return from;
  }

  /** Makes one node, in one slot, of the path from its place `start` on. */
  function contract(start: number, height: number): void {
    const kept = path[start]!;
    const ownPrice = price[held[kept]!]!;
    for (let u = 0; u < n; u++) weight[kept * n + u]! -= ownPrice;
    for (let k = start + 1; k < height; k++) {
      const s = path[k]!;
      const paid = price[held[s]!]!;
      for (let u = 0; u < n; u++) {
        const way = weight[s * n + u]! - paid;
        if (way < weight[kept * n + u]!) {
          weight[kept * n + u] = way;
          arc[kept * n + u] = arc[s * n + u]!;
        }
        if (weight[u * n + s]! < weight[u * n + kept]!) {
          weight[u * n + kept] = weight[u * n + s]!;
          arc[u * n + kept] = arc[u * n + s]!;
        }
        weight[u * n + s] = Infinity;
      }
      parent[held[s]!] = count;
      state[s] = isReached;
    }
    weight[kept * n + kept] = Infinity;
    parent[held[kept]!] = count;
    held[kept] = count++;
  }

  /** From the outer sets to the inner ones, the way into a set is the way into one of its nodes. */
  function expand(): Int32Array {
    for (let set = count - 1; set >= n; set--) {
      const way = chosen[set]!;
      for (let node = way % n; node !== set; node = parent[node]!) chosen[node] = way;
    }
    return Int32Array.from({ length: n }, (_, node) => Math.floor(chosen[node]! / n));
  }

  function listPrices(): Arborescence['prices'] {
    const nodes = Array.from({ length: count }, (): number[] => []);
    for (let node = 0; node < n; node++) {
      for (let set = node; set !== -1; set = parent[set]!) nodes[set]!.push(node);
    }
    return nodes.map((members, set) => ({ nodes: members, price: price[set]! }));
  }

  return (lambda, withPrices = false) => {
    begin(lambda);
    choose(0);
    state[0] = isReached;
    for (let start = 1; start < n; start++) {
      if (state[start] !== isNew) continue;
      let height = 1;
      path[0] = start;
      state[start] = isOnPath;
      for (;;) {
        const from = choose(path[height - 1]!);
        if (state[from] === isReached) break;
        if (state[from] === isNew) {
          state[from] = isOnPath;
          path[height++] = from;
        } else {
          const cycle = path.indexOf(from);
          contract(cycle, height);
          height = cycle + 1;
        }
      }
      for (let k = 0; k < height; k++) state[path[k]!] = isReached;
    }
    let cost = 0;
    for (let set = 0; set < count; set++) cost += price[set]!;
    return { predecessor: expand(), cost, prices: withPrices ? listPrices() : [] };
  };
}
