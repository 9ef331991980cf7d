import * as tf from '@tensorflow/tfjs';

import { forUse, uses } from '../../engine/random';
import type { Tensors } from '../../engine/tensors';
import type { Environment } from '../../envs/environment';
import { type Moments, standardise } from '../normaliser';
import type { ClassicalPolicy, PolicyInput } from '../solvers/policy';
import { correctAction, type Policy, toEnvironmentAction } from './policy';

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
  act(input: TrainedInput): tf.Tensor;
}

/** What a learned policy looks at; one that corrects a classical policy needs what that one looks at. */
export type TrainedInput = Pick<PolicyInput, 'observation' | 'actionMask' | 'key'> &
  Partial<PolicyInput>;

export interface TrainedPolicyOptions {
  readonly name: string;
  readonly observationClip: number;
  /** Draw from the distribution instead of taking its mean or likeliest choice. Default false. */
  readonly stochastic?: boolean;
  /** Whose actions it corrects; absent: it acts alone. */
  readonly residual?: ClassicalPolicy;
}

/** @param learned stays the caller's */
export function trainedPolicy(
  environment: Pick<Environment, 'actionSpace'>,
  policy: Policy,
  learned: LearnedPolicy,
  { name, observationClip, stochastic = false, residual }: TrainedPolicyOptions,
): TrainedPolicy {
  return {
    name,
    kind: 'trained',
    stochastic,
    act: (input) =>
      tf.tidy(() => {
        const { observation, actionMask, key } = input;
        const distribution = policy.distribution(
          learned.policy,
          standardise(learned.observations, observation, observationClip),
          actionMask,
        );
        const action = stochastic
          ? policy.head.sample(distribution, forUse(key, uses.action))
          : policy.head.mode(distribution);
        if (!residual) return toEnvironmentAction(environment.actionSpace, action);
        const base = residual.act({ ...(input as PolicyInput), key: forUse(key, uses.solver) });
        return correctAction(environment.actionSpace, base, action);
      }),
  };
}
