import * as tf from '@tensorflow/tfjs';

import type { Tensors } from '../../engine/tensors';
import type { MarketMakingConfig } from './config';

/** What a reward may depend on, each [B]. */
export interface Outcome {
  readonly pnl: tf.Tensor;
  /** Profit since the start of the episode, before and after the step. */
  readonly wealthBefore: tf.Tensor;
  readonly wealthAfter: tf.Tensor;
  /** Inventory after the step. */
  readonly inventory: tf.Tensor;
  /** bool: whether the step reached the horizon. */
  readonly terminated: tf.Tensor;
}

export const rewardParameters = ({ reward, riskAversion }: MarketMakingConfig): Tensors => {
  switch (reward.kind) {
    case 'pnl':
      return {};
    case 'inventory-penalty':
      return {
        runningPenalty: tf.scalar(reward.running),
        ...(reward.terminal === 0 ? {} : { terminalPenalty: tf.scalar(reward.terminal) }),
      };
    case 'exponential-utility':
      return { riskAversion: tf.scalar(riskAversion) };
  }
};

/** @param dt length of a step, in units of time; @returns [B] */
export function rewardOf(
  kind: MarketMakingConfig['reward']['kind'],
  parameters: Tensors,
  outcome: Outcome,
  dt: number,
): tf.Tensor1D {
  switch (kind) {
    case 'pnl':
      return outcome.pnl as tf.Tensor1D;
    case 'inventory-penalty': {
      const running = tf.mul(parameters.runningPenalty!, dt);
      const penalty = parameters.terminalPenalty
        ? tf.add(
            running,
            tf.mul(parameters.terminalPenalty, tf.cast(outcome.terminated, 'float32')),
          )
        : running;
      return tf.sub(outcome.pnl, tf.mul(tf.square(outcome.inventory), penalty));
    }
    case 'exponential-utility': {
      const aversion = tf.neg(parameters.riskAversion!);
      return tf.sub(
        tf.exp(tf.mul(outcome.wealthBefore, aversion)),
        tf.exp(tf.mul(outcome.wealthAfter, aversion)),
      );
    }
  }
}
