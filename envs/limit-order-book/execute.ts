import * as tf from '@tensorflow/tfjs';

import { discrete } from '../space';
import { type AgentState, trade } from './account';
import { asColumn, asRows, bestQuotes } from './book';
import type { ExecuteConfig, LimitOrderBookConfig } from './config';
import { type BookSide, orderOf, ordersFrom, type OwnOrder, replaceOrder } from './own-orders';
import type { Task } from './task';

/** The choices of the task `execute`, before those of limit orders 0, 1, … ticks behind the best quote. */
export const executeChoices = {
  hold: 0,
  cancel: 1,
  marketLot: 2,
  marketAll: 3,
  improve: 4,
  join: 5,
} as const;

/** The side on which the order's limit orders rest. */
export const restingSide = (side: ExecuteConfig['side']): BookSide =>
  side === 'sell' ? 'ask' : 'bid';

/**
 * Sell (buy) Q shares by the horizon. One limit order of all that is left rests at a time; a market order
 * of a lot shortens it from its end. What is left at the horizon is traded at market.
 */
export function createExecute(
  task: ExecuteConfig,
  { levels }: Pick<LimitOrderBookConfig, 'levels'>,
): Task {
  const side = restingSide(task.side);
  const sells = task.side === 'sell';
  // Ticks away from the opposite side, as a move of the column.
  const outwards = sells ? 1 : -1;
  const directions = [sells ? 'sell' : 'buy'] as const;
  const left = (state: AgentState): tf.Tensor =>
    asColumn(sells ? state.inventory : tf.neg(state.inventory));
  const withOrder = (state: AgentState, order: OwnOrder): AgentState => ({
    ...state,
    ...(side === 'ask'
      ? ordersFrom(orderOf(state, 'bid'), order)
      : ordersFrom(order, orderOf(state, 'ask'))),
  });
  const labels = [
    'hold: leave the resting order as it is',
    'cancel it',
    `market order of a lot (${task.lot} ${task.lot === 1 ? 'share' : 'shares'})`,
    'market order of all that is left',
    'limit order one tick better than the best quote of others',
    'limit order at the best quote of others',
    ...Array.from(
      { length: task.behind },
      (_, index) => `limit order ${index + 1} tick${index > 0 ? 's' : ''} behind it`,
    ),
  ];

  return {
    actionSpace: discrete(
      'order',
      'What to do with what is left of the order; a limit order is of all of it.',
      labels,
    ),
    metrics: {
      shortfall: {
        unit: 'ticks × shares',
        worst: 'high',
        description: 'Implementation shortfall against the mid price at the start.',
      },
      shortfallPerShare: {
        unit: 'ticks',
        worst: 'high',
        description: 'The same per share of the order.',
      },
      passiveShare: { unit: '1', description: 'Part of the order that limit orders traded.' },
      duration: { unit: 'minutes', description: 'When the order was done.' },
    },
    parameters: () => ({ quantity: tf.scalar(task.quantity) }),
    initialInventory: ({ quantity }, rows) =>
      // A whole number of shares, whatever a curriculum makes of the quantity.
      tf.add(tf.zeros([rows]), tf.mul(tf.round(quantity!), sells ? 1 : -1)) as tf.Tensor1D,
    act(parameters, state, action) {
      const choice = tf.cast(asColumn(action), 'int32');
      const is = (which: number): tf.Tensor => tf.equal(choice, tf.scalar(which, 'int32'));
      const before = left(state);
      const shares = tf.where(
        is(executeChoices.marketAll),
        before,
        tf.where(is(executeChoices.marketLot), tf.minimum(before, task.lot), 0),
      );
      const traded = trade(parameters, state, sells ? tf.neg(shares) : shares, directions);
      const now = left(traded);
      const old = orderOf(state, side);
      const kept: OwnOrder = {
        ...old,
        size: tf.where(is(executeChoices.cancel), 0, tf.minimum(old.size, now)),
      };
      const isLimit = tf.greaterEqual(choice, tf.scalar(executeChoices.improve, 'int32'));
      const ticks = tf.sub(tf.cast(choice, 'float32'), executeChoices.join);
      const order = replaceOrder(traded.depth, kept, side, {
        isPlaced: tf.logicalAnd(isLimit, tf.greater(now, 0)),
        column: placeOf(traded.depth, ticks),
        size: now,
      });
      return withOrder(traded, order);
    },
    isDone: (state) => tf.lessEqual(asRows(left(state)), 0) as tf.Tensor1D,
    close(parameters, state, ends) {
      const rest = tf.where(asColumn(ends), left(state), 0);
      return trade(parameters, state, sells ? tf.neg(rest) : rest, directions);
    },
    penalty: () => null,
    actionMask(_parameters, state) {
      const { bid, ask } = bestQuotes(state.depth);
      const isWide = tf.greater(tf.sub(ask, bid), 1);
      const always = tf.onesLike(isWide);
      return tf.concat(
        labels.map((_, choice) => (choice === executeChoices.improve ? isWide : always)),
        1,
      ) as tf.Tensor2D;
    },
    measure({ quantity }, state) {
      const start = tf.mul(tf.round(quantity!), sells ? 1 : -1);
      const shortfall = tf.sub(tf.mul(start, state.arrival), state.cash);
      return {
        shortfall,
        shortfallPerShare: tf.div(shortfall, tf.round(quantity!)),
        passiveShare: tf.div(state.passive, tf.round(quantity!)),
        duration: state.time,
      };
    },
  };

  /** Where a limit order so many ticks behind others' best quote goes: within the window and the spread. */
  function placeOf(depth: tf.Tensor2D, ticks: tf.Tensor): tf.Tensor {
    const { bid, ask } = bestQuotes(depth);
    const [own, opposite] = side === 'ask' ? [ask, bid] : [bid, ask];
    const wanted = tf.add(own, tf.mul(ticks, outwards));
    const nearest = tf.add(opposite, outwards);
    return side === 'ask'
      ? tf.minimum(tf.maximum(wanted, nearest), 2 * levels - 1)
      : tf.maximum(tf.minimum(wanted, nearest), 0);
  }
}
