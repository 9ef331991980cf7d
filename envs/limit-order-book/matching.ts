import * as tf from '@tensorflow/tfjs';

import { addShares, type Best, bestQuotes, type Book, depthAt, onlyWhere } from './book';
import {
  bestWithOwn,
  type BookSide,
  orderOf,
  ordersFrom,
  type OwnOrder,
  type OwnOrders,
} from './own-orders';

/** What others do next in each row: all [B, 1]. */
export interface OrderEvent {
  /** bool: whether anything happens. */
  readonly happens: tf.Tensor;
  /** bool: a market order, which takes from the best quote; a limit order; neither: a cancellation. */
  readonly isMarket: tf.Tensor;
  readonly isLimit: tf.Tensor;
  /** bool: whether the offers are concerned, else the bids. */
  readonly isAsk: tf.Tensor;
  /** Column where shares come or go; outside of the window nothing happens. */
  readonly column: tf.Tensor;
  /** Shares, a positive whole number. */
  readonly size: tf.Tensor;
}

/** What became of it, in shares, each [B, 1]. */
export interface Effect {
  readonly added: tf.Tensor;
  readonly cancelled: tf.Tensor;
  /** Taken by a market order from others. */
  readonly traded: tf.Tensor;
}

export interface Matched {
  readonly depth: tf.Tensor2D;
  readonly own: OwnOrders | null;
  /** [B, 2] shares of the agent's bid and ask that a market order took; null without own orders. */
  readonly filled: tf.Tensor2D | null;
  readonly effect: Effect;
}

export const bestOf = ({ depth }: Book, own: OwnOrders | null): Best => {
  const best = bestQuotes(depth);
  return own ? bestWithOwn(best, own, depth.shape[1] / 2) : best;
};

/**
 * The book after an event, price before time: a market order takes what is ahead of the agent at the best
 * quote, then the agent's order, then what is behind; it takes nothing beyond the best quote, and what is
 * left of it lapses. A cancellation is of shares ahead of the agent with the probability of their share
 * of the queue.
 * @param aheadDraw [B, 1] uniform: where in the queue a cancelled order stands
 */
export function match(
  depth: tf.Tensor2D,
  own: OwnOrders | null,
  event: OrderEvent,
  aheadDraw: tf.Tensor,
): Matched {
  const { happens, isMarket, isLimit, isAsk, column, size } = event;
  const sign = tf.sub(onlyWhere(isAsk, 2), 1);
  const amount = onlyWhere(happens, size);
  const held = tf.relu(tf.mul(depthAt(depth, column), sign));
  const added = onlyWhere(isLimit, amount);
  const removal = tf.sub(amount, added);
  const within = onlyWhere(isInWindow(depth, column), added);
  if (!own) {
    const removed = tf.minimum(removal, held);
    return {
      depth: addShares(depth, column, tf.mul(sign, tf.sub(added, removed))),
      own: null,
      filled: null,
      effect: effectOf(isMarket, within, removed),
    };
  }
  const affected = (order: OwnOrder, side: BookSide): tf.Tensor =>
    tf.logicalAnd(
      tf.logicalAnd(tf.greater(order.size, 0), tf.equal(order.column, column)),
      side === 'ask' ? isAsk : tf.logicalNot(isAsk),
    );
  const [bid, ask] = [orderOf(own, 'bid'), orderOf(own, 'ask')];
  const [atBid, atAsk] = [affected(bid, 'bid'), affected(ask, 'ask')];
  const ahead = tf.where(atBid, bid.ahead, tf.where(atAsk, ask.ahead, held));
  const ownSize = tf.where(atBid, bid.size, onlyWhere(atAsk, ask.size));
  const behind = tf.sub(held, ahead);

  const marketAhead = tf.minimum(removal, ahead);
  const filled = onlyWhere(isMarket, tf.minimum(tf.sub(removal, marketAhead), ownSize));
  const marketBehind = tf.minimum(tf.sub(tf.sub(removal, marketAhead), filled), behind);

  const cancelled = tf.minimum(removal, held);
  const isAhead = tf.less(tf.mul(aheadDraw, held), ahead);
  const cancelledAhead = tf.where(
    isAhead,
    tf.minimum(cancelled, ahead),
    tf.relu(tf.sub(cancelled, behind)),
  );

  const lostAhead = tf.where(isMarket, marketAhead, cancelledAhead);
  const removed = tf.where(isMarket, tf.add(marketAhead, marketBehind), cancelled);
  const after = (order: OwnOrder, at: tf.Tensor): OwnOrder => ({
    column: order.column,
    size: tf.sub(order.size, onlyWhere(at, filled)),
    ahead: tf.sub(order.ahead, onlyWhere(at, lostAhead)),
  });
  return {
    depth: addShares(depth, column, tf.mul(sign, tf.sub(added, removed))),
    own: ordersFrom(after(bid, atBid), after(ask, atAsk)),
    filled: tf.concat(
      [atBid, atAsk].map((at) => onlyWhere(at, filled)),
      1,
    ) as tf.Tensor2D,
    effect: effectOf(isMarket, within, removed),
  };
}

const isInWindow = (depth: tf.Tensor2D, column: tf.Tensor): tf.Tensor =>
  tf.logicalAnd(tf.greaterEqual(column, 0), tf.less(column, depth.shape[1]));

const effectOf = (isMarket: tf.Tensor, added: tf.Tensor, removed: tf.Tensor): Effect => ({
  added,
  cancelled: tf.sub(removed, onlyWhere(isMarket, removed)),
  traded: onlyWhere(isMarket, removed),
});
