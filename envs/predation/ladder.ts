import * as tf from '@tensorflow/tfjs';

import { InputError } from '../../engine/input-error';
import { type Key, uniform, uniforms } from '../../engine/random';
import type { Tensors } from '../../engine/tensors';
import { mostStops, type PredationConfig } from './config';
import { checkRange, largestOf, leastOf, rangeParameters, wholeWithin } from './whole';

/** The level of a place without a stop: no mid gets there. */
export const neverReached = -1e9;

/** The stops in the order in which they fire, from the highest level down. */
export interface Ladder {
  /** K, places for stops. */
  readonly size: number;
  /** The largest volume of one stop, units. */
  readonly largestVolume: number;
  /** The largest volume of all together, units. */
  readonly totalVolume: number;
  parameters(): Tensors;
  /** What the state of B episodes keeps: nothing, or `levels` and `volumes`, each [B, K]. */
  draw(parameters: Tensors, key: Key): Tensors;
  /** Level (half-ticks; `neverReached` without a stop) and volume (units; 0 without) of each place, each [1] or [B]. */
  current(parameters: Tensors, state: Tensors): Rung[];
}

export interface Rung {
  readonly level: tf.Tensor;
  readonly volume: tf.Tensor;
}

export interface LadderDraws {
  readonly stopCount: number;
  readonly distance: number;
  readonly gap: number;
  readonly volume: number;
}

/** @throws InputError for stops at or above the mid, or for ranges out of order */
export function createLadder({ stops, mid }: PredationConfig, draws: LadderDraws): Ladder {
  return 'count' in stops ? drawnLadder(stops, draws) : fixedLadder(stops, mid);
}

type Stops = PredationConfig['stops'];

function fixedLadder(stops: Extract<Stops, readonly unknown[]>, mid: number): Ladder {
  stops.forEach(({ level }, index) => {
    if (level >= mid) {
      throw new InputError(
        `env.stops.${index}.level: ${level} is not below the mid, so the stop has fired already; expected less than ${mid}`,
      );
    }
  });
  const order = [...stops].sort((one, other) => other.level - one.level);
  const volumes = order.map(({ volume }) => volume);
  const size = order.length;
  return {
    size,
    largestVolume: Math.max(...volumes),
    totalVolume: volumes.reduce((sum, volume) => sum + volume, 0),
    parameters: () => ({
      levels: tf.tensor2d(
        order.map(({ level }) => level),
        [1, size],
      ),
      volumes: tf.tensor2d(volumes, [1, size]),
    }),
    draw: () => ({}),
    current: ({ levels, volumes }) => rungs(levels!, volumes!),
  };
}

function drawnLadder(stops: Exclude<Stops, readonly unknown[]>, draws: LadderDraws): Ladder {
  const { count, distance, gap, volume } = stops;
  for (const [name, value] of Object.entries(stops)) {
    if (typeof value !== 'number') checkRange(`stops.${name}`, value);
  }
  const size = largestOf(count);
  if (size < 1 || size > mostStops) {
    throw new InputError(`env.stops.count: up to ${size} stops; expected 1 to ${mostStops}`);
  }
  for (const [name, least] of [
    ['distance', leastOf(distance)],
    ['volume', leastOf(volume)],
  ] as const) {
    if (least < 1) throw new InputError(`env.stops.${name}: ${least}; expected 1 at least`);
  }
  return {
    size,
    largestVolume: largestOf(volume),
    totalVolume: size * largestOf(volume),
    parameters: () => ({
      ...rangeParameters('stopCount', count),
      ...rangeParameters('distance', distance),
      ...rangeParameters('gap', gap),
      ...rangeParameters('volume', volume),
    }),
    draw(parameters, key) {
      const present = tf.less(
        tf.range(0, size),
        tf.expandDims(wholeWithin(parameters, 'stopCount', uniform(key, draws.stopCount)), 1),
      );
      const below = tf.expandDims(
        wholeWithin(parameters, 'distance', uniform(key, draws.distance)),
        1,
      );
      const gaps = wholeWithin(parameters, 'gap', uniforms(key, draws.gap, size));
      // The first gap counts for nothing.
      const fromFirst = tf.sub(tf.cumsum(gaps, 1), tf.slice(gaps, [0, 0], [-1, 1]));
      const levels = tf.sub(
        tf.sub(tf.reshape(parameters.mid!, [-1, 1]), below),
        fromFirst,
      ) as tf.Tensor2D;
      const volumes = wholeWithin(parameters, 'volume', uniforms(key, draws.volume, size));
      return {
        levels: tf.where(present, levels, tf.fill(levels.shape, neverReached)),
        volumes: tf.where(present, volumes, tf.zerosLike(volumes)),
      };
    },
    current: (_, { levels, volumes }) => rungs(levels!, volumes!),
  };
}

/** @param levels [B, K] @param volumes [B, K] */
function rungs(levels: tf.Tensor, volumes: tf.Tensor): Rung[] {
  const columns = [levels, volumes].map((table) => tf.unstack(table, 1));
  return columns[0]!.map((level, place) => ({ level, volume: columns[1]![place]! }));
}
