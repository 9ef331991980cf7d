import * as tf from '@tensorflow/tfjs';

import type { Tensors } from '../../engine/tensors';
import { perSide } from '../processes/sides';
import { columnsOf, onlyWhere } from './book';
import type { PoissonFlowConfig } from './config';
import { createExcitation } from './excitation';
import type { Candidate, EventDraws, Flow, Scene } from './flow';
import { queueWeights, tabulateLaw } from './level-law';

/** λ(1) … λ(W): the table, and beyond it the power law. */
export const limitRates = ({ limit, beyond }: PoissonFlowConfig, levels: number): number[] =>
  Array.from(
    { length: levels },
    (_, index) => limit[index] ?? beyond.scale / (index + 1) ** beyond.exponent,
  );

/** θ(1) … θ(n): the table, and beyond it its last entry. */
export const cancelRates = ({ cancel }: PoissonFlowConfig, distances: number): number[] =>
  Array.from({ length: distances }, (_, index) => cancel[index] ?? cancel.at(-1)!);

/**
 * The order flow of Cont, Stoikov and Talreja (2010): at a distance of i ticks from the opposite best
 * quote limit orders arrive at rate λ(i) and are cancelled at rate θ(i) each; market orders arrive at
 * rate μ a side. Limit orders farther than W ticks from that quote are left out. With excitation, market orders or all events come in clusters (Hawkes).
 * @param meanSize mean of the size of an order, shares: cancellations are per so many shares
 */
export function createPoissonFlow(
  config: PoissonFlowConfig,
  levels: number,
  meanSize: number,
): Flow {
  const limit = limitRates(config, levels);
  const cancel = cancelRates(config, levels);
  const excitation = createExcitation(config.excitation);
  // Within the window a distance can be up to its whole width.
  const tabulated = Math.min(config.cancel.length, 2 * levels);

  return {
    parameters: () => ({
      marketRate: tf.scalar(config.market),
      limitRates: tf.tensor2d([limit]),
      cancelRates: tf.tensor2d([cancelRates(config, tabulated)]),
      ...excitation.parameters(),
    }),
    initial: (rows) => excitation.initial(rows),
    next: (parameters, scene, draws) => next(parameters, scene, draws),
    rest: (parameters, state, time) => excitation.decay(parameters, state, time),
    follow(_parameters, { best }) {
      // One tick at a time: after a leap of the quotes the window catches up in the next events.
      const offset = tf.sub(tf.add(best.bid, best.ask), 2 * levels - 1);
      const ticks = tf.sub(
        tf.cast(tf.greaterEqual(offset, 2), 'float32'),
        tf.cast(tf.lessEqual(offset, -2), 'float32'),
      );
      return { ticks, isRedrawn: null };
    },
    // The first level as if it were the best quote all the time.
    levelLaw: tabulateLaw(levels, (level) =>
      queueWeights(limit[level]!, cancel[level]!, level === 0 ? config.market : 0),
    ),
    drivers: excitation.drivers,
  };

  function next(parameters: Tensors, scene: Scene, draws: EventDraws): Candidate {
    const { depth, best, state } = scene;
    const columns = columnsOf(levels);
    const isBid = tf.less(depth, 0);
    const distance = tf.where(isBid, tf.sub(best.ask, columns), tf.sub(columns, best.bid));
    const rates = tf.split(parameters.cancelRates!, tabulated, 1);
    const last = rates.at(-1)!;
    const perOrder = rates
      .slice(0, -1)
      .reduce<tf.Tensor>(
        (sum, rate, index) =>
          tf.add(sum, onlyWhere(tf.equal(distance, index + 1), tf.sub(rate, last))),
        last,
      );
    const orders = meanSize === 1 ? tf.abs(depth) : tf.mul(tf.abs(depth), 1 / meanSize);
    const cancellations = tf.cumsum(tf.mul(perOrder, orders), 1);
    const cancelTotal = tf.slice(cancellations, [0, 2 * levels - 1], [-1, 1]);
    const arrivals = tf.cumsum(parameters.limitRates!, 1);
    const limitTotal = tf.slice(arrivals, [0, levels - 1], [-1, 1]);
    const market = perSide(parameters.marketRate!);
    const others = tf.add(tf.mul(limitTotal, 2), cancelTotal);
    const total = excitation.total(state, market, others);
    const wait = tf.div(tf.neg(tf.log(tf.sub(1, draws.time))), total);

    // The total was a bound if rates have decayed since: beyond their sum nothing happens.
    const then = excitation.decay(parameters, state, wait);
    const rate = excitation.marketRates(then, market);
    const choice = excitation.scaled(then, tf.mul(draws.choice, total));
    const marketTotal = tf.add(rate.bid, rate.ask);
    const isMarket = tf.less(choice, marketTotal);
    const hitsBid = tf.less(choice, rate.bid);
    const limitChoice = tf.sub(choice, marketTotal);
    const cancelChoice = tf.sub(limitChoice, tf.mul(limitTotal, 2));
    const isLimit = tf.logicalAnd(tf.logicalNot(isMarket), tf.less(cancelChoice, 0));
    const isLimitBid = tf.less(limitChoice, limitTotal);
    const along = tf.where(isLimitBid, limitChoice, tf.sub(limitChoice, limitTotal));
    const ticks = tf.add(
      tf.sum(
        tf.cast(tf.greaterEqual(along, tf.slice(arrivals, [0, 0], [-1, levels - 1])), 'float32'),
        1,
        true,
      ),
      1,
    );
    const place = tf.where(isLimitBid, tf.sub(best.ask, ticks), tf.add(best.bid, ticks));
    const cancelled = tf.sum(
      tf.cast(tf.lessEqual(cancellations, cancelChoice), 'float32'),
      1,
      true,
    );
    const column = tf.where(
      isMarket,
      tf.where(hitsBid, best.bid, best.ask),
      tf.where(isLimit, place, cancelled),
    );
    const happens = tf.less(cancelChoice, cancelTotal);
    return {
      wait,
      event: {
        happens,
        isMarket,
        isLimit,
        isAsk: tf.where(
          isMarket,
          tf.logicalNot(hitsBid),
          tf.where(isLimit, tf.logicalNot(isLimitBid), tf.greaterEqual(column, best.ask)),
        ),
        column,
      },
      state: excitation.jump(parameters, then, { happens, isMarket, hitsBid }),
    };
  }
}
