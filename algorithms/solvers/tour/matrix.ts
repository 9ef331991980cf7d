import { InputError } from '../../../engine/input-error';

/** What it costs to go from one place to another; null: it cannot be done. The diagonal is ignored. */
export type Costs = readonly (readonly (number | null)[])[];

/** The costs of a closed tour, as the methods use them. */
export interface CostMatrix {
  readonly size: number;
  /** From the row's node to the column's, forbidden arcs and the diagonal at `penalty`. [size · size] */
  readonly costs: Float64Array;
  /** So large that a tour with fewer forbidden arcs is always cheaper. */
  readonly penalty: number;
  /** Every cost is a whole number, so that sums are exact and a bound may be rounded up. */
  readonly whole: boolean;
  /** What differences of two tours' costs must exceed not to be rounding. */
  readonly tolerance: number;
}

/**
 * The matrix of a tour; an open path becomes a tour through one more node, the last, to which and
 * from which every way is free.
 * @throws InputError if the matrix is not square or its numbers are too large to add up
 */
export function buildMatrix(costs: Costs, open: boolean): CostMatrix {
  const n = costs.length;
  let least = open ? 0 : Infinity;
  let most = open ? 0 : -Infinity;
  let whole = true;
  costs.forEach((row, i) => {
    if (row.length !== n) {
      throw new InputError(
        `costs.${i}: ${row.length} numbers; a row for each of the ${n} places must have ${n}`,
      );
    }
    row.forEach((cost, j) => {
      if (i === j || cost === null) return;
      least = Math.min(least, cost);
      most = Math.max(most, cost);
      whole &&= Number.isInteger(cost);
    });
  });
  if (least > most) least = most = 0;
  const size = open ? n + 1 : n;
  const largest = Math.max(Math.abs(least), Math.abs(most));
  const penalty = most + (most - least) * size + (largest || 1);
  if (!Number.isFinite(penalty * size * 4)) {
    throw new InputError('costs: too large to be added up; choose a larger unit');
  }
  const matrix = new Float64Array(size * size).fill(penalty);
  for (let i = 0; i < n; i++) {
    const row = costs[i]!;
    for (let j = 0; j < n; j++) {
      const cost = row[j];
      if (i !== j && typeof cost === 'number') matrix[i * size + j] = cost;
    }
    if (open) matrix[i * size + n] = matrix[n * size + i] = 0;
  }
  return {
    size,
    costs: matrix,
    penalty,
    whole: whole && (penalty + largest) * size * 4 < Number.MAX_SAFE_INTEGER,
    tolerance: size * Math.max(largest, Number.MIN_VALUE) * 1e-13,
  };
}

/** What a closed tour costs. */
export function costOfTour({ size, costs }: CostMatrix, tour: ArrayLike<number>): number {
  if (size < 2) return 0;
  let sum = 0;
  for (let k = 0; k < size; k++) sum += costs[tour[k]! * size + tour[(k + 1) % size]!]!;
  return sum;
}

/** A bound rounded up where all costs, and so those of all tours, are whole numbers. */
export const sharpenBound = ({ whole }: CostMatrix, bound: number): number =>
  whole ? Math.ceil(bound - 1e-6) : bound;
