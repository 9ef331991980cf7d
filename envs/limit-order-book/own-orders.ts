import * as tf from '@tensorflow/tfjs';

import { asColumn, type Best, depthAt, onlyWhere } from './book';

/**
 * The agent's resting orders, one a side: column 0 the bid, column 1 the ask. Their shares are not part
 * of the book's `depth`, but count where the best quotes are looked for.
 */
export interface OwnOrders {
  /** [B, 2] columns of the window in which they rest; they may have left it. */
  readonly ownColumn: tf.Tensor2D;
  /** [B, 2] shares; 0: none. */
  readonly ownSize: tf.Tensor2D;
  /** [B, 2] shares of others at the same price that come first. */
  readonly ownAhead: tf.Tensor2D;
}

/** One side's order, each [B, 1]. */
export interface OwnOrder {
  readonly column: tf.Tensor;
  readonly size: tf.Tensor;
  readonly ahead: tf.Tensor;
}

export const sides = ['bid', 'ask'] as const;
export type BookSide = (typeof sides)[number];

/** The sign of a side's shares in `depth`. */
export const signOf = (side: BookSide): 1 | -1 => (side === 'ask' ? 1 : -1);

export const noOrders = (rows: number): OwnOrders => ({
  ownColumn: tf.zeros([rows, 2]),
  ownSize: tf.zeros([rows, 2]),
  ownAhead: tf.zeros([rows, 2]),
});

export function orderOf(own: OwnOrders, side: BookSide): OwnOrder {
  const pick = (both: tf.Tensor2D): tf.Tensor => tf.slice(both, [0, sides.indexOf(side)], [-1, 1]);
  return { column: pick(own.ownColumn), size: pick(own.ownSize), ahead: pick(own.ownAhead) };
}

export const ordersFrom = (bid: OwnOrder, ask: OwnOrder): OwnOrders => ({
  ownColumn: tf.concat([bid.column, ask.column], 1) as tf.Tensor2D,
  ownSize: tf.concat([bid.size, ask.size], 1) as tf.Tensor2D,
  ownAhead: tf.concat([bid.ahead, ask.ahead], 1) as tf.Tensor2D,
});

/** The best quotes, the agent's own orders among them. An order outside of the window is not seen. */
export function bestWithOwn({ bid, ask }: Best, own: OwnOrders, levels: number): Best {
  const [ownBid, ownAsk] = [orderOf(own, 'bid'), orderOf(own, 'ask')];
  const beyond = 2 * levels;
  return {
    bid: tf.maximum(
      bid,
      tf.sub(onlyWhere(tf.greater(ownBid.size, 0), tf.add(ownBid.column, 1)), 1),
    ),
    ask: tf.minimum(
      ask,
      tf.add(onlyWhere(tf.greater(ownAsk.size, 0), tf.sub(ownAsk.column, beyond)), beyond),
    ),
  };
}

/** The agent's shares at each price: [B, 2W], with the sign of their side. */
export function ownDepth(own: OwnOrders, columns: tf.Tensor2D): tf.Tensor {
  const [bid, ask] = sides.map((side) => {
    const { column, size } = orderOf(own, side);
    return onlyWhere(tf.equal(columns, column), size);
  });
  return tf.sub(ask!, bid!);
}

/** Others' shares at the order's price, on its side; [B, 1]. */
export const queueOf = (depth: tf.Tensor2D, { column }: OwnOrder, side: BookSide): tf.Tensor =>
  tf.relu(tf.mul(depthAt(depth, column), signOf(side)));

/**
 * A new limit order in the place of the old one, at the back of the queue. Where the old one rests at
 * the price asked for, it stays as it is.
 */
export function replaceOrder(
  depth: tf.Tensor2D,
  old: OwnOrder,
  side: BookSide,
  wanted: {
    /** bool [B, 1] */
    readonly isPlaced: tf.Tensor;
    /** [B, 1] */
    readonly column: tf.Tensor;
    readonly size: tf.Tensor;
  },
): OwnOrder {
  const rests = tf.logicalAnd(tf.greater(old.size, 0), tf.equal(old.column, wanted.column));
  const isNew = tf.logicalAnd(wanted.isPlaced, tf.logicalNot(rests));
  const ahead = queueOf(depth, { ...old, column: wanted.column }, side);
  return {
    column: tf.where(isNew, wanted.column, old.column),
    size: tf.where(isNew, wanted.size, old.size),
    ahead: tf.where(isNew, ahead, old.ahead),
  };
}

/** No orders any more in rows where the condition holds. @param condition bool [B] */
export function withdrawWhere(condition: tf.Tensor1D, own: OwnOrders): OwnOrders {
  const stays = tf.sub(1, tf.cast(asColumn(condition), 'float32'));
  return {
    ownColumn: own.ownColumn,
    ownSize: tf.mul(own.ownSize, stays),
    ownAhead: tf.mul(own.ownAhead, stays),
  };
}

/** After the window has moved by so many ticks: the price stays, and nobody is ahead who is not there. */
export function followWindow(own: OwnOrders, depth: tf.Tensor2D, ticks: tf.Tensor): OwnOrders {
  const moved = { ...own, ownColumn: tf.sub(own.ownColumn, ticks) as tf.Tensor2D };
  const queues = tf.concat(
    sides.map((side) => queueOf(depth, orderOf(moved, side), side)),
    1,
  );
  return { ...moved, ownAhead: tf.minimum(moved.ownAhead, queues) as tf.Tensor2D };
}
