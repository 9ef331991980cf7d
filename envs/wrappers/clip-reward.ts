import * as tf from '@tensorflow/tfjs';

import { InputError } from '../../engine/input-error';
import { defineEnvironment, type Environment } from '../environment';

export interface RewardBounds {
  /** Default −∞. */
  readonly minimum?: number;
  /** Default ∞. */
  readonly maximum?: number;
}

/** Clips the reward of each step, as Gymnasium's ClipReward; the metrics stay what they were. */
export function clipReward(environment: Environment, bounds: RewardBounds): Environment {
  const { minimum = -Infinity, maximum = Infinity } = bounds;
  if (!(minimum <= maximum)) {
    throw new InputError(`clipReward: minimum ${minimum} is not at most maximum ${maximum}`);
  }
  const { definition } = environment;
  return defineEnvironment({
    ...definition,
    transition: (parameters, state, action, key) => {
      // A clipped reward is no longer a sum, so no part of it is zero-mean chance.
      const { noise: _noise, ...change } = definition.transition(parameters, state, action, key);
      return { ...change, reward: tf.clipByValue(change.reward, minimum, maximum) };
    },
  });
}
