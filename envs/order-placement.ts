import * as tf from '@tensorflow/tfjs';

import type { Tensors } from '../engine/tensors';
import type { EnvironmentDefinition } from './environment';
import type { EnvironmentKind } from './kind';
import {
  checkConfig,
  choicesOf,
  type OrderPlacementConfig,
  orderPlacementSchema,
} from './order-placement/config';
import {
  enter,
  type Ledger,
  measureLedger,
  openLedger,
  orderPlacementMetrics,
} from './order-placement/ledger';
import { createMarket } from './order-placement/market';
import { createObserver, pendingNames } from './order-placement/observation';
import { createOrderBook, noOrder, type RestingOrder } from './order-placement/order';
import { edgeOf, priceParameters } from './order-placement/prices';
import { orderPlacementReferences } from './order-placement/references';
import { discrete } from './space';

/** The random numbers of a step and of a reset, by draw; those of one block cost one encryption. */
export const draws = {
  sellers: { draw: 0, word: 0 },
  rounding: { draw: 0, word: 1 },
  extra: { draw: 0, word: 2 },
  signal: { value: { draw: 1, word: 0 }, stay: { draw: 1, word: 1 } },
  spread: { value: { draw: 1, word: 2 }, stay: { draw: 1, word: 3 } },
  imbalance: { value: { draw: 2, word: 0 }, stay: { draw: 2, word: 1 } },
  fillProbability: { value: { draw: 2, word: 2 }, stay: { draw: 2, word: 2 } },
  fillDecay: { value: { draw: 2, word: 3 }, stay: { draw: 2, word: 3 } },
  cancels: 3,
} as const;

/** What every configuration's state holds; what varies in the market and pending decisions come on top. */
export type OrderPlacementState = Tensors &
  Ledger &
  RestingOrder & {
    /** [B] int32: steps done. */
    readonly step: tf.Tensor1D;
    /** [B] units still to buy. */
    readonly remaining: tf.Tensor1D;
  };

/**
 * Buy Q units within N steps, one unit an order. (A sale is the same seen from the ask: a signal is then an
 * expected fall.) A decision says which order stands in the coming step: none (hold), a market order, or a
 * limit order j ticks below the best bid. An order that rests at that depth already keeps its place in
 * the queue; any other is cancelled, and the new one goes behind those that stand there.
 *
 * A step, in this order: a market order buys at the ask. Sellers reach the best bid with probability p₀,
 * and j ticks below it with p₀e^{−kj}: they fill the limit order they reach if none is ahead of it, else
 * one of those ahead. Orders ahead may be cancelled. After the last step what is left is bought at market
 * or abandoned. Then the bid moves by whole ticks, its mean the signal and the imbalance's drift, and
 * lower where sellers came: fills are correlated with the next move (adverse selection). A bid that falls
 * below the order's price fills it (not in the last step, whose move comes after the close); one that
 * rises too far away leaves it behind, and it is withdrawn.
 *
 * With one step, one unit and no queue it is a contextual bandit: μ − s/2 for a market order,
 * p₀e^{−kj}(μ − a(1 − p₀) + s/2 + j·tick) for a limit order.
 */
export const kind: EnvironmentKind<typeof orderPlacementSchema> = {
  id: 'order-placement',
  title: 'Order placement',
  description:
    'Buy a few units by market orders, limit orders at one of several depths, or by waiting: fills come before the price falls, and a cancelled order loses its place in the queue.',
  reward:
    'minus the increment of the shortfall, what is left marked at the mid price; or, for gain, what the units bought earn against the mid price; quote currency',
  schema: orderPlacementSchema,
  create: createOrderPlacement,
  references: orderPlacementReferences,
};

