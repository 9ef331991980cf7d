import * as tf from '@tensorflow/tfjs';

import { type Key, phases, randomInteger, uniform } from '../../../engine/random';
import { asColumn, asRows, type Book, onlyWhere, priceAt } from '../book';
import { besideOwn, draws, type Market, type MarketState, ownOf, sharesOf } from '../market';
import { orderOf, ordersFrom, type OwnOrder, queueOf, sides } from '../own-orders';
import { startColumns, startWidth } from './episode-starts';
import { fillOwn, isKind, type RecordedEvent } from './own-fills';
import type { Purpose, Range, Recording } from './recording';
import { endless, eventColumns, eventWidth } from './tape';

/** What a replay remembers beside the book. */
export type ReplayState = MarketState & {
  /** [B] int32: the row of the next event on the tape. */
  readonly cursor: tf.Tensor1D;
  /** [B, 3] where the episode began: whole minutes after midnight, the rest in minutes, ticks of the anchor. */
  readonly origin: tf.Tensor2D;
};

/** The draws of a reset: where an episode begins, for each kind of work. */
const startDraws: Readonly<Record<Purpose, number>> = { training: 0, validation: 1, test: 2 };

/**
 * Recorded days as a market: an episode begins at a random start of the days that its phase is for, and
 * an event of the market is the next row of the tape. The recording does not react to the agent: after
 * each event the book is the recorded one, whatever the agent has taken from it before; recorded orders
 * that the agent's would have traded with are hidden while it rests.
 */
export function createReplayMarket(recording: Recording): Market {
  const { levels, tape, starts, ranges } = recording;

  return {
    flow: { drivers: [] },
    levels,
    parameters: () => ({
      recordedBooks: tf.tensor2d(tape.books, [tape.rows, 2 * levels]),
      recordedEvents: tf.tensor2d(tape.events, [tape.rows, eventWidth]),
      recordedStarts: tf.tensor2d(starts, [starts.length / startWidth, startWidth]),
    }),
    open(parameters, key) {
      const rows = key.row.size;
      const start = tf.gather(parameters.recordedStarts!, drawStart(key, ranges)) as tf.Tensor2D;
      const { cursor: first, minute, fraction } = splitColumns(start, startColumns);
      const cursor = tf.cast(asRows(first), 'int32') as tf.Tensor1D;
      const before = tf.sub(cursor, tf.scalar(1, 'int32')) as tf.Tensor1D;
      const event = tf.gather(parameters.recordedEvents!, before) as tf.Tensor2D;
      const anchor = tf.slice(event, [0, eventColumns.anchor], [-1, 1]);
      return {
        depth: tf.gather(parameters.recordedBooks!, before),
        anchor: tf.zeros([rows]),
        time: tf.zeros([rows]),
        cursor,
        origin: tf.concat([minute, fraction, anchor], 1),
      } as ReplayState;
    },
    advance(parameters, given, key, end) {
      const state = given as ReplayState;
      const [startMinute, startFraction, startAnchor] = tf.split(state.origin, 3, 1) as Three;
      const row = tf.gather(parameters.recordedEvents!, state.cursor) as tf.Tensor2D;
      const { minute, fraction, anchor, price, kind, size } = splitColumns(row, eventColumns);
      const at = tf.add(tf.sub(minute, startMinute), tf.sub(fraction, startFraction));
      const happens = tf.lessEqual(at, end ?? tf.scalar(endless / 2));
      const event: RecordedEvent = {
        kind: onlyWhere(happens, kind),
        price: tf.sub(price, startAnchor),
        size: tf.abs(size),
        isAsk: tf.greater(size, 0),
      };
      const recorded = tf.gather(parameters.recordedBooks!, state.cursor) as tf.Tensor2D;
      const book: Book = {
        depth: tf.where(happens, recorded, state.depth) as tf.Tensor2D,
        anchor: asRows(tf.where(happens, tf.sub(anchor, startAnchor), asColumn(state.anchor))),
      };
      const own = ownOf(state);
      const filled = own ? fillBoth(state, book, event, key) : null;
      const depth = filled ? besideOwn(book.depth, filled.own) : book.depth;
      const [isMarket, isLimit] = [isKind(event.kind, 'executed'), isKind(event.kind, 'added')];
      const amount = (isIt: tf.Tensor): tf.Tensor => onlyWhere(isIt, event.size);
      return {
        state: {
          ...state,
          ...(filled ? filled.own : {}),
          depth,
          anchor: book.anchor,
          time: asRows(end ? tf.where(happens, at, end) : at),
          cursor: tf.add(state.cursor, asRows(tf.cast(happens, 'int32'))),
        } as ReplayState,
        happened: {
          event: {
            happens,
            isMarket,
            isLimit,
            isAsk: event.isAsk,
            column: tf.sub(event.price, priceAt(state, tf.scalar(0))),
            size: event.size,
          },
          effect: {
            added: amount(isLimit),
            cancelled: amount(isKind(event.kind, 'cancelled')),
            traded: amount(isMarket),
          },
          price: filled ? filled.price : event.price,
          filled: filled ? filled.shares : null,
          shifted: tf.sub(tf.sub(sharesOf(depth), sharesOf(state.depth)), changeOf(event)),
        },
      };
    },
  };
}

