import * as tf from '@tensorflow/tfjs';

import { forUse, type Key, uses } from '../../engine/random';
import type { Tensors } from '../../engine/tensors';
import type { Environment } from '../../envs/environment';
import { type Moments, standardise } from '../normaliser';
import { type Policy, toEnvironmentAction } from './policy';

/** What a learner has learned, part of the tensors of its state; a type, so that it is a tree. */
export type LearnedPolicy = {
  readonly policy: Tensors;
  /** Of observations. */
  readonly observations: Moments;
};

/** A learned policy as evaluation uses it: observation in, action in the environment's units out. */
export interface TrainedPolicy {
  readonly name: string;
  readonly kind: 'trained';
  /** Whether it draws its actions at random. */
  readonly stochastic: boolean;
  act(input: {
    /** [B, O] as the environment gives it */
    readonly observation: tf.Tensor2D;
    readonly actionMask?: tf.Tensor2D;
    readonly key: Key;
  }): tf.Tensor;
}

export interface TrainedPolicyOptions {
  readonly name: string;
  readonly observationClip: number;
  /** Draw from the distribution instead of taking its mean or likeliest choice. Default false. */
  readonly stochastic?: boolean;
}

/** @param learned stays the caller's */
export function trainedPolicy(
  environment: Pick<Environment, 'actionSpace'>,
  policy: Policy,
  learned: LearnedPolicy,
  { name, observationClip, stochastic = false }: TrainedPolicyOptions,
): TrainedPolicy {
  return {
    name,
    kind: 'trained',
    stochastic,
    act: ({ observation, actionMask, key }) =>
      tf.tidy(() => {
        const distribution = policy.distribution(
          learned.policy,
          standardise(learned.observations, observation, observationClip),
          actionMask,
        );
        const action = stochastic
          ? policy.head.sample(distribution, forUse(key, uses.action))
          : policy.head.mode(distribution);
        return toEnvironmentAction(environment.actionSpace, action);
      }),
  };
}
