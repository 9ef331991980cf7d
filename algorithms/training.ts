import * as tf from '@tensorflow/tfjs';

import { makeKey, normals, phases, uses, forUse, type Key } from '../engine/random';
import {
  cloneTree,
  disposeTree,
  mapTrees,
  type Tensors,
  type TensorTree,
  tidyTree,
  whereTree,
} from '../engine/tensors';
import type { Environment } from '../envs/environment';
import { estimateAdvantages, normaliseAdvantages } from './advantages';
import { initialMoments, mergeMoments, type Moments, standardise } from './normaliser';
import { createNetwork, type Network, type WeightDraws } from './policies/network';
import { clippedFraction, createPolicy, type Policy } from './policies/policy';
import { type Position, rollout, startPosition } from './rollout';
import type { LearnerConfig } from './schema';
import { asRows, episodeStatistics, nextValues, withoutNoise } from './trajectory';
import {
  type PolicyBatch,
  type TrpoOptions,
  trpoUpdate,
  type UpdateDiagnostics,
} from './trpo/update';
import { type AdamState, initialAdam } from './value/adam-fit';
import { fitValue } from './value/fit-value';
import { explainedVariance, predictValues } from './value/value-function';

/** Everything that changes from one iteration to the next; a checkpoint holds just this. */
export interface TrainingState {
  /** Iterations done. */
  readonly iteration: number;
  readonly tensors: {
    readonly [part: string]: TensorTree;
    readonly policy: Tensors;
    readonly value: Tensors;
    readonly adam: AdamState;
    /** Of observations, frozen through a rollout and its update. */
    readonly observations: Moments;
    /** Of return targets, k = 1. */
    readonly returns: Moments;
    readonly position: Position;
  };
}

/** Parts of an iteration, in order. */
export const trainingPhases = ['rollout', 'advantages', 'update', 'value'] as const;
export type TrainingPhase = (typeof trainingPhases)[number];

/** How a policy learns from a batch; `finite` 0 refuses the whole iteration. */
export type UpdatePolicy = (
  policy: Policy,
  parameters: Tensors,
  batch: PolicyBatch,
  options: TrpoOptions,
  key: Key,
) => {
  readonly parameters: Tensors;
  readonly diagnostics: Tensors & Pick<UpdateDiagnostics, 'accepted' | 'finite'>;
};

/** One learner on one environment: networks, and the pure functions from state to state. */
export interface Learner {
  readonly environment: Environment;
  readonly policy: Policy;
  readonly valueNetwork: Network;
  readonly config: LearnerConfig;
  initialise(seed: number): TrainingState;
  /**
   * One iteration: rollout, advantages, policy update, value fit. Reads nothing on the host.
   * @param onPhase called as each phase begins, for timing
   * @returns a new state (the old one stays valid; the caller disposes of either) and diagnostics, [] each
   */
  iterate(
    state: TrainingState,
    seed: number,
    onPhase?: (phase: TrainingPhase) => void,
  ): { state: TrainingState; diagnostics: Tensors };
  dispose(): void;
}

