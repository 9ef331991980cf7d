import * as tf from '@tensorflow/tfjs';

import { scan } from '../../engine/loops';
import type { Tensors } from '../../engine/tensors';
import type { Rung } from './ladder';

/** What every episode keeps; numbers that are drawn, and a defender's budget, come on top. */
export type PredationState = Tensors & {
  /** [B] int32: periods that are over. */
  readonly step: tf.Tensor1D;
  /** [B] half-ticks */
  readonly mid: tf.Tensor1D;
  /** [B] int32: stops fired, from the highest level down. */
  readonly fired: tf.Tensor1D;
  /** [B] −n_max … 0, units. */
  readonly position: tf.Tensor1D;
  /** [B] half-ticks */
  readonly cash: tf.Tensor1D;
  /** [B] cash less the cost of covering the short, as it stood at the end of the last period; half-ticks. */
  readonly profit: tf.Tensor1D;
};

/** The numbers of the rules, each [] or [B]. */
export interface RaidNumbers {
  /** g, half-ticks a unit. */
  readonly tick: tf.Tensor;
  /** h, half-ticks a unit. */
  readonly halfSpread: tf.Tensor;
  readonly rungs: readonly Rung[];
}

/**
 * Fires every stop that the mid has reached, each of which takes the mid down by gV: as they stand in
 * falling order, one pass is the whole cascade.
 */
export function fireStops<Market extends { readonly mid: tf.Tensor; readonly fired: tf.Tensor }>(
  { tick, rungs }: RaidNumbers,
  market: Market,
): Market {
  let { mid, fired } = market;
  rungs.forEach(({ level, volume }, place) => {
    const fires = tf.logicalAnd(tf.equal(fired, place), tf.lessEqual(mid, level));
    mid = tf.sub(mid, tf.mul(tf.cast(fires, 'float32'), tf.mul(tick, volume)));
    fired = tf.add(fired, tf.cast(fires, 'int32'));
  });
  return { ...market, mid, fired };
}

/**
 * The predator's move, unit by unit: a sale at M − g/2 − h, then M − g; a purchase at M + g/2 + h, then
 * M + g. Stops fire between units.
 * @param units [B] float32, whole: bought; negative: sold
 * @param most the largest trade there can be
 */
export function tradeUnits(
  numbers: RaidNumbers,
  state: PredationState,
  units: tf.Tensor,
  most: number,
): PredationState {
  const { tick, halfSpread } = numbers;
  const direction = tf.sign(units);
  const count = tf.abs(units);
  const toll = tf.add(tf.mul(tick, 0.5), halfSpread);
  const { carry } = scan(
    (market, index) => {
      const active = tf.cast(tf.less(tf.cast(index, 'float32'), count), 'float32');
      const unit = tf.mul(active, direction);
      const paid = tf.add(tf.mul(unit, market.mid), tf.mul(active, toll));
      return {
        carry: fireStops(numbers, {
          mid: tf.add(market.mid, tf.mul(unit, tick)),
          fired: market.fired,
          cash: tf.sub(market.cash, paid),
        }),
        output: {},
      };
    },
    { mid: state.mid, fired: state.fired, cash: state.cash } as {
      readonly mid: tf.Tensor;
      readonly fired: tf.Tensor;
      readonly cash: tf.Tensor;
    },
    most,
  );
  return { ...state, ...carry, position: tf.add(state.position, units) } as PredationState;
}

/**
 * The mid after the recovery towards M₀ by at most r.
 * @param initial [] or [B] M₀ @param recovery [] or [B] r
 */
export function recover(mid: tf.Tensor, initial: tf.Tensor, recovery: tf.Tensor): tf.Tensor {
  const away = tf.sub(initial, mid);
  return tf.add(mid, tf.minimum(tf.maximum(away, tf.neg(recovery)), recovery));
}

/** What it costs to buy back a short of n unit by unit, half-ticks: n(M + h) + gn²/2. */
export function costOfCovering(
  { tick, halfSpread }: RaidNumbers,
  { mid, position }: Pick<PredationState, 'mid' | 'position'>,
): tf.Tensor {
  const price = tf.add(tf.add(mid, halfSpread), tf.mul(tf.mul(tick, -0.5), position));
  return tf.mul(tf.sub(0, position), price);
}
