import * as tf from '@tensorflow/tfjs';

import { InputError } from '../../engine/input-error';
import type { Tensors } from '../../engine/tensors';
import { perSide } from '../processes/sides';
import { columnsOf, onlyWhere } from './book';
import type { QueueReactiveConfig } from './config';
import type { Candidate, EventDraws, Flow, Scene } from './flow';
import { tabulateLaw } from './level-law';

/** Rates of one kind of event by level (rows) and queue size 0, 1, … (columns), 1/time. */
type RateTable = readonly (readonly number[])[];

/** The entry for a level and a queue size; beyond the table its last row and column. */
export function rateAt(table: RateTable, level: number, queue: number): number {
  const row = table[Math.min(level, table.length) - 1]!;
  return row[Math.min(queue, row.length - 1)]!;
}

/**
 * The stationary law of a level on its own, Huang, Lehalle and Rosenbaum (2015), section 2.3.2:
 * π(n) ∝ Π λ^L(j − 1)/(λ^C(j) + λ^M(j)), j = 1 … n.
 * @returns the probabilities of 0, 1, … orders, up to a factor
 */
export function stationaryWeights(config: QueueReactiveConfig, level: number): number[] {
  const weights = [1];
  let total = 1;
  for (let n = 1; n < mostOrders; n += 1) {
    const leaving = rateAt(config.cancel, level, n) + rateAt(config.market, level, n);
    const weight = (weights[n - 1]! * rateAt(config.limit, level, n - 1)) / leaving;
    if (!(weight > 1e-7 * total) && n >= longestRow(config)) break;
    weights.push(weight);
    total += weight;
  }
  return weights;
}

const mostOrders = 64;
const longestRow = ({ limit, cancel, market }: QueueReactiveConfig): number =>
  Math.max(...[limit, cancel, market].flat().map((row) => row.length));

/**
 * The queue-reactive model of Huang, Lehalle and Rosenbaum (2015): around a reference price each level
 * has rates of limit orders, cancellations and, where it is the best quote, market orders, that depend on
 * its queue. When the mid price moves and the first level is empty, the reference price moves with it
 * with probability θ, and then the book is drawn anew with probability θ_reinit.
 * @param meanSize shares that count as one order of the tables
 */