/** @param updatePolicy in place of TRPO's, for comparisons */
export function createLearner(
  environment: Environment,
  config: LearnerConfig,
  updatePolicy: UpdatePolicy = trpoUpdate,
): Learner {
  const { training, trpo } = config;
  const policy = createPolicy(environment.observationSpace, environment.actionSpace, config.policy);
  const valueNetwork = createNetwork({
    inputs: environment.observationSpace.fields.length,
    hidden: config.value.hidden,
    outputs: 1,
    activation: config.value.activation,
    outputGain: 1,
  });
  const environmentParameters = environment.parameters();
  const rows = training.environments * training.steps;

  const keyOf = (seed: number, iteration: number): Key =>
    makeKey({
      seed,
      phase: phases.training,
      rows: training.environments,
      step: iteration * training.steps,
    });

  return {
    environment,
    policy,
    valueNetwork,
    config,

    initialise(seed) {
      const tensors = tidyTree(() => {
        const key = forUse(keyOf(seed, 0), uses.initialise);
        const value = valueNetwork.initialise(weightDraws(key, 1));
        return {
          policy: policy.initialise(weightDraws(key, 0)),
          value,
          adam: initialAdam(value),
          observations: initialMoments(environment.observationSpace.fields.length),
          returns: initialMoments(1),
          // Step −1: no step of a rollout draws from it.
          position: startPosition(environment, environmentParameters, {
            ...key,
            step: tf.scalar(-1, 'int32'),
          }),
        };
      });
      return { iteration: 0, tensors };
    },

    iterate({ iteration, tensors }, seed, onPhase = () => {}) {
      const result = tidyTree(() => {
        const key = keyOf(seed, iteration);
        onPhase('rollout');
        const { position, trajectory } = rollout(
          environment,
          environmentParameters,
          {
            policy,
            parameters: tensors.policy,
            moments: tensors.observations,
            observationClip: training.observationClip,
          },
          tensors.position,
          key,
          training.steps,
        );
        onPhase('advantages');
        const normalise = (x: tf.Tensor): tf.Tensor2D =>
          standardise(tensors.observations, x as tf.Tensor2D, training.observationClip);
        const observation = normalise(asRows(trajectory.observation));
        const values = (x: tf.Tensor2D): tf.Tensor1D =>
          predictValues(valueNetwork, tensors.value, tensors.returns, x, trpo.chunk);
        const value = values(observation);
        const { advantage, target } = estimateAdvantages(
          {
            reward: training.subtractNoise ? withoutNoise(trajectory) : trajectory.reward,
            value: tf.reshape(value, [training.steps, training.environments]),
            nextValue: nextValues(trajectory, position.observation, value, (x) =>
              values(normalise(x)),
            ),
            terminated: trajectory.terminated,
            truncated: trajectory.truncated,
          },
          training.discount,
          training.lambda,
        );
        const targets: tf.Tensor1D = tf.reshape(target, [rows]);

        onPhase('update');
        const action = asRows(trajectory.action);
        const update = updatePolicy(
          policy,
          tensors.policy,
          {
            observation,
            action,
            advantage: normaliseAdvantages(tf.reshape(advantage, [rows])),
            ...(trajectory['actionMask'] ? { actionMask: asRows(trajectory['actionMask']) } : {}),
          },
          { ...trpo, trustRegion: trustRegionAt(config, iteration) },
          key,
        );

        onPhase('value');
        const fitted = fitValue(
          valueNetwork,
          tensors,
          { observation, target: targets },
          { ...config.value, chunk: trpo.chunk },
          key,
        );
        const observations = training.normaliseObservations
          ? mergeMoments(tensors.observations, asRows(trajectory.observation) as tf.Tensor2D)
          : tensors.observations;

        // All or nothing: what any part of the iteration could not digest, no part learns from.
        const after = {
          policy: update.parameters,
          value: fitted.value,
          adam: fitted.adam,
          observations,
          returns: fitted.returns,
        };
        const finalObservation = trajectory['finalObservation'];
        const digested = allFinite({
          ...after,
          observations: withoutRange(observations),
          returns: withoutRange(fitted.returns),
          // Checked raw: clipping makes a number of NaN on wasm.
          observation: trajectory.observation,
          ...(finalObservation
            ? {
                bootstrap: whereTree(
                  trajectory.truncated,
                  finalObservation,
                  trajectory.observation as tf.Tensor,
                ),
              }
            : {}),
        });
        const finite = tf.logicalAnd(digested, tf.cast(update.diagnostics.finite, 'bool'));
        const learned = mapTrees((yes, no) => tf.where(finite, yes!, no!), after, tensors);
        return {
          tensors: { ...learned, position: cloneTree(position) },
          diagnostics: {
            ...episodeStatistics(trajectory),
            ...update.diagnostics,
            explainedVariance: explainedVariance(targets, value),
            valueLoss: tf.mean(tf.square(tf.sub(targets, value))),
            clippedFraction: clippedFraction(environment.actionSpace, action),
            ...('logStd' in update.parameters
              ? { meanStd: tf.mean(tf.exp(update.parameters['logStd']!)) }
              : {}),
            accepted: tf.mul(update.diagnostics.accepted, tf.cast(finite, 'float32')),
            finite: tf.cast(finite, 'float32'),
          } as Tensors,
        };
      });
      return {
        state: {
          iteration: iteration + 1,
          tensors: result.tensors as TrainingState['tensors'],
        },
        diagnostics: result.diagnostics,
      };
    },

    dispose: () => disposeTree(environmentParameters),
  };
}

/** δ of an iteration: geometric from `trustRegion` in the first to `finalTrustRegion` in the last. */
export function trustRegionAt({ trpo, training }: LearnerConfig, iteration: number): number {
  const { trustRegion, finalTrustRegion } = trpo;
  if (finalTrustRegion === null || training.iterations === 1) return trustRegion;
  const share = Math.min(1, iteration / (training.iterations - 1));
  return trustRegion * (finalTrustRegion / trustRegion) ** share;
}

const allFinite = (tree: TensorTree): tf.Tensor =>
  tf.tidy(() => {
    let finite: tf.Tensor = tf.scalar(true);
    mapTrees((tensor) => {
      finite = tf.logicalAnd(finite, tf.all(tf.isFinite(tensor!)));
      return tensor!;
    }, tree);
    return finite;
  });

/** The moments that are finite once a row was seen; the range of none is infinite. */
const withoutRange = ({ mean, variance }: Moments): Tensors => ({ mean, variance });

/** Normals for the initial weights, the same on every device. @param network tells networks apart */
const weightDraws =
  (key: Key, network: number): WeightDraws =>
  (layer, rows, columns) => {
    const drawn = tf.tidy(() =>
      normals({ ...key, row: tf.range(0, rows, 1, 'int32') }, network * 64 + layer, columns),
    );
    const values = drawn.dataSync() as Float32Array;
    drawn.dispose();
    return values;
  };

/** Diagnostics as numbers, read from the device in one piece. */
export async function readDiagnostics(diagnostics: Tensors): Promise<Record<string, number>> {
  const stacked = tf.tidy(() =>
    tf.stack(Object.values(diagnostics).map((tensor) => tf.cast(tensor, 'float32'))),
  );
  const values = await stacked.data();
  stacked.dispose();
  return Object.fromEntries(Object.keys(diagnostics).map((name, index) => [name, values[index]!]));
}
