import * as tf from '@tensorflow/tfjs';

import { onlyWhere } from '../book';
import { type BookSide, type OwnOrder, signOf } from '../own-orders';
import { eventKinds } from './tape';

/** A recorded event, each [B, 1]; prices in ticks, counted as the agent's. */
export interface RecordedEvent {
  /** One of `eventKinds`; `none` where the event does not count. */
  readonly kind: tf.Tensor;
  readonly price: tf.Tensor;
  /** Shares, positive. */
  readonly size: tf.Tensor;
  /** bool: whether the order concerned rests among the offers, else among the bids. */
  readonly isAsk: tf.Tensor;
}

/** What an event does to an order of the agent, each [B, 1] shares. */
export interface OwnFill {
  readonly filled: tf.Tensor;
  /** Others' shares that come first, after the event. */
  readonly ahead: tf.Tensor;
}

export const isKind = (kind: tf.Tensor, which: keyof typeof eventKinds): tf.Tensor =>
  tf.equal(kind, eventKinds[which]);

/**
 * How a recorded event fills an order of the agent, price before time. Who traded with resting orders at
 * its price takes what is ahead of it first, then the agent's order, up to the recorded size; who traded
 * at a worse price, or placed an order that the agent's price is good enough for, would have met the
 * agent first. A cancellation at its price is ahead of it in proportion, in whole shares.
 * @param price [B, 1] of the agent's order
 * @param queue [B, 1] others' shares at that price before the event
 * @param draw [B, 1] uniform: rounds the proportion up or down, right on average
 */
export function fillOwn(
  { size: own, ahead }: Pick<OwnOrder, 'size' | 'ahead'>,
  side: BookSide,
  price: tf.Tensor,
  event: RecordedEvent,
  queue: tf.Tensor,
  draw: tf.Tensor,
): OwnFill {
  const { kind, size } = event;
  const isSameSide = side === 'ask' ? event.isAsk : tf.logicalNot(event.isAsk);
  // Positive: the agent's price is better for who trades with it than that of the event.
  const better = tf.mul(tf.sub(event.price, price), signOf(side));
  const isHere = tf.logicalAnd(isSameSide, tf.equal(better, 0));
  const isExecuted = isKind(kind, 'executed');
  const isTrade = tf.logicalAnd(isSameSide, tf.logicalOr(isExecuted, isKind(kind, 'hidden')));
  const comes = tf.logicalOr(
    isTrade,
    tf.logicalAnd(isKind(kind, 'added'), tf.logicalNot(isSameSide)),
  );
  const reaches = tf.logicalAnd(comes, tf.greaterEqual(better, 0));
  const first = onlyWhere(isHere, tf.minimum(size, ahead));
  const filled = onlyWhere(reaches, tf.minimum(own, tf.sub(size, first)));
  const cancelled = tf.floor(tf.add(tf.div(tf.mul(size, ahead), tf.maximum(queue, 1)), draw));
  const lost = tf.add(
    onlyWhere(isExecuted, first),
    onlyWhere(
      tf.logicalAnd(isHere, isKind(kind, 'cancelled')),
      tf.minimum(tf.minimum(cancelled, size), ahead),
    ),
  );
  return { filled, ahead: tf.sub(ahead, lost) };
}