export function createQueueReactive(
  config: QueueReactiveConfig,
  levels: number,
  meanSize: number,
): Flow {
  const sizes = longestRow(config);
  checkTables(config);
  const tabulate = (table: RateTable): number[] =>
    Array.from({ length: levels * sizes }, (_, entry) =>
      rateAt(table, Math.floor(entry / sizes) + 1, entry % sizes),
    );
  const levelOf = Array.from({ length: 2 * levels }, (_, column) =>
    column < levels ? levels - column : column - levels + 1,
  );
  const law = tabulateLaw(levels, (level) => stationaryWeights(config, level + 1));

  return {
    parameters: () => ({
      limitTable: tf.tensor2d([tabulate(config.limit)]),
      cancelTable: tf.tensor2d([tabulate(config.cancel)]),
      marketTable: tf.tensor2d([tabulate(config.market)]),
      referenceMove: tf.scalar(config.referenceMove),
      redraw: tf.scalar(config.redraw),
    }),
    initial: () => ({}),
    next,
    rest: () => ({}),
    follow(parameters, before, after, draw) {
      const rise = tf.sub(
        tf.add(after.best.bid, after.best.ask),
        tf.add(before.best.bid, before.best.ask),
      );
      const [below, above] = [levels - 1, levels].map((column) => isEmptyAt(after, column));
      const chance = perSide(parameters.referenceMove!);
      const moves = tf.less(draw, chance);
      const up = tf.logicalAnd(moves, tf.logicalAnd(tf.greater(rise, 0), above!));
      const down = tf.logicalAnd(moves, tf.logicalAnd(tf.less(rise, 0), below!));
      // What is left of the draw decides, conditional on the move, upon the rest.
      const isRedrawn = tf.logicalAnd(
        tf.logicalOr(up, down),
        tf.less(draw, tf.mul(chance, perSide(parameters.redraw!))),
      );
      return { ticks: tf.sub(tf.cast(up, 'float32'), tf.cast(down, 'float32')), isRedrawn };
    },
    levelLaw: law,
    drivers: [
      {
        fields: [
          {
            name: 'referenceOffset',
            unit: 'ticks',
            low: -levels,
            high: levels,
            description: 'The mid price less the reference price.',
          },
        ],
        observe: (_parameters, { bestSum }) => tf.mul(tf.sub(bestSum!, 2 * levels - 1), 0.5),
      },
    ],
  };

  function next(parameters: Tensors, scene: Scene, draws: EventDraws): Candidate {
    const { depth, ownDepth, best } = scene;
    const columns = columnsOf(levels);
    const whole = ownDepth ? tf.add(depth, ownDepth) : depth;
    const [others, all] = [depth, whole].map((shares) =>
      meanSize === 1
        ? tf.abs(shares)
        : tf.ceil(tf.mul(tf.abs(shares), (1 / meanSize) * (1 - 1e-6))),
    ) as [tf.Tensor, tf.Tensor];
    const first = tf.tensor2d([levelOf.map((level) => (level - 1) * sizes)]);
    const place = tf.cast(tf.add(tf.minimum(all, sizes - 1), first), 'int32');
    const rate = (table: tf.Tensor): tf.Tensor => tf.gather(tf.reshape(table, [-1]), place);
    const isAskSide = tf.greaterEqual(columns, levels);
    // Nobody offers at or below the agent's bid, nor bids at or above its offer.
    const isOpen = tf.where(isAskSide, tf.greater(columns, best.bid), tf.less(columns, best.ask));
    const limit = onlyWhere(isOpen, rate(parameters.limitTable!));
    const share = ownDepth ? tf.div(others, tf.maximum(all, 1)) : null;
    const cancelAll = onlyWhere(tf.greater(others, 0), rate(parameters.cancelTable!));
    const cancel = share ? tf.mul(cancelAll, share) : cancelAll;
    const isBest = tf.logicalOr(tf.equal(columns, best.bid), tf.equal(columns, best.ask));
    const market = onlyWhere(isBest, rate(parameters.marketTable!));

    const cumulative = tf.cumsum(tf.concat([limit, cancel, market], 1), 1);
    const total = tf.slice(cumulative, [0, 6 * levels - 1], [-1, 1]);
    const wait = tf.div(tf.neg(tf.log(tf.sub(1, draws.time))), tf.maximum(total, 1e-30));
    const choice = tf.mul(draws.choice, total);
    const chosen = tf.sum(tf.cast(tf.lessEqual(cumulative, choice), 'float32'), 1, true);
    const isLimit = tf.less(chosen, 2 * levels);
    const isMarket = tf.greaterEqual(chosen, 4 * levels);
    const column = tf.sub(
      chosen,
      tf.mul(
        2 * levels,
        tf.add(
          tf.cast(tf.greaterEqual(chosen, 2 * levels), 'float32'),
          tf.cast(isMarket, 'float32'),
        ),
      ),
    );
    return {
      wait,
      event: {
        happens: tf.less(chosen, 6 * levels),
        isMarket,
        isLimit,
        isAsk: tf.where(
          isLimit,
          tf.greaterEqual(column, levels),
          tf.greaterEqual(column, best.ask),
        ),
        column,
      },
      state: {},
    };
  }
}

/** Whether nobody, the agent included, is at a column that is the same in every row: bool [B, 1]. */
function isEmptyAt({ depth, ownDepth }: Pick<Scene, 'depth' | 'ownDepth'>, column: number) {
  const at = (shares: tf.Tensor): tf.Tensor => tf.equal(tf.slice(shares, [0, column], [-1, 1]), 0);
  return ownDepth ? tf.logicalAnd(at(depth), at(ownDepth)) : at(depth);
}

function checkTables({ limit, cancel, market }: QueueReactiveConfig): void {
  for (const [name, table] of Object.entries({ cancel, market })) {
    table.forEach((row, level) => {
      if (row[0] !== 0) {
        throw new InputError(
          `env.flow.${name}: level ${level + 1} begins with ${row[0]}; nothing leaves an empty queue: expected 0`,
        );
      }
    });
  }
  const deepest = Math.max(limit.length, cancel.length, market.length);
  const longest = longestRow({ limit, cancel, market } as QueueReactiveConfig);
  for (let level = 1; level <= deepest; level += 1) {
    const leaving = rateAt(cancel, level, longest) + rateAt(market, level, longest);
    if (rateAt(limit, level, longest) >= leaving) {
      throw new InputError(
        `env.flow.limit: at level ${level} long queues grow (arrivals ${rateAt(limit, level, longest)}, departures ${leaving}); expected fewer arrivals than departures`,
      );
    }
    for (let queue = 1; queue <= longest; queue += 1) {
      if (!(rateAt(cancel, level, queue) > 0)) {
        throw new InputError(
          `env.flow.cancel: 0 at level ${level} for a queue of ${queue}; expected a positive rate`,
        );
      }
    }
  }
}
