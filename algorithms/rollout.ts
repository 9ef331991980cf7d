import * as tf from '@tensorflow/tfjs';

import { scan } from '../engine/loops';
import { forUse, type Key, uses } from '../engine/random';
import type { Tensors } from '../engine/tensors';
import type { Environment } from '../envs/environment';
import { type Moments, standardise } from './normaliser';
import { correctAction, type Policy, toEnvironmentAction } from './policies/policy';
import type { ClassicalPolicy } from './solvers/policy';
import type { Trajectory } from './trajectory';

/** Where B environments stand between two rollouts. */
export interface Position extends Record<string, Tensors | tf.Tensor> {
  readonly state: Tensors;
  /** [B, O] as the environment gives it */
  readonly observation: tf.Tensor2D;
  /** [B] return and length of the episodes under way */
  readonly episodeReturn: tf.Tensor1D;
  readonly episodeLength: tf.Tensor1D;
}

/** What acts: network, its parameters and the normaliser, all frozen through a rollout. */
export interface Behaviour {
  readonly policy: Policy;
  readonly parameters: Tensors;
  readonly moments: Moments;
  /** Normalised observations are clipped to ± this. */
  readonly observationClip: number;
  /** [] reward per nat that the policy earns for the surprise of its actions; absent: none. */
  readonly entropyBonus?: tf.Scalar;
  /** Whose actions the policy corrects; absent: the policy acts alone. */
  readonly residual?: ClassicalPolicy;
}

/** B environments at the start of their first episodes. */
export function startPosition(
  environment: Pick<Environment, 'reset'>,
  environmentParameters: Tensors,
  key: Key,
): Position {
  return tf.tidy(() => {
    const { state, observation } = environment.reset(environmentParameters, key);
    const rows = observation.shape[0];
    return {
      state,
      observation,
      episodeReturn: tf.zeros([rows]),
      episodeLength: tf.zeros([rows]),
    } as Position;
  });
}

/**
 * Runs the policy for T steps in B environments, without the host in between.
 * @param key row [B]; step [] the first step's counter: step t draws with counter + t
 * @returns the position after the last step and the trajectory; where the environment can truncate,
 *   the trajectory has `finalObservation` [T, B, O]; where it masks, `actionMask` [T, B, outputs];
 *   where it tells chance apart, `noise` [T, B]; with an entropy bonus, `bonus` [T, B], which is not part of
 *   `reward`
 */
export function rollout(
  environment: Environment,
  environmentParameters: Tensors,
  behaviour: Behaviour,
  position: Position,
  key: Key,
  steps: number,
): { position: Position; trajectory: Trajectory } {
  const { policy, parameters, moments, observationClip, entropyBonus, residual } = behaviour;
  return tf.tidy(() => {
    const { carry, outputs } = scan(
      (from: Position, index) => {
        const at: Key = { ...key, step: tf.add(key.step, index) };
        const { observation } = from;
        const mask = environment.actionMask?.(environmentParameters, from.state);
        const distribution = policy.distribution(
          parameters,
          standardise(moments, observation, observationClip),
          mask,
        );
        const action = policy.head.sample(distribution, forUse(at, uses.action));
        const { actionSpace } = environment;
        const base = residual?.act({
          parameters: environmentParameters,
          state: from.state,
          observation,
          ...(mask ? { actionMask: mask } : {}),
          key: forUse(at, uses.solver),
        });
        const taken = base
          ? correctAction(actionSpace, base, action)
          : toEnvironmentAction(actionSpace, action);
        const next = environment.step(environmentParameters, from.state, taken, at);
        const done = environment.truncates
          ? tf.logicalOr(next.terminated, next.truncated)
          : next.terminated;
        const ended = tf.cast(done, 'float32');
        const goesOn = tf.sub(1, ended);
        const episodeReturn = tf.add(from.episodeReturn, next.reward);
        const episodeLength = tf.add(from.episodeLength, 1);
        return {
          carry: {
            state: next.state,
            observation: next.observation,
            episodeReturn: tf.mul(episodeReturn, goesOn) as tf.Tensor1D,
            episodeLength: tf.mul(episodeLength, goesOn) as tf.Tensor1D,
          } as Position,
          output: {
            observation,
            action,
            reward: next.reward,
            ...(entropyBonus
              ? {
                  bonus: tf.mul(
                    tf.neg(policy.head.logProbability(distribution, action)),
                    entropyBonus,
                  ),
                }
              : {}),
            terminated: next.terminated,
            truncated: next.truncated,
            endedReturn: tf.mul(episodeReturn, ended),
            endedLength: tf.mul(episodeLength, ended),
            ...(environment.truncates ? { finalObservation: next.finalObservation } : {}),
            ...(next.noise ? { noise: next.noise } : {}),
            ...(mask ? { actionMask: mask } : {}),
          } as Record<string, tf.Tensor>,
        };
      },
      position,
      steps,
    );
    return { position: carry, trajectory: outputs as Trajectory };
  });
}
