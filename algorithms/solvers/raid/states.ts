import * as tf from '@tensorflow/tfjs';

import { InputError } from '../../../engine/input-error';
import type { Tensors } from '../../../engine/tensors';
import type { PredationConfig } from '../../../envs/predation/config';
import type { RaidProblem } from './rules';
import type { RaidStates } from './tree';

/**
 * The one raid that a config describes.
 * @throws InputError where episodes draw numbers of their own, or where there is noise
 */
export function raidProblemOf(config: PredationConfig): RaidProblem {
  const { mid, tick, stops, periods, defender } = config;
  const fixed = (name: 'halfSpread' | 'maxShort' | 'maxTrade' | 'recovery' | 'noise'): number => {
    const value = config[name];
    if (typeof value === 'number') return value;
    throw new InputError(
      `env.${name}: ${value.low} to ${value.high}; expected one number for an exact value`,
    );
  };
  if ('count' in stops) {
    throw new InputError('env.stops: drawn for each episode; expected a list for an exact value');
  }
  if (fixed('noise') !== 0) {
    throw new InputError(`env.noise: ${fixed('noise')}; expected 0 for an exact value`);
  }
  return {
    mid,
    tick,
    stops,
    halfSpread: fixed('halfSpread'),
    maxShort: fixed('maxShort'),
    maxTrade: fixed('maxTrade'),
    periods,
    recovery: fixed('recovery'),
    defender: defender && { budget: defender.budget, maxTrade: defender.maxTrade },
  };
}

/** States of the `predation` environment with fixed numbers, one a row; cash and profit, which no one observes, are 0. */
export function raidTensors(states: RaidStates): Tensors {
  const { count, period, mid, fired, position, budget } = states;
  return {
    step: tf.tensor1d(period, 'int32'),
    mid: tf.tensor1d(Float32Array.from(mid)),
    fired: tf.tensor1d(fired, 'int32'),
    position: tf.tensor1d(Float32Array.from(position)),
    cash: tf.zeros([count]),
    profit: tf.zeros([count]),
    budget: tf.tensor1d(Float32Array.from(budget)),
  };
}
