import * as tf from '@tensorflow/tfjs';

import { scan } from '../../engine/loops';

/** The trades left of B episodes, in n places: the first `left` hold them, zeros follow. A tree of tensors. */
export type Places = {
  /** [B] float32: how many trades are left. */
  readonly left: tf.Tensor1D;
  /** [B, n] float32: which trade it is, counted from 1. */
  readonly trade: tf.Tensor2D;
  /** d_ij at i·n + j, [B, n²] quote currency: what the trade in place j pays for being done right after that in place i; 0 where i = j. */
  readonly costs: tf.Tensor2D;
  /** [B, n] what the trade would now pay for the one just done; 0 at the start. */
  readonly next: tf.Tensor2D;
  /** [B, n] what the rest of the order costs if it comes next and then always the nearest, itself included. */
  readonly rest: tf.Tensor2D;
  /** [B, n] what it would now pay for all that are done, their impact decayed. */
  readonly pressure: tf.Tensor2D;
  /** θ, [B, n] 1/time. */
  readonly resilience: tf.Tensor2D;
  /** [B, n] time. */
  readonly duration: tf.Tensor2D;
};

/** Stands where there is nothing to compare. */
export const far = 1e30;

/** What stands below the matrix of costs in the table that is sorted, a row each; the last is the key. */
const vectors = ['trade', 'next', 'rest', 'pressure', 'resilience', 'duration'] as const;

/**
 * Brings trades into the order of what the rest would cost after them, the cheapest first; of equals the
 * first stays first.
 *
 * An odd–even transposition sort: in every round neighbours change places where they stand wrong, all
 * pairs at once, and n rounds do. As a loop over tensors of static shape it makes a small program.
 * @param keep [B, n] bool: the trades that remain
 */
export function arrange(places: Omit<Places, 'left'>, keep: tf.Tensor): Places {
  const [rows, slots] = places.trade.shape;
  const kept = tf.cast(keep, 'float32');
  const matrix = tf.mul(tf.reshape(places.costs, [rows, slots, slots]), tf.expandDims(kept, 2));
  const below = tf.stack(
    vectors.map((name) => places[name]),
    1,
  );
  const key = tf.expandDims(tf.where(keep, places.rest, tf.fill([rows, slots], far)), 1);
  const table = tf.concat([tf.mul(tf.concat([matrix, below], 1), tf.expandDims(kept, 1)), key], 1);
  const { carry } = scan(
    (from: { table: tf.Tensor }) => ({
      carry: { table: exchange(exchange(from.table, slots, 0), slots, 1) },
      output: {},
    }),
    { table },
    Math.ceil(slots / 2),
  );
  const line = (index: number): tf.Tensor2D =>
    tf.reshape(tf.slice(carry.table, [0, slots + index, 0], [-1, 1, -1]), [rows, slots]);
  return {
    left: tf.sum(kept, 1),
    costs: tf.reshape(tf.slice(carry.table, [0, 0, 0], [-1, slots, -1]), [rows, slots * slots]),
    ...(Object.fromEntries(vectors.map((name, index) => [name, line(index)])) as Record<
      (typeof vectors)[number],
      tf.Tensor2D
    >),
  };
}

/**
 * One round: places `first` and the next, and so on by twos, are exchanged where their keys are out of order.
 * @param table [B, n + r + 1, n]: costs, r more rows, the keys
 */
function exchange(table: tf.Tensor, slots: number, first: 0 | 1): tf.Tensor {
  const lines = table.shape[1]!;
  const partners = Array.from({ length: slots }, (_, place) => {
    const partner = (place - first) % 2 === 0 ? place + 1 : place - 1;
    return partner < slots && partner >= 0 ? partner : place;
  });
  const key = tf.slice(table, [0, lines - 1, 0], [-1, 1, -1]);
  const columns = tf.tensor1d(partners, 'int32');
  const rival = tf.gather(key, columns, 2);
  const isFirst = tf.tensor3d(
    partners.map((partner, place) => (partner > place ? 1 : 0)),
    [1, 1, slots],
    'bool',
  );
  const isWrong = tf.where(isFirst, tf.greater(key, rival), tf.less(key, rival));
  const across = tf.where(isWrong, tf.gather(table, columns, 2), table);
  const lower = Array.from({ length: lines - slots }, (_, index) => slots + index);
  const down = tf.gather(across, tf.tensor1d([...partners, ...lower], 'int32'), 1);
  const isWrongRow = tf.pad(tf.reshape(isWrong, [-1, slots, 1]), [
    [0, 0],
    [0, lines - slots],
    [0, 0],
  ]);
  return tf.where(isWrongRow, down, across);
}

/** [B, n] bool: the places that hold a trade. @param left [B] */
export const isLeft = (left: tf.Tensor1D, slots: number): tf.Tensor2D =>
  tf.less(tf.range(0, slots), tf.reshape(left, [-1, 1]));

/** d as a matrix, and which of its entries are between two trades that are left. */
export function openPairs(
  costs: tf.Tensor2D,
  isLeft: tf.Tensor,
): { readonly matrix: tf.Tensor3D; readonly pairs: tf.Tensor3D } {
  const [rows, slots] = isLeft.shape as [number, number];
  return {
    matrix: tf.reshape(costs, [rows, slots, slots]),
    pairs: tf.logicalAnd(
      tf.logicalAnd(tf.expandDims(isLeft, 1), tf.expandDims(isLeft, 2)),
      tf.cast(
        entriesWhere(slots, (i, j) => i !== j),
        'bool',
      ),
    ) as tf.Tensor3D,
  };
}

/**
 * The least of each row or column among pairs of trades that are left; 0 where there is none.
 * @param axis 2: over those that may follow; 1: over those that may precede
 * @returns [B, n]
 */
export function leastOf(matrix: tf.Tensor3D, pairs: tf.Tensor3D, axis: 1 | 2): tf.Tensor2D {
  const least = tf.min(tf.where(pairs, matrix, tf.fill(matrix.shape, far)), axis);
  return tf.where(tf.less(least, far), least, tf.zerosLike(least)) as tf.Tensor2D;
}

/** [1, n, n] float32: 1 where the condition on row and column holds. */
export const entriesWhere = (
  size: number,
  holds: (row: number, column: number) => boolean,
): tf.Tensor3D =>
  tf.tensor3d(
    Array.from({ length: size * size }, (_, at) =>
      holds(Math.floor(at / size), at % size) ? 1 : 0,
    ),
    [1, size, size],
  );
