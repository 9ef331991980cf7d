import * as tf from '@tensorflow/tfjs';

import { type Key, uniforms } from '../../engine/random';
import type { Tensors } from '../../engine/tensors';
import { half, longestAhead, type OrderPlacementConfig } from './config';

/** An order that rests in the book, or none. */
export interface RestingOrder {
  /** [B] float32, ticks below the best bid; −1: there is none. */
  readonly depth: tf.Tensor1D;
  /** [B] float32, orders that are to be filled before it; 0 without an order. */
  readonly ahead: tf.Tensor1D;
}

/** The depth that stands for no order. */
export const noOrder = -1;

const asNumber = (flag: tf.Tensor): tf.Tensor1D => tf.cast(flag, 'float32') as tf.Tensor1D;

/** What becomes of limit orders. */
export interface OrderBook {
  parameters(): Tensors;
  /**
   * The order that stands after a decision: the one that rests already, with its place in the queue, if it
   * is at the wanted depth, else a new one behind those that stand there.
   * @param wanted [B] float32 depth, −1 for none
   * @param imbalance [] or [B]
   */
  place(
    parameters: Tensors,
    resting: RestingOrder,
    wanted: tf.Tensor1D,
    imbalance: tf.Tensor,
  ): RestingOrder & {
    /** [B] 1 where an order that rested was given up, else 0. */
    readonly cancelled: tf.Tensor1D;
  };
  /**
   * Sellers fill the order if none is ahead of it, else one of those ahead; others ahead may be cancelled.
   * @param reached [B] bool: sellers came as deep as the order
   */
  trade(
    parameters: Tensors,
    order: RestingOrder,
    reached: tf.Tensor,
    key: Key,
  ): {
    /** [B] 1 or 0 */
    readonly filled: tf.Tensor1D;
    readonly ahead: tf.Tensor1D;
  };
  /**
   * Where the order stands once the bid has moved: filled by a bid that fell below it, out of reach if the
   * bid rose too far, gone if it was filled or the last step is over.
   * @param open [B] bool: it is still there
   * @param ticks [B] the bid's move
   */
  follow(
    order: RestingOrder,
    open: tf.Tensor,
    ticks: tf.Tensor,
  ): RestingOrder & {
    /** [B] 1 where the bid fell below it, else 0. */
    readonly swept: tf.Tensor1D;
  };
}

/** @param draw the number of its draw in a step: one uniform an order ahead */
export function createOrderBook(config: OrderPlacementConfig, draw: number): OrderBook {
  const { levels, queue } = config;
  const longest = longestAhead(config);

  const joining = ({ queueLength }: Tensors, imbalance: tf.Tensor): tf.Tensor =>
    longest === 0
      ? tf.scalar(0)
      : tf.minimum(tf.floor(tf.add(tf.mul(queueLength!, tf.add(imbalance, 1)), half)), longest);

  /** How many of the orders ahead are cancelled. */
  function cancelled({ cancelRate }: Tensors, ahead: tf.Tensor1D, key: Key): tf.Tensor1D {
    const isThere = tf.less(tf.range(0, longest), tf.expandDims(ahead, 1));
    const rate = cancelRate!.rank === 0 ? cancelRate! : tf.expandDims(cancelRate!, 1);
    const leaves = tf.less(uniforms(key, draw, longest), rate);
    return tf.sum(asNumber(tf.logicalAnd(isThere, leaves)), 1);
  }

  return {
    parameters: () =>
      longest === 0
        ? {}
        : { queueLength: tf.scalar(queue.length), cancelRate: tf.scalar(queue.cancelRate) },
    place(parameters, resting, wanted, imbalance) {
      const kept = tf.equal(resting.depth, wanted);
      const fresh = tf.add(joining(parameters, imbalance), tf.zerosLike(wanted));
      const ahead = tf.where(kept, resting.ahead, fresh);
      return {
        depth: wanted,
        ahead: tf.where(tf.greaterEqual(wanted, 0), ahead, tf.zerosLike(ahead)) as tf.Tensor1D,
        cancelled: asNumber(tf.logicalAnd(tf.greaterEqual(resting.depth, 0), tf.logicalNot(kept))),
      };
    },
    trade(parameters, { ahead }, reached, key) {
      const filled = asNumber(tf.logicalAnd(reached, tf.lessEqual(ahead, 0)));
      if (longest === 0) return { filled, ahead };
      const left = tf.sub(ahead, tf.sub(asNumber(reached), filled)) as tf.Tensor1D;
      return { filled, ahead: tf.sub(left, cancelled(parameters, left, key)) };
    },
    follow({ depth, ahead }, open, ticks) {
      const moved = tf.add(depth, ticks) as tf.Tensor1D;
      const isAbove = tf.less(moved, 0);
      const isNear = tf.logicalAnd(tf.logicalNot(isAbove), tf.less(moved, levels));
      const rests = tf.logicalAnd(open, isNear);
      return {
        depth: tf.where(rests, moved, tf.fill(moved.shape, noOrder)),
        ahead: tf.where(rests, ahead, tf.zerosLike(ahead)),
        swept: asNumber(tf.logicalAnd(open, isAbove)),
      };
    },
  };
}
