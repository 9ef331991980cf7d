import * as tf from '@tensorflow/tfjs';

import { type Draw, type Key, uniform } from '../../engine/random';
import type { Tensors } from '../../engine/tensors';
import type { OrderPlacementConfig } from './config';
import { createProcess, type Process, type ProcessDraws } from './process';

export interface MarketDraws {
  readonly sellers: Draw;
  readonly rounding: Draw;
  readonly extra: Draw;
  readonly signal: ProcessDraws;
  readonly spread: ProcessDraws;
  readonly imbalance: ProcessDraws;
  readonly fillProbability: ProcessDraws;
  readonly fillDecay: ProcessDraws;
}

/** What the market does in a step, whatever the agent does. */
export interface MarketStep {
  /** [B] uniform in [0, 1): sellers reach every price whose probability of it is larger. */
  readonly arrival: tf.Tensor1D;
  /** [B] the best bid's move, whole ticks. */
  readonly ticks: tf.Tensor;
  /** [B] the mid's move, quote currency. */
  readonly change: tf.Tensor;
  /** [B] that less what was expected given the state. */
  readonly unforeseen: tf.Tensor;
  /** [B] that less what was expected given the state and whether sellers came. */
  readonly surprise: tf.Tensor;
  /** What the state keeps of what varies. */
  readonly next: Tensors;
}

/** What varies in the market: each [] or [B]. */
export interface Market {
  readonly processes: readonly Process[];
  parameters(): Tensors;
  draw(parameters: Tensors, key: Key): Tensors;
  spread(parameters: Tensors, state: Tensors): tf.Tensor;
  imbalance(parameters: Tensors, state: Tensors): tf.Tensor;
  /** Expected move of the best bid in the step, quote currency. */
  drift(parameters: Tensors, state: Tensors): tf.Tensor;
  /**
   * How likely it is that sellers reach an order.
   * @param depth [] or [B] ticks below the best bid
   */
  reach(parameters: Tensors, state: Tensors, depth: tf.Tensor): tf.Tensor;
  /** @param last [B] bool: the spread has no next value */
  step(parameters: Tensors, state: Tensors, last: tf.Tensor, key: Key): MarketStep;
}

export function createMarket(config: OrderPlacementConfig, draws: MarketDraws): Market {
  const signal = createProcess('signal', config.signal, draws.signal);
  const spread = createProcess('spread', config.spread, draws.spread);
  const imbalance = createProcess('imbalance', config.imbalance, draws.imbalance);
  const { fill } = config;
  const probability = createProcess('fillProbability', fill.probability, draws.fillProbability);
  const decay = createProcess('fillDecay', fill.decay, draws.fillDecay);
  const processes = [signal, spread, imbalance, probability, decay];

  const reach: Market['reach'] = (parameters, state, depth) =>
    tf.mul(
      probability.current(parameters, state),
      tf.exp(tf.neg(tf.mul(decay.current(parameters, state), depth))),
    );

  const driftOf: Market['drift'] = (parameters, state) =>
    tf.add(
      signal.current(parameters, state),
      tf.mul(parameters.imbalanceDrift!, imbalance.current(parameters, state)),
    );

  /**
   * The move of the best bid. Its mean is the drift, lower by a(1 − p₀) where sellers came and higher by
   * ap₀ where none did; it is rounded to one of the two next whole ticks, at random so that the mean stays,
   * and may be one tick more or less.
   */
  function moveBid(parameters: Tensors, state: Tensors, arrival: tf.Tensor, key: Key) {
    const { adverseSelection, volatility, tick } = parameters;
    const drift = driftOf(parameters, state);
    const likelihood = probability.current(parameters, state);
    const sellers = tf.cast(tf.less(arrival, likelihood), 'float32');
    const expected = tf.sub(drift, tf.mul(adverseSelection!, tf.sub(sellers, likelihood)));
    const rounded = tf.floor(tf.add(tf.div(expected, tick!), uniform(key, draws.rounding)));
    const extra = uniform(key, draws.extra);
    const oneSide = tf.mul(volatility!, 0.5);
    const up = tf.cast(tf.greaterEqual(extra, tf.sub(1, oneSide)), 'float32');
    const down = tf.cast(tf.less(extra, oneSide), 'float32');
    return { drift, expected, ticks: tf.add(rounded, tf.sub(up, down)) };
  }

  /** The move of the mid with the ask, as the spread becomes what it is in the next step. */
  function moveAsk(parameters: Tensors, state: Tensors, next: Tensors, last: tf.Tensor) {
    const expected = spread.expected(parameters, state);
    if (!expected) return null;
    const share = tf.where(last, 0, 0.5);
    const after = spread.current(parameters, next);
    return {
      change: tf.mul(share, tf.sub(after, spread.current(parameters, state))),
      surprise: tf.mul(share, tf.sub(after, expected)),
    };
  }

  return {
    processes,
    parameters: () => ({
      ...Object.assign({}, ...processes.map((process) => process.parameters())),
      tick: tf.scalar(config.tick),
      imbalanceDrift: tf.scalar(config.imbalanceDrift),
      adverseSelection: tf.scalar(config.adverseSelection),
      volatility: tf.scalar(config.volatility),
    }),
    draw: (parameters, key) =>
      Object.assign({}, ...processes.map((process) => process.draw(parameters, key))) as Tensors,
    spread: spread.current,
    imbalance: imbalance.current,
    drift: driftOf,
    reach,
    step(parameters, state, last, key) {
      const arrival = uniform(key, draws.sellers);
      const next = Object.assign(
        {},
        ...processes.map((process) => process.advance(parameters, state, key)),
      ) as Tensors;
      const { drift, expected, ticks } = moveBid(parameters, state, arrival, key);
      const bid = tf.mul(ticks, parameters.tick!);
      const ask = moveAsk(parameters, state, next, last);
      const withAsk = (own: tf.Tensor, asks: tf.Tensor | undefined): tf.Tensor =>
        asks ? tf.add(own, asks) : own;
      return {
        arrival,
        ticks,
        change: withAsk(bid, ask?.change),
        unforeseen: withAsk(tf.sub(bid, drift), ask?.surprise),
        surprise: withAsk(tf.sub(bid, expected), ask?.surprise),
        next,
      };
    },
  };
}
