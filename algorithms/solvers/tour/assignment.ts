/** A cheapest assignment of a successor to each node, with its dual prices. */
export interface Assignment {
  /** -1 where a row has none yet. [n] */
  readonly successor: Int32Array;
  /** [n] */
  readonly predecessor: Int32Array;
  /** u and v: costs − u_i − v_j ≥ 0, with equality on the assignment. [n] each */
  readonly rowPrice: Float64Array;
  readonly columnPrice: Float64Array;
}

/** Arrays of one search for an augmenting path, used again. */
export interface Search {
  readonly distance: Float64Array;
  readonly parent: Int32Array;
  /** Columns, the reached ones first. */
  readonly columns: Int32Array;
}

export const createSearch = (n: number): Search => ({
  distance: new Float64Array(n),
  parent: new Int32Array(n),
  columns: new Int32Array(n),
});

/**
 * The linear assignment problem by shortest augmenting paths, O(n³).
 *
 * Jonker and Volgenant (1987), A shortest augmenting path algorithm for dense and sparse linear
 * assignment problems, Computing 38: the reduction of columns and the augmentation.
 * @param costs [n · n], finite
 */
export function solveAssignment(n: number, costs: Float64Array): Assignment {
  const assignment: Assignment = {
    successor: new Int32Array(n).fill(-1),
    predecessor: new Int32Array(n).fill(-1),
    rowPrice: new Float64Array(n),
    columnPrice: new Float64Array(n),
  };
  const { successor, predecessor, rowPrice, columnPrice } = assignment;
  for (let j = n - 1; j >= 0; j--) {
    let best = 0;
    for (let i = 1; i < n; i++) if (costs[i * n + j]! < costs[best * n + j]!) best = i;
    columnPrice[j] = costs[best * n + j]!;
    if (successor[best] === -1) {
      successor[best] = j;
      predecessor[j] = best;
    }
  }
  const search = createSearch(n);
  for (let i = 0; i < n; i++) {
    if (successor[i] !== -1) continue;
    let least = Infinity;
    for (let j = 0; j < n; j++) least = Math.min(least, costs[i * n + j]! - columnPrice[j]!);
    rowPrice[i] = least;
    augment(n, costs, assignment, i, search);
  }
  return assignment;
}

/**
 * Assigns one more row by a shortest augmenting path, O(n²); the others stay assigned.
 * @param costs Infinity where an arc is excluded
 * @param fixed columns whose assignment must stay
 * @returns by how much the cost of the assignment, Σu + Σv, has risen; Infinity: there is none
 */
export function augment(
  n: number,
  costs: Float64Array,
  { successor, predecessor, rowPrice, columnPrice }: Assignment,
  from: number,
  { distance, parent, columns }: Search,
  fixed?: Uint8Array,
): number {
  let free = 0;
  for (let j = 0; j < n; j++) {
    if (fixed?.[j] === 1) continue;
    columns[free++] = j;
    distance[j] = costs[from * n + j]! - rowPrice[from]! - columnPrice[j]!;
    parent[j] = from;
  }
  let reached = 0;
  let length = 0;
  let end = -1;
  while (end === -1) {
    let nearest = -1;
    length = Infinity;
    for (let k = reached; k < free; k++) {
      const j = columns[k]!;
      if (distance[j]! < length) {
        length = distance[j]!;
        nearest = k;
      }
    }
    if (nearest === -1) return Infinity;
    const column = columns[nearest]!;
    columns[nearest] = columns[reached]!;
    columns[reached++] = column;
    const row = predecessor[column]!;
    if (row === -1) {
      end = column;
      break;
    }
    const offset = length - rowPrice[row]!;
    const base = row * n;
    for (let k = reached; k < free; k++) {
      const j = columns[k]!;
      const candidate = costs[base + j]! - columnPrice[j]! + offset;
      if (candidate < distance[j]!) {
        distance[j] = candidate;
        parent[j] = row;
      }
    }
  }
  rowPrice[from]! += length;
  for (let k = 0; k < reached - 1; k++) {
    const j = columns[k]!;
    const rise = length - distance[j]!;
    columnPrice[j]! -= rise;
    rowPrice[predecessor[j]!]! += rise;
  }
  for (let column = end; ;) {
    const row = parent[column]!;
    const next = successor[row]!;
    successor[row] = column;
    predecessor[column] = row;
    if (row === from) return length;
    column = next;
  }
}

/** What an assignment costs. */
export function costOfAssignment(n: number, costs: Float64Array, successor: Int32Array): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += costs[i * n + successor[i]!]!;
  return sum;
}
