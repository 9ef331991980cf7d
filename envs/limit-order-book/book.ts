import * as tf from '@tensorflow/tfjs';

/**
 * A limit order book in each row of a batch: a window of 2W prices, one tick apart. Column c stands for
 * the price `anchor + c − W` in ticks, so that the reference price, between the columns W − 1 and W, is
 * `anchor − ½`. The window follows the market (`shiftWindow`); what leaves it is forgotten.
 *
 * A price holds the shares of one side. Places and amounts that differ from row to row are [B, 1].
 */
export interface Book {
  /** [B, 2W] shares at each price: offered where positive, bid for where negative. */
  readonly depth: tf.Tensor2D;
  /** [B] ticks: the price of column W; a whole number. */
  readonly anchor: tf.Tensor1D;
}

/** The columns of the best quotes, each [B, 1]: of an empty side the one beyond the window, −1 or 2W. */
export interface Best {
  readonly bid: tf.Tensor;
  readonly ask: tf.Tensor;
}

/** [1, 2W] float32: 0 … 2W − 1 */
export const columnsOf = (levels: number): tf.Tensor2D =>
  tf.reshape(tf.range(0, 2 * levels), [1, 2 * levels]);

/** [B] as [B, 1] */
export const asColumn = (value: tf.Tensor): tf.Tensor => tf.reshape(value, [-1, 1]);

/** [B, 1] as [B] */
export const asRows = (value: tf.Tensor): tf.Tensor1D => tf.reshape(value, [-1]);

/** The value where the condition holds, else 0. A product, as it takes fewer kernels than a choice. */
export const onlyWhere = (condition: tf.Tensor, value: tf.Tensor | number): tf.Tensor =>
  tf.mul(tf.cast(condition, 'float32'), value);

const levelsOf = (depth: tf.Tensor2D): number => depth.shape[1] / 2;

export const emptyBook = (rows: number, levels: number): Book => ({
  depth: tf.zeros([rows, 2 * levels]),
  anchor: tf.zeros([rows]),
});

/** @param column [B, k]; @returns [B, k] ticks */
export const priceAt = ({ depth, anchor }: Book, column: tf.Tensor): tf.Tensor =>
  tf.add(column, tf.sub(asColumn(anchor), levelsOf(depth)));

/** The inverse of `priceAt`; the column may lie outside of the window. */
export const columnAt = ({ depth, anchor }: Book, price: tf.Tensor): tf.Tensor =>
  tf.sub(price, tf.sub(asColumn(anchor), levelsOf(depth)));

export function bestQuotes(depth: tf.Tensor2D): Best {
  const columns = columnsOf(levelsOf(depth));
  const beyond = 2 * levelsOf(depth);
  return {
    bid: tf.sub(tf.max(onlyWhere(tf.less(depth, 0), tf.add(columns, 1)), 1, true), 1),
    ask: tf.add(tf.min(onlyWhere(tf.greater(depth, 0), tf.sub(columns, beyond)), 1, true), beyond),
  };
}

/** @returns [B, 1] ticks: the mid price */
export const midOf = (book: Book, { bid, ask }: Best): tf.Tensor =>
  priceAt(book, tf.mul(tf.add(bid, ask), 0.5));

/** Bool [B, 2W]: the column of each row, nothing if that lies outside of the window. */
const isAt = (depth: tf.Tensor2D, column: tf.Tensor): tf.Tensor =>
  tf.equal(columnsOf(levelsOf(depth)), column);

/** What is at a price: [B, 1], with the sign of its side; 0 outside of the window. */
export const depthAt = (depth: tf.Tensor2D, column: tf.Tensor): tf.Tensor =>
  tf.sum(onlyWhere(isAt(depth, column), depth), 1, true);

/**
 * Adds shares at a price. Outside of the window nothing happens.
 * @param shares [B, 1] with the sign of their side: positive offers, negative bids
 */
export function addShares(depth: tf.Tensor2D, column: tf.Tensor, shares: tf.Tensor): tf.Tensor2D {
  return tf.add<tf.Tensor2D>(depth, onlyWhere(isAt(depth, column), shares));
}

/**
 * Takes shares away from whichever side is at a price, no more than there are.
 * @param shares [B, 1], not negative
 */
export function removeShares(
  depth: tf.Tensor2D,
  column: tf.Tensor,
  shares: tf.Tensor,
): tf.Tensor2D {
  const left = tf.mul(tf.sign(depth), tf.relu(tf.sub(tf.abs(depth), shares)));
  const kept: tf.Tensor = tf.where(isAt(depth, column), left, depth as tf.Tensor);
  return kept as tf.Tensor2D;
}

/** The outermost price that comes into view as the window moves by a tick up (offers) or down (bids). */
export interface Shift {
  /** [B, 1] 1, 0 or −1: the ticks by which the window moves. */
  readonly ticks: tf.Tensor;
  /** [B, 1] shares at the price that comes into view, not negative. */
  readonly entering: tf.Tensor;
}

/** Moves the window over the prices by a tick, or not at all; prices stay what they are. */
export function shiftWindow({ depth, anchor }: Book, { ticks, entering }: Shift): Book {
  const last = 2 * levelsOf(depth) - 1;
  const up = tf.concat([tf.slice(depth, [0, 1], [-1, last]), entering], 1);
  const down = tf.concat([tf.neg(entering), tf.slice(depth, [0, 0], [-1, last])], 1);
  return {
    depth: tf.where(
      tf.greater(ticks, 0.5),
      up,
      tf.where(tf.less(ticks, -0.5), down, depth),
    ) as tf.Tensor2D,
    anchor: tf.add(anchor, asRows(ticks)),
  };
}

/** What a market order that may walk through several prices does. */
export interface Walk {
  /** [B, 2W] the book after it. */
  readonly depth: tf.Tensor2D;
  /** [B, 1] Σ shares × price, ticks. */
  readonly value: tf.Tensor;
}

/**
 * A market order that takes the best prices first, as far as they reach, and whatever is left over at
 * the price beyond the window.
 * @param shares [B, 1], not negative
 * @param side which quotes it takes: the bids (a sale) or the asks (a purchase)
 */
export function walkBook(book: Book, shares: tf.Tensor, side: 'bid' | 'ask'): Walk {
  const { depth } = book;
  const levels = levelsOf(depth);
  const sign = side === 'ask' ? 1 : -1;
  const there = tf.relu(tf.mul(depth, sign));
  const before = tf.cumsum(there, 1, true, side === 'bid');
  const taken = tf.minimum(there, tf.relu(tf.sub(shares, before)));
  const beyond = tf.sub(shares, tf.sum(taken, 1, true));
  const worst = priceAt(book, tf.scalar(side === 'ask' ? 2 * levels : -1));
  const within = tf.sum(tf.mul(taken, priceAt(book, columnsOf(levels))), 1, true);
  return {
    depth: tf.sub(depth, tf.mul(taken, sign)),
    value: tf.add(within, tf.mul(beyond, worst)),
  };
}
