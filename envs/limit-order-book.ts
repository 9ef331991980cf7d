import * as tf from '@tensorflow/tfjs';

import { InputError } from '../engine/input-error';
import type { Key } from '../engine/random';
import type { Tensors } from '../engine/tensors';
import type { EnvironmentDefinition } from './environment';
import type { EnvironmentKind } from './kind';
import {
  type AgentState,
  endOfStep,
  letOthersAct,
  othersMid,
  wealthOf,
} from './limit-order-book/account';
import { asColumn, asRows } from './limit-order-book/book';
import { type LimitOrderBookConfig, limitOrderBookSchema } from './limit-order-book/config';
import { createExecute } from './limit-order-book/execute';
import { createMake } from './limit-order-book/make';
import { createMarket, type Market } from './limit-order-book/market';
import { createObserver } from './limit-order-book/observation';
import { noOrders, withdrawWhere } from './limit-order-book/own-orders';
import { isRecording, loadRecording } from './limit-order-book/replay/recording';
import { createReplayMarket } from './limit-order-book/replay/replay-market';
import { perSide } from './processes/sides';

/** Steps of an episode at most, in intervals of its horizon: an interval with many events is cut. */
const mostCuts = 4;

/**
 * Trading in a simulated limit order book, order by order. A step: the agent places, keeps or cancels its
 * limit orders or sends a market order, then others' orders arrive until the interval is over or `events`
 * of them have come, whichever is first; as arrivals do not remember, that is exact. With a latency others'
 * orders arrive for so long before the agent's decision reaches the book. Prices are in ticks.
 *
 * The reward is the change of wealth at others' mid price: its sum over an episode is minus the
 * implementation shortfall of an execution, the profit of a market maker.
 */
export const kind: EnvironmentKind<typeof limitOrderBookSchema> = {
  id: 'limit-order-book',
  title: 'Limit order book',
  description:
    'Execute an order or make a market in a book of limit orders with queues, cancellations and a place in them, in a simulated flow of orders or on recorded days. A replay of recorded days does not react to the agent.',
  reward:
    'the change of cash and inventory at others’ mid price, fees included: minus the increment of the implementation shortfall of an execution; for make less φ·q²·dt; ticks × shares',
  schema: limitOrderBookSchema,
  create: createLimitOrderBook,
  load: async ({ flow, levels, horizon }, source) =>
    flow.kind === 'replay' ? loadRecording({ flow, levels, horizon }, source) : null,
  mapPaths: (config, map) =>
    config.flow.kind === 'replay'
      ? { ...config, flow: { ...config.flow, files: config.flow.files.map(map) } }
      : config,
};

function createLimitOrderBook(
  config: LimitOrderBookConfig,
  data?: unknown,
): EnvironmentDefinition<AgentState> {
  const { horizon, interval, latency, events, levels, observedLevels } = config;
  if (interval > horizon) {
    throw new InputError(
      `env.interval: ${interval} is longer than the horizon of ${horizon}; expected at most that`,
    );
  }
  if (latency >= interval) {
    throw new InputError(
      `env.latency: ${latency} is no shorter than the interval of ${interval}; expected less`,
    );
  }
  if (observedLevels > levels) {
    throw new InputError(
      `env.observedLevels: ${observedLevels} of ${levels} levels; expected at most ${levels}`,
    );
  }
  const market = openMarket(config, data);
  const task =
    config.task.kind === 'execute'
      ? createExecute(config.task, config)
      : createMake(config.task, config);
  const observer = createObserver(config, market.flow.drivers);
  const mostSteps = mostCuts * Math.ceil(horizon / interval);
  const inStep = latency > 0 ? 2 * events : events;

  /** What the agent's decision finds when it reaches the book. */
  const untilArrival = (
    parameters: Tensors,
    state: AgentState,
    key: Key,
    end: tf.Tensor,
  ): AgentState => {
    if (latency === 0) return state;
    const arrival = tf.minimum(tf.add(asColumn(state.time), perSide(parameters.latency!)), end);
    return letOthersAct(market, parameters, state, key, {
      events,
      inStep,
      before: 0,
      end: arrival,
    });
  };

  return {
    id: kind.id,
    observationSpace: observer.space,
    actionSpace: task.actionSpace,
    horizon: mostSteps,
    truncates: false,
    metrics: task.metrics,
    parameters: () => ({
      horizon: tf.scalar(horizon),
      interval: tf.scalar(interval),
      ...(latency > 0 ? { latency: tf.scalar(latency) } : {}),
      makerFee: tf.scalar(config.fees.maker),
      takerFee: tf.scalar(config.fees.taker),
      ...market.parameters(),
      ...task.parameters(),
    }),
    reset(parameters, key) {
      const rows = key.row.size;
      const opened = market.open(parameters, key);
      return {
        ...opened,
        ...noOrders(rows),
        step: tf.zeros([rows], 'int32') as tf.Tensor1D,
        inventory: task.initialInventory(parameters, rows),
        cash: tf.zeros([rows]) as tf.Tensor1D,
        arrival: asRows(othersMid(opened)),
        passive: tf.zeros([rows]) as tf.Tensor1D,
        held: tf.zeros([rows]) as tf.Tensor1D,
      };
    },
    transition(parameters, state, action, key) {
      const wealth = wealthOf(state);
      const end = endOfStep(parameters, state);
      const acted = task.act(parameters, untilArrival(parameters, state, key, end), action);
      const before = inStep - events;
      const after = letOthersAct(market, parameters, acted, key, { events, inStep, before, end });
      const step = tf.add(state.step, tf.scalar(1, 'int32')) as tf.Tensor1D;
      const isOver = tf.logicalOr(
        tf.greaterEqual(after.time, parameters.horizon!),
        tf.greaterEqual(step, tf.scalar(mostSteps, 'int32')),
      );
      const done = task.isDone(after);
      const terminated = (done ? tf.logicalOr(isOver, done) : isOver) as tf.Tensor1D;
      const withdrawn = { ...after, ...withdrawWhere(terminated, after) };
      const closed = { ...task.close(parameters, withdrawn, terminated), step };
      const gain = tf.sub(wealthOf(closed), wealth);
      const penalty = task.penalty(parameters, closed, tf.sub(closed.time, state.time));
      return {
        state: closed,
        reward: (penalty ? tf.sub(gain, penalty) : gain) as tf.Tensor1D,
        terminated,
      };
    },
    observe: (parameters, state) => observer.observe(parameters, state),
    actionMask: (parameters, state) => task.actionMask(parameters, state),
    measure: (parameters, state) => task.measure(parameters, state),
  };
}

/** The market that others make, or that was recorded. */
function openMarket(config: LimitOrderBookConfig, data: unknown): Market {
  const { flow, levels } = config;
  if (flow.kind !== 'replay') return createMarket({ ...config, flow });
  if (!isRecording(data)) {
    throw new InputError(
      'env.flow: a replay needs what was recorded; expected the result of load(config, source) as data',
    );
  }
  if (data.levels !== levels) {
    throw new InputError(
      `env.levels: ${levels}, but the recording was read with ${data.levels}; expected the same`,
    );
  }
  return createReplayMarket(data);
}