/** [B, 2] what an event does to the shares bid for and offered. */
function changeOf({ kind, size, isAsk }: RecordedEvent): tf.Tensor {
  const isLost = tf.logicalOr(isKind(kind, 'cancelled'), isKind(kind, 'executed'));
  const change = tf.sub(onlyWhere(isKind(kind, 'added'), size), onlyWhere(isLost, size));
  return tf.concat([onlyWhere(tf.logicalNot(isAsk), change), onlyWhere(isAsk, change)], 1);
}

type Three = [tf.Tensor, tf.Tensor, tf.Tensor];

/** The columns of a tensor [B, k] by name, each [B, 1]. */
function splitColumns<Name extends string>(
  tensor: tf.Tensor2D,
  names: Readonly<Record<Name, number>>,
): Record<Name, tf.Tensor> {
  const columns: tf.Tensor[] = tf.split(tensor, Object.keys(names).length, 1);
  const named = (Object.entries(names) as [Name, number][]).map(([name, at]) => [
    name,
    columns[at],
  ]);
  return Object.fromEntries(named) as Record<Name, tf.Tensor>;
}

/** [B] int32: a row of the table of starts, of the days that the key's phase is for. */
function drawStart(key: Key, ranges: Recording['ranges']): tf.Tensor1D {
  const within = (purpose: Purpose): tf.Tensor => {
    const { first, count }: Range = ranges[purpose];
    return tf.add(randomInteger(key, startDraws[purpose], count), tf.scalar(first, 'int32'));
  };
  const phase = tf.slice(key.words, [2], [1]);
  const isIn = (which: number): tf.Tensor => tf.equal(phase, tf.scalar(which, 'int32'));
  return tf.where(
    isIn(phases.test),
    within('test'),
    tf.where(isIn(phases.validation), within('validation'), within('training')),
  ) as tf.Tensor1D;
}

/** The agent's orders after an event, and where they now are in the window. */
function fillBoth(state: MarketState, book: Book, event: RecordedEvent, key: Key) {
  const draw = asColumn(uniform(key, draws.ahead));
  const before = ownOf(state)!;
  const moved = asColumn(tf.sub(book.anchor, state.anchor));
  const [bid, ask] = sides.map((side) => {
    const order = orderOf(before, side);
    const price = priceAt(state, order.column);
    const queue = queueOf(state.depth, order, side);
    const { filled, ahead } = fillOwn(order, side, price, event, queue, draw);
    const column = tf.sub(order.column, moved);
    const isSeen = tf.logicalAnd(tf.greaterEqual(column, 0), tf.less(column, book.depth.shape[1]));
    // Nobody is ahead who is not there; what is out of the window is left as it was.
    const there = queueOf(book.depth, { ...order, column }, side);
    const after: OwnOrder = {
      column,
      size: tf.sub(order.size, filled),
      ahead: tf.where(isSeen, tf.minimum(ahead, there), ahead),
    };
    return { price, filled, after };
  }) as [Filled, Filled];
  const filledPrice = tf.where(
    tf.greater(bid.filled, 0),
    bid.price,
    tf.where(tf.greater(ask.filled, 0), ask.price, event.price),
  );
  return {
    own: ordersFrom(bid.after, ask.after),
    shares: tf.concat([bid.filled, ask.filled], 1) as tf.Tensor2D,
    price: filledPrice,
  };
}

interface Filled {
  readonly price: tf.Tensor;
  readonly filled: tf.Tensor;
  readonly after: OwnOrder;
}
