import * as tf from '@tensorflow/tfjs';

import { compile } from '../../engine/compile/compile';
import { scan } from '../../engine/loops';
import { type Draw, type Key, keyAt, uniform, uniforms, uses } from '../../engine/random';
import { type Tensors, whereTree } from '../../engine/tensors';
import {
  asColumn,
  asRows,
  type Best,
  type Book,
  columnsOf,
  onlyWhere,
  priceAt,
  shiftWindow,
} from './book';
import type { LimitOrderBookConfig, PoissonFlowConfig, QueueReactiveConfig } from './config';
import type { Flow, Scene } from './flow';
import { drawLevels, drawOutermost, lawTensor } from './level-law';
import { bestOf, type Effect, match, type OrderEvent } from './matching';
import { drawSize, meanSizeOf } from './order-sizes';
import { bestWithOwn, followWindow, ownDepth, type OwnOrders } from './own-orders';
import { createPoissonFlow } from './poisson-flow';
import { createQueueReactive } from './queue-reactive';

/** The random numbers of an event, by draw; those of a reset's first book come from `levels`. */
export const draws = {
  time: { draw: 0, word: 0 },
  choice: { draw: 0, word: 1 },
  entering: { draw: 0, word: 2 },
  ahead: { draw: 0, word: 3 },
  size: { draw: 1, word: 0 },
  reference: { draw: 1, word: 1 },
  redraw: 2,
  levels: 3,
} as const satisfies Record<string, Draw>;

/** The market of each row: a book, the clock, what the flow remembers, and the agent's orders if there are any. */
export type MarketState = Tensors &
  Book & {
    /** [B] minutes since the start of the episode. */
    readonly time: tf.Tensor1D;
  };

/** What one event did. */
export interface Happened {
  readonly event: OrderEvent;
  readonly effect: Effect;
  /** [B, 1] ticks: the price of the event. */
  readonly price: tf.Tensor;
  /** [B, 2] shares of the agent's bid and ask that were filled; null without own orders. */
  readonly filled: tf.Tensor2D | null;
  /** [B, 2] others' shares that came into view less those that went out of it, bids and asks. */
  readonly shifted: tf.Tensor;
}

/** A batched market: its flow and how an event changes it. */
export interface Market {
  readonly flow: Pick<Flow, 'drivers'>;
  readonly levels: number;
  parameters(): Tensors;
  /** B books whose levels are drawn one by one, then `warmUp` events. @param key for a reset */
  open(parameters: Tensors, key: Key): MarketState;
  /**
   * One event in each row; where it would come after `end` the clock goes there and nothing happens, as
   * arrivals without memory of the past allow.
   * @param end [B, 1] minutes; null: every event counts
   */
  advance(
    parameters: Tensors,
    state: MarketState,
    key: Key,
    end: tf.Tensor | null,
  ): { readonly state: MarketState; readonly happened: Happened };
}

export type MarketConfig = Pick<LimitOrderBookConfig, 'sizes' | 'levels' | 'warmUp'> & {
  readonly flow: PoissonFlowConfig | QueueReactiveConfig;
};

export const ownOf = (state: Tensors): OwnOrders | null =>
  state.ownSize ? (state as unknown as OwnOrders) : null;

