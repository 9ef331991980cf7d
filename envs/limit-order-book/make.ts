import * as tf from '@tensorflow/tfjs';

import type { Tensors } from '../../engine/tensors';
import { perSide } from '../processes/sides';
import { discrete, multiDiscrete } from '../space';
import { type AgentState, trade, wealthOf } from './account';
import { asColumn, bestQuotes } from './book';
import type { LimitOrderBookConfig, MakeConfig } from './config';
import {
  type BookSide,
  orderOf,
  ordersFrom,
  type OwnOrder,
  replaceOrder,
  sides,
} from './own-orders';
import type { Task } from './task';

/** The choices of each side of the task `make`, before quotes 1, 2, … ticks behind the best quote. */
export const makeChoices = { none: 0, keep: 1, improve: 2, join: 3 } as const;

/** Quote both sides of the book; the wealth is inventory at the mid price and cash. */
export function createMake(
  task: MakeConfig,
  { levels, horizon }: Pick<LimitOrderBookConfig, 'levels' | 'horizon'>,
): Task {
  const labels = [
    'no quote',
    'keep the quote that rests',
    'one tick better than the best quote of others',
    'at the best quote of others',
    ...Array.from(
      { length: task.behind },
      (_, index) => `${index + 1} tick${index > 0 ? 's' : ''} behind it`,
    ),
  ];
  /** Whether one more fill of the side's quote leaves the inventory within its bound. [B, 1] */
  const isOpen = ({ maximumInventory }: Tensors, state: AgentState, side: BookSide): tf.Tensor => {
    const inventory = asColumn(state.inventory);
    const held = side === 'bid' ? inventory : tf.neg(inventory);
    return tf.lessEqual(held, tf.sub(perSide(maximumInventory!), task.size));
  };
  const readChoice = (
    parameters: Tensors,
    state: AgentState,
    action: tf.Tensor,
    side: BookSide,
  ) => {
    const choice = tf.slice(tf.cast(action, 'int32'), [0, sides.indexOf(side)], [-1, 1]);
    const is = (which: number): tf.Tensor => tf.equal(choice, tf.scalar(which, 'int32'));
    return {
      isNone: is(makeChoices.none),
      // Between the decision and its arrival a fill may have used up the room.
      isPlaced: tf.logicalAnd(
        tf.greaterEqual(choice, tf.scalar(makeChoices.improve, 'int32')),
        isOpen(parameters, state, side),
      ),
      ticks: tf.sub(tf.cast(choice, 'float32'), makeChoices.join),
    };
  };

  return {
    actionSpace: multiDiscrete(
      sides.map((side) =>
        discrete(
          side,
          `The ${side === 'bid' ? 'bid' : 'offer'} of ${task.size} at a time.`,
          labels,
        ),
      ),
    ),
    metrics: {
      profit: {
        unit: 'ticks × shares',
        description: 'Cash and inventory at the mid price, after the close.',
      },
      traded: { unit: 'shares', description: 'Shares that quotes bought and sold.' },
      meanInventory: {
        unit: 'shares',
        worst: 'high',
        description: 'Mean of |inventory| over time.',
      },
    },
    parameters: () => ({
      inventoryPenalty: tf.scalar(task.inventoryPenalty),
      maximumInventory: tf.scalar(task.maximumInventory),
    }),
    initialInventory: (_parameters, rows) => tf.zeros([rows]),
    act(parameters, state, action) {
      const { bid, ask } = bestQuotes(state.depth);
      const [forBid, forAsk] = [
        readChoice(parameters, state, action, 'bid'),
        readChoice(parameters, state, action, 'ask'),
      ];
      const standing = (side: BookSide, { isNone }: { isNone: tf.Tensor }): OwnOrder => {
        const order = orderOf(state, side);
        return { ...order, size: tf.where(isNone, 0, order.size) };
      };
      const [oldBid, oldAsk] = [standing('bid', forBid), standing('ask', forAsk)];
      // A bid stays below the offer that is kept, and an offer above the bid that there is then.
      const keptAsk = tf.where(
        tf.logicalAnd(tf.greater(oldAsk.size, 0), tf.logicalNot(forAsk.isPlaced)),
        oldAsk.column,
        2 * levels,
      );
      const newBid = replaceOrder(state.depth, oldBid, 'bid', {
        isPlaced: forBid.isPlaced,
        column: tf.maximum(
          tf.minimum(tf.sub(bid, forBid.ticks), tf.sub(tf.minimum(ask, keptAsk), 1)),
          0,
        ),
        size: tf.scalar(task.size),
      });
      const ownBid = tf.where(tf.greater(newBid.size, 0), newBid.column, -1);
      const newAsk = replaceOrder(state.depth, oldAsk, 'ask', {
        isPlaced: forAsk.isPlaced,
        column: tf.minimum(
          tf.maximum(tf.add(ask, forAsk.ticks), tf.add(tf.maximum(bid, ownBid), 1)),
          2 * levels - 1,
        ),
        size: tf.scalar(task.size),
      });
      return { ...state, ...ordersFrom(newBid, newAsk) };
    },
    isDone: () => null,
    close(parameters, state, ends) {
      if (task.close === 'mark') return state;
      const rest = tf.where(asColumn(ends), asColumn(tf.neg(state.inventory)), 0);
      return trade(parameters, state, rest, ['buy', 'sell']);
    },
    penalty: ({ inventoryPenalty }, { inventory }, elapsed) =>
      tf.mul(tf.mul(tf.square(inventory), elapsed), inventoryPenalty!),
    actionMask(parameters, state) {
      const { bid, ask } = bestQuotes(state.depth);
      const isWide = tf.greater(tf.sub(ask, bid), 1);
      const always = tf.onesLike(isWide);
      return tf.concat(
        sides.flatMap((side) => {
          const open = isOpen(parameters, state, side);
          return labels.map((_, choice) =>
            choice === makeChoices.none
              ? always
              : choice === makeChoices.improve
                ? tf.logicalAnd(open, isWide)
                : open,
          );
        }),
        1,
      ) as tf.Tensor2D;
    },
    measure: (_parameters, state: AgentState) => ({
      profit: wealthOf(state),
      traded: state.passive,
      meanInventory: tf.mul(state.held, 1 / horizon),
    }),
  };
}
