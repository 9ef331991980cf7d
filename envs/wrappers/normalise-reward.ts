import * as tf from '@tensorflow/tfjs';

import { disposeTree, keepTree } from '../../engine/tensors';
import type { VectorEnvironment } from '../vector';
import { disposeMoments, initialMoments, mergeMoments, type Moments } from './running-moments';

export interface NormaliseRewardOptions {
  /** γ of the discounted sum whose deviation is the unit; default 0.99. */
  readonly discount?: number;
  /** Added to the variance; default 1e-8. */
  readonly epsilon?: number;
}

export interface RewardNormaliser {
  /** The statistics of the discounted sum so far, of shape [1]; owned by the wrapper, valid until the next step. */
  returnMoments(): Moments;
  /** Whether each step updates the statistics (at first, yes); false freezes them, as in evaluation. */
  updateReturnMoments(updates: boolean): void;
}

/**
 * Divides the reward by the running standard deviation of the discounted sum of past rewards
 * R ← γR + r, as Gymnasium's NormalizeReward (the mean is not subtracted). R starts at 0 in every
 * episode: a step that ends one still counts with its past. (Gymnasium 1.x drops the past one step
 * early, and keeps it through truncations.)
 */
export function normaliseReward<Inner extends VectorEnvironment>(
  environment: Inner,
  { discount = 0.99, epsilon = 1e-8 }: NormaliseRewardOptions = {},
): Inner & RewardNormaliser {
  const { numEnvs } = environment;
  let updating = true;
  let moments = initialMoments(1);
  let accumulated = tf.keep(tf.zeros([numEnvs]));
  let returned: tf.Tensor[] = [];

  const carryOn = (next: tf.Tensor): void => {
    accumulated.dispose();
    accumulated = tf.keep(next);
  };
  const own = (tensors: tf.Tensor[]): void => {
    disposeTree(returned);
    returned = keepTree(tensors);
  };

  return {
    ...environment,
    returnMoments: () => moments,
    updateReturnMoments: (updates) => {
      updating = updates;
    },
    reset: (options) => {
      const result = environment.reset(options);
      carryOn(tf.zeros([numEnvs]));
      own([]);
      return result;
    },
    step: (action) => {
      const result = environment.step(action);
      const sum = tf.tidy(() => tf.add(tf.mul(accumulated, discount), result.reward));
      if (updating) {
        const rows = tf.reshape(sum, [numEnvs, 1]) as tf.Tensor2D;
        moments = mergeMoments(moments, rows);
        rows.dispose();
      }
      carryOn(
        tf.tidy(() => {
          const done = tf.logicalOr(result.terminated, result.truncated);
          return tf.where(done, tf.zerosLike(sum), sum);
        }),
      );
      sum.dispose();
      const reward = tf.tidy(
        () => tf.div(result.reward, tf.sqrt(tf.add(moments.variance, epsilon))) as tf.Tensor1D,
      );
      own([reward]);
      return { ...result, reward };
    },
    close: () => {
      own([]);
      accumulated.dispose();
      disposeMoments(moments);
      environment.close();
    },
  };
}
