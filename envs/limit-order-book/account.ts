import * as tf from '@tensorflow/tfjs';

import { scan } from '../../engine/loops';
import type { Key } from '../../engine/random';
import type { Tensors } from '../../engine/tensors';
import { inventoryDirections, perSide } from '../processes/sides';
import { asColumn, asRows, bestQuotes, midOf, walkBook } from './book';
import { eventKey, type Market, type MarketState } from './market';
import type { OwnOrders } from './own-orders';

/** A market with the agent in it. Prices are in ticks since the start of the episode. */
export type AgentState = MarketState &
  OwnOrders & {
    /** [B] int32: decisions made. */
    readonly step: tf.Tensor1D;
    /** [B] shares; negative: short. */
    readonly inventory: tf.Tensor1D;
    /** [B] ticks × shares received less paid, fees included. */
    readonly cash: tf.Tensor1D;
    /** [B] ticks: others' mid price at the start. */
    readonly arrival: tf.Tensor1D;
    /** [B] shares that the agent's limit orders have traded. */
    readonly passive: tf.Tensor1D;
    /** [B] ∫|q| dt, shares × minutes. */
    readonly held: tf.Tensor1D;
  };

/** Others' mid price, which the agent's quotes do not move; [B, 1] ticks. */
export const othersMid = (state: MarketState): tf.Tensor => midOf(state, bestQuotes(state.depth));

/** Cash and inventory at others' mid price; [B] ticks × shares. */
export const wealthOf = (state: AgentState): tf.Tensor1D =>
  tf.add(state.cash, tf.mul(state.inventory, asRows(othersMid(state)))) as tf.Tensor1D;

/**
 * A market order of the agent, which walks the book.
 * @param shares [B, 1] positive: bought, negative: sold
 */
export function trade(
  parameters: Tensors,
  state: AgentState,
  shares: tf.Tensor,
  directions: readonly ('buy' | 'sell')[],
): AgentState {
  let { depth, cash } = state;
  for (const direction of directions) {
    const buys = direction === 'buy';
    const amount = tf.relu(buys ? shares : tf.neg(shares));
    const walk = walkBook({ ...state, depth }, amount, buys ? 'ask' : 'bid');
    const paid = tf.add(
      buys ? walk.value : tf.neg(walk.value),
      tf.mul(amount, perSide(parameters.takerFee!)),
    );
    depth = walk.depth;
    cash = tf.sub(cash, asRows(paid)) as tf.Tensor1D;
  }
  return {
    ...state,
    depth,
    cash,
    inventory: tf.add(state.inventory, asRows(shares)) as tf.Tensor1D,
  };
}

/** Which of a step's events happen. */
export interface Span {
  /** How many at most, of how many in the step, and how many of them come before. */
  readonly events: number;
  readonly inStep: number;
  readonly before: number;
  /** [B, 1] minutes: none later than this. */
  readonly end: tf.Tensor;
}

/** Events of one step; the agent's fills enter its account. */
export function letOthersAct(
  market: Market,
  parameters: Tensors,
  state: AgentState,
  key: Key,
  { events, inStep, before, end }: Span,
): AgentState {
  const { carry } = scan(
    (carried: AgentState, index) => {
      const { state: next, happened } = market.advance(
        parameters,
        carried,
        eventKey(key, inStep, tf.add(index, tf.scalar(before, 'int32'))),
        end,
      );
      const filled = happened.filled!;
      const both = tf.sum(filled, 1);
      const bought = tf.sum(tf.mul(filled, inventoryDirections()), 1);
      const paid = tf.add(
        tf.mul(bought, asRows(happened.price)),
        tf.mul(both, parameters.makerFee!),
      );
      const held = tf.mul(tf.abs(carried.inventory), tf.sub(next.time, carried.time));
      return {
        carry: {
          ...carried,
          ...next,
          inventory: tf.add(carried.inventory, bought) as tf.Tensor1D,
          cash: tf.sub(carried.cash, paid) as tf.Tensor1D,
          passive: tf.add(carried.passive, both) as tf.Tensor1D,
          held: tf.add(carried.held, held) as tf.Tensor1D,
        },
        output: {},
      };
    },
    state,
    events,
  );
  return carry;
}

/** The end of the step that begins now: the interval's, or the horizon. [B, 1] minutes */
export function endOfStep(parameters: Tensors, state: AgentState): tf.Tensor {
  const interval = perSide(parameters.interval!);
  const end = tf.add(asColumn(state.time), interval);
  const horizon = perSide(parameters.horizon!);
  // A rest too short to be an interval of its own is part of this one.
  return tf.where(tf.less(tf.add(end, tf.mul(interval, 1e-3)), horizon), end, horizon);
}