function createOrderPlacement(
  config: OrderPlacementConfig,
): EnvironmentDefinition<OrderPlacementState> {
  checkConfig(config);
  const { quantity, steps, levels, unfinished, marketOrders, waiting } = config;
  const choices = choicesOf(config);
  const market = createMarket(config, draws);
  const book = createOrderBook(config, draws.cancels);
  const observer = createObserver(config, market.processes);
  const endsWhenBought = config.reward === 'shortfall';
  const pending = pendingNames(config.latency);

  return {
    id: kind.id,
    observationSpace: observer.space,
    actionSpace: {
      ...discrete('order', 'The order that stands in the coming step.', [
        'market order',
        ...Array.from({ length: levels }, (_, depth) => `limit order ${depth} ticks below the bid`),
        'hold',
      ]),
      safe: waiting ? choices.hold : choices.limit(0),
    },
    horizon: steps,
    truncates: false,
    metrics: orderPlacementMetrics,
    parameters: () => ({
      ...market.parameters(),
      ...book.parameters(),
      ...priceParameters(config),
    }),
    reset(parameters, key) {
      const rows = key.row.size;
      return {
        step: tf.zeros([rows], 'int32') as tf.Tensor1D,
        remaining: tf.fill([rows], quantity) as tf.Tensor1D,
        depth: tf.fill([rows], noOrder) as tf.Tensor1D,
        ahead: tf.zeros([rows]) as tf.Tensor1D,
        ...openLedger(rows),
        ...market.draw(parameters, key),
        ...Object.fromEntries(
          pending.map((name) => [name, tf.fill([rows], choices.hold, 'int32')]),
        ),
      };
    },
    transition(parameters, state, action, key) {
      const { remaining } = state;
      const decisions = [...pending.map((name) => state[name]!), tf.reshape(action, [-1])];
      const choice = tf.cast(decisions[0]!, 'float32');
      const step = tf.add(state.step, tf.scalar(1, 'int32')) as tf.Tensor1D;
      const last = tf.greaterEqual(step, tf.scalar(steps, 'int32')) as tf.Tensor1D;

      const wants = tf.greater(remaining, 0);
      const atMarket = tf.logicalAnd(wants, tf.equal(choice, choices.market));
      const isLimit = tf.logicalAnd(
        wants,
        tf.logicalAnd(tf.greater(choice, choices.market), tf.less(choice, choices.hold)),
      );
      const wanted = tf.where(isLimit, tf.sub(choice, 1), tf.fill(choice.shape, noOrder));
      const order = book.place(
        parameters,
        state,
        wanted as tf.Tensor1D,
        market.imbalance(parameters, state),
      );

      const { arrival, ticks, change, unforeseen, surprise, next } = market.step(
        parameters,
        state,
        last,
        key,
      );
      const reach = market.reach(parameters, state, order.depth);
      const reached = tf.logicalAnd(isLimit, tf.less(arrival, reach));
      const { filled, ahead } = book.trade(parameters, order, reached, key);
      const open = tf.logicalAnd(isLimit, tf.less(filled, 1));
      const { swept, ...resting } = book.follow(
        { depth: order.depth, ahead },
        tf.logicalAnd(open, tf.logicalNot(last)),
        ticks,
      );

      const marketOrders = tf.cast(atMarket, 'float32');
      const decided = tf.add(marketOrders, filled);
      const closed =
        unfinished.kind === 'cross'
          ? tf.mul(tf.sub(remaining, decided), tf.cast(last, 'float32'))
          : tf.zerosLike(remaining);
      const beforeMove = tf.add(decided, closed);
      const bought = tf.add(beforeMove, swept);
      const limitFills = tf.add(filled, swept);
      const edge = edgeOf(
        parameters,
        { byMarketOrder: marketOrders, byLimitOrder: limitFills, atClose: closed },
        market.spread(parameters, state),
        order.depth,
      );
      const left = tf.sub(remaining, bought) as tf.Tensor1D;
      const exposure = endsWhenBought ? tf.neg(remaining) : tf.sub(quantity, remaining);
      return {
        state: {
          ...state,
          ...enter(state, {
            edge,
            bought,
            limitFills,
            marketOrders,
            closed,
            cancelled: order.cancelled,
            change,
          }),
          ...next,
          ...Object.fromEntries(pending.map((name, index) => [name, decisions[index + 1]!])),
          step,
          remaining: left,
          ...resting,
        },
        reward: tf.add(edge, tf.mul(tf.add(exposure, bought), change)) as tf.Tensor1D,
        // A fill by a falling bid depends on the move itself: what it earns of the move is no noise.
        noise: tf.add(tf.mul(exposure, unforeseen), tf.mul(beforeMove, surprise)) as tf.Tensor1D,
        terminated: endsWhenBought
          ? (tf.logicalOr(last, tf.lessEqual(left, 0)) as tf.Tensor1D)
          : last,
      };
    },
    observe: observer.observe,
    ...(marketOrders && waiting && (endsWhenBought || steps === 1)
      ? {}
      : {
          actionMask: (_parameters: Tensors, { remaining }: OrderPlacementState) =>
            allowedChoices(config, remaining),
        }),
    measure: (parameters, state) => measureLedger(quantity, parameters, state),
  };
}

/** Without anything left to buy there is only hold. @returns [B, levels + 2] bool */
function allowedChoices(
  { levels, marketOrders, waiting }: OrderPlacementConfig,
  remaining: tf.Tensor,
): tf.Tensor2D {
  const limits = new Array<boolean>(levels).fill(true);
  const buying = tf.tensor2d([[marketOrders, ...limits, waiting]], undefined, 'bool');
  const done = tf.tensor2d([[false, ...limits.map(() => false), true]], undefined, 'bool');
  return tf.where(tf.greater(tf.expandDims(remaining, 1), 0), buying, done) as tf.Tensor2D;
}