export function createMarket(config: MarketConfig): Market {
  const { levels, sizes, warmUp } = config;
  const meanSize = meanSizeOf(sizes);
  const flow =
    config.flow.kind === 'poisson'
      ? createPoissonFlow(config.flow, levels, meanSize)
      : createQueueReactive(config.flow, levels, meanSize);
  // Orders that are drawn by number are of the mean size each, as nearly as whole shares allow.
  const sharesPerOrder = Math.max(1, Math.round(meanSize));
  const toShares = (orders: tf.Tensor): tf.Tensor =>
    sharesPerOrder === 1 ? orders : tf.mul(orders, sharesPerOrder);
  const isReactive = config.flow.kind === 'queue-reactive';

  const advance: Market['advance'] = (parameters, state, key, end) => {
    const draw = (which: Draw): tf.Tensor => asColumn(uniform(key, which));
    const own = ownOf(state);
    const sceneOf = (book: Book, orders: OwnOrders | null): Scene => ({
      depth: book.depth,
      ownDepth: isReactive && orders ? ownDepth(orders, columnsOf(levels)) : null,
      best: bestOf(book, orders),
      state,
    });
    const before = sceneOf(state, own);
    const candidate = flow.next(parameters, before, {
      time: draw(draws.time),
      choice: draw(draws.choice),
    });
    const now = asColumn(state.time);
    const then = tf.add(now, candidate.wait);
    const inTime = end ? tf.lessEqual(then, end) : null;
    const event: OrderEvent = {
      ...candidate.event,
      happens: inTime ? tf.logicalAnd(candidate.event.happens, inTime) : candidate.event.happens,
      size: drawSize(sizes, () => draw(draws.size)),
    };
    const price = priceAt(state, event.column);
    const matched = match(state.depth, own, event, draw(draws.ahead));
    const book: Book = { depth: matched.depth, anchor: state.anchor };
    const follow = flow.follow(
      parameters,
      before,
      isReactive ? sceneOf(book, matched.own) : before,
      draw(isReactive ? draws.reference : draws.entering),
    );
    const ticks = inTime ? onlyWhere(inTime, follow.ticks) : follow.ticks;
    const entering = toShares(drawOutermost(parameters.levelLaw!, draw(draws.entering)));
    const shifted = shiftWindow(book, { ticks, entering });
    const moved = matched.own ? followWindow(matched.own, shifted.depth, ticks) : null;
    const depth = follow.isRedrawn
      ? redrawWhere(parameters, follow.isRedrawn, inTime, shifted.depth, moved, key)
      : shifted.depth;
    const settled = moved && follow.isRedrawn ? followWindow(moved, depth, tf.scalar(0)) : moved;
    const rested = end
      ? inTime
        ? whereTree(
            asRows(inTime) as tf.Tensor1D,
            candidate.state,
            flow.rest(parameters, state, tf.sub(end, now)),
          )
        : candidate.state
      : candidate.state;
    return {
      state: {
        ...state,
        depth,
        anchor: shifted.anchor,
        time: asRows(end ? tf.minimum(then, end) : then),
        ...rested,
        ...(settled ?? {}),
      },
      happened: {
        event,
        effect: matched.effect,
        price,
        filled: matched.filled,
        shifted: tf.sub(sharesOf(depth), sharesOf(matched.depth)),
      },
    };
  };

  const redrawWhere = (
    parameters: Tensors,
    isRedrawn: tf.Tensor,
    inTime: tf.Tensor | null,
    depth: tf.Tensor2D,
    own: OwnOrders | null,
    key: Key,
  ): tf.Tensor2D => {
    const fresh = toShares(
      drawLevels(parameters.levelLaw!, uniforms(key, draws.redraw, 2 * levels)),
    ) as tf.Tensor2D;
    const open = own ? besideOwn(fresh, own) : fresh;
    const chosen = inTime ? tf.logicalAnd(isRedrawn, inTime) : isRedrawn;
    return tf.where(chosen, open, depth);
  };

  /** The first books, by a program of their own where a reset is not part of one. */
  const openBooks = compile(
    ({ rows: { row, perRow }, parameters: { shared, words } }: FirstInput): Tensors => {
      const { [stepName]: step, ...given } = { ...perRow, ...shared };
      const key: Key = { words, row, step: step!, use: uses.reset };
      const start: MarketState = {
        depth: toShares(
          drawLevels(given.levelLaw!, uniforms(key, draws.levels, 2 * levels)),
        ) as tf.Tensor2D,
        anchor: tf.zeros([row.size]),
        time: tf.zeros([row.size]),
        ...flow.initial(row.size),
      };
      const { carry } = scan(
        (state: MarketState, index) => ({
          carry: advance(given, state, eventKey(key, warmUp, index), null).state,
          output: {},
        }),
        start,
        warmUp,
      );
      const { anchor: _, time: __, ...kept } = carry;
      return kept;
    },
    { name: 'first order books', fallback: 'eager' },
  );

  return {
    flow,
    levels,
    parameters: () => ({ levelLaw: lawTensor(flow.levelLaw), ...flow.parameters() }),
    open(parameters, key) {
      const rows = key.row.size;
      const isPerRow = (leaf: tf.Tensor): boolean => leaf.rank === 1;
      const [perRow, shared] = separate({ ...parameters, [stepName]: key.step }, isPerRow);
      const { depth, ...flowState } = openBooks({
        rows: { row: key.row, perRow },
        parameters: { shared, words: key.words },
      });
      return {
        ...flowState,
        depth: depth as tf.Tensor2D,
        anchor: tf.zeros([rows]),
        time: tf.zeros([rows]),
      };
    },
    advance,
  };
}

interface FirstInput {
  readonly rows: { readonly row: tf.Tensor1D; readonly perRow: Tensors };
  readonly parameters: { readonly shared: Tensors; readonly words: tf.Tensor1D };
}

/** Among the parameters of the first books stands the step of their key. */
const stepName = 'step of the key';

/** A record in two: the entries for which the condition holds, and the others. */
function separate(all: Tensors, condition: (leaf: tf.Tensor) => boolean): [Tensors, Tensors] {
  const entries = Object.entries(all);
  return [true, false].map((wanted) =>
    Object.fromEntries(entries.filter(([, leaf]) => condition(leaf) === wanted)),
  ) as [Tensors, Tensors];
}

/** The key of the index-th of so many events within a step of the environment. */
export const eventKey = (key: Key, events: number, index: tf.Scalar): Key =>
  keyAt(key, tf.add(tf.mul(key.step, tf.scalar(events, 'int32')), index));

/** Nobody bids at or above the agent's offer, nor offers at or below its bid. */
export function besideOwn(depth: tf.Tensor2D, own: OwnOrders): tf.Tensor2D {
  const levels = depth.shape[1] / 2;
  const columns = columnsOf(levels);
  const none: Best = { bid: tf.scalar(-1), ask: tf.scalar(2 * levels) };
  const { bid, ask } = bestWithOwn(none, own, levels);
  const isOpen = tf.where(tf.less(depth, 0), tf.less(columns, ask), tf.greater(columns, bid));
  return onlyWhere(isOpen, depth) as tf.Tensor2D;
}

/** [B, 2] shares bid for and offered. */
export const sharesOf = (depth: tf.Tensor2D): tf.Tensor =>
  tf.concat([tf.sum(tf.relu(tf.neg(depth)), 1, true), tf.sum(tf.relu(depth), 1, true)], 1);
