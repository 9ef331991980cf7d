import * as tf from '@tensorflow/tfjs';

import type { Driver } from '../processes/driver';
import type { Field } from '../space';
import type { Ladder } from './ladder';
import type { Whole } from './whole';

/** How far away a stop is said to be where there is none, in multiples of n_max. */
export const farAway = 2;

export const field = (
  name: string,
  unit: string,
  low: number,
  high: number,
  description: string,
): Field => ({ name, unit, low, high, description });

/**
 * Of each stop that has not fired, the next one first: the sales that set it off, counting the falls that
 * the stops before it bring, its volume, and what its fall would then earn and those sales cost.
 * @param mostSales what limits and time allow, units
 */
export function observeStops(
  {
    ladder,
    halfSpread,
    recovery,
    noise,
  }: Readonly<Record<'halfSpread' | 'recovery' | 'noise', Whole>> & { readonly ladder: Ladder },
  unit: number,
  mostSales: Driver['observe'],
): Driver {
  const { size, largestVolume } = ladder;
  const name = (what: string, place: number) => (size === 1 ? what : `${what}[${place}]`);
  const unitName = `${1 / unit} units`;
  // Where only whole ticks move the mid, the number of sales says it all.
  const needsDistance = recovery.largest > 0 || noise.largest > 0;
  const places = Array.from({ length: size }, (_, place) => place);
  return {
    fields: [
      ...places.map((place) =>
        field(
          name('sales', place),
          unitName,
          0,
          farAway,
          `Units whose sale now sets off stop ${place + 1} of those unfired; ${farAway} at most, and where there is none.`,
        ),
      ),
      ...places.map((place) =>
        field(
          name('volume', place),
          `${largestVolume} units`,
          0,
          1,
          `What stop ${place + 1} of those unfired sells; 0 where there is none.`,
        ),
      ),
      ...places.map((place) =>
        field(
          name('gain', place),
          `${largestVolume / unit} units²`,
          0,
          Infinity,
          `The volume of stop ${place + 1} of those unfired, times the units that are short once those sales are made: what its fall earns, per tick; 0 where limits and time do not allow those sales.`,
        ),
      ),
      ...places.map((place) =>
        field(
          name('cost', place),
          `${largestVolume / unit} units²`,
          0,
          Infinity,
          `The spread on those sales and on buying them back, in the same unit; 0 where limits and time do not allow them.`,
        ),
      ),
      ...(needsDistance
        ? places.map((place) =>
            field(
              name('distance', place),
              `${1 / unit} ticks`,
              -Infinity,
              farAway,
              `How far the mid is above the level of stop ${place + 1} of those unfired, less the falls of the stops before it; ${farAway} at most, and where there is none.`,
            ),
          )
        : []),
    ],
    observe(parameters, state) {
      const { mid, fired, position } = state as Record<string, tf.Tensor>;
      const most = mostSales(parameters, state);
      let sales: tf.Tensor = tf.zerosLike(mid!);
      let fallen: tf.Tensor = tf.zerosLike(mid!);
      const near: tf.Tensor[] = [];
      const sold: tf.Tensor[] = [];
      const gain: tf.Tensor[] = [];
      const cost: tf.Tensor[] = [];
      const distance: tf.Tensor[] = [];
      // 2h a unit, in ticks times the largest volume.
      const toll = tf.div(
        tf.mul(halfSpread.current(parameters, state), 2 / largestVolume),
        parameters.tick!,
      );
      ladder.current(parameters, state).forEach(({ level, volume }, place) => {
        const open = tf.lessEqual(fired!, place);
        const ticks = tf.div(tf.sub(mid!, level), parameters.tick!);
        const units = tf.ceil(ticks);
        const above = tf.minimum(tf.mul(tf.sub(ticks, fallen), unit), farAway);
        distance.push(tf.sub(farAway, above));
        sales = tf.where(open, tf.maximum(sales, tf.sub(units, fallen)), sales);
        const there = tf.where(open, tf.add(tf.zerosLike(mid!), volume), tf.zerosLike(mid!));
        fallen = tf.add(fallen, there);
        const scaled = tf.minimum(tf.mul(sales, unit), farAway);
        const sells = tf.mul(there, 1 / largestVolume);
        near.push(tf.sub(farAway, scaled));
        sold.push(sells);
        const within = tf.cast(tf.lessEqual(sales, most), 'float32');
        gain.push(tf.mul(tf.mul(sells, within), tf.sub(scaled, tf.mul(position!, unit))));
        cost.push(tf.mul(tf.mul(scaled, within), toll));
      });
      return tf.stack(
        [
          ...fromNext(near, fired!).map((value) => tf.sub(farAway, value)),
          ...fromNext(sold, fired!),
          ...fromNext(gain, fired!),
          ...fromNext(cost, fired!),
          ...(needsDistance
            ? fromNext(distance, fired!).map((value) => tf.sub(farAway, value))
            : []),
        ],
        1,
      );
    },
  };
}

/** The columns that begin with the next stop, zeros behind the last. @param fired [B] int32 */
const fromNext = (columns: readonly tf.Tensor[], fired: tf.Tensor): tf.Tensor[] =>
  columns.map((_, place) =>
    columns
      .slice(place)
      .map((column, ahead) => tf.mul(column, tf.cast(tf.equal(fired, ahead), 'float32')))
      .reduce((sum, column) => tf.add(sum, column)),
  );
