import * as tf from '@tensorflow/tfjs';

import { makeKey, normals, phases, uses, forUse, type Key } from '../engine/random';
import {
  cloneTree,
  disposeTree,
  mapTrees,
  type Tensors,
  type TensorTree,
  tidyTree,
} from '../engine/tensors';
import type { Environment } from '../envs/environment';
import { estimateAdvantages, normaliseAdvantages } from './advantages';
import { initialMoments, mergeMoments, type Moments, standardise } from './normaliser';
import { createNetwork, type Network } from './policies/network';
import { clippedFraction, createPolicy, type Policy } from './policies/policy';
import { type Position, rollout, startPosition, type Trajectory } from './rollout';
import type { LearnerConfig } from './schema';
import {
  type PolicyBatch,
  type TrpoOptions,
  trpoUpdate,
  type UpdateDiagnostics,
} from './trpo/update';
import { type AdamState, fitByAdam, initialAdam } from './value/adam-fit';
import { fitByTrustRegion } from './value/trust-region-fit';
import {
  explainedVariance,
  predictValues,
  renormaliseReturns,
  standardiseTargets,
} from './value/value-function';

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

/** Return targets that the value normaliser remembers, in iterations. */
const returnMemory = 10;

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
            reward: trajectory.reward,
            value: tf.reshape(value, [training.steps, training.environments]),
            nextValue: nextValues(trajectory, position, value, (x) => values(normalise(x))),
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
        const fitted = fitValue(tensors, { observation, targets }, key);
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
        const digested = allFinite({
          ...after,
          observations: withoutRange(observations),
          returns: withoutRange(fitted.returns),
          // Checked raw: clipping makes a number of NaN on wasm.
          observation: trajectory.observation,
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

  /** The value network after this iteration's targets. */
  function fitValue(
    tensors: TrainingState['tensors'],
    data: { observation: tf.Tensor2D; targets: tf.Tensor1D },
    key: Key,
  ): Pick<TrainingState['tensors'], 'value' | 'adam' | 'returns'> {
    const { fit } = config.value;
    const { parameters, returns } = renormaliseReturns(
      valueNetwork,
      tensors.value,
      tensors.returns,
      data.targets,
      returnMemory * rows,
    );
    const rowsToFit = {
      observation: data.observation,
      target: standardiseTargets(returns, data.targets),
    };
    const next =
      fit.kind === 'adam'
        ? fitByAdam(valueNetwork, parameters, tensors.adam, rowsToFit, fit, key)
        : {
            parameters: fitByTrustRegion(valueNetwork, parameters, rowsToFit, fit, trpo.chunk),
            state: tensors.adam,
          };
    return { value: next.parameters, adam: next.state, returns };
  }
}

/** δ of an iteration: geometric from `trustRegion` in the first to `finalTrustRegion` in the last. */
export function trustRegionAt({ trpo, training }: LearnerConfig, iteration: number): number {
  const { trustRegion, finalTrustRegion } = trpo;
  if (finalTrustRegion === null || training.iterations === 1) return trustRegion;
  const share = Math.min(1, iteration / (training.iterations - 1));
  return trustRegion * (finalTrustRegion / trustRegion) ** share;
}

/** V of what follows each step: of the next row, of the final observation where an episode was cut. */
function nextValues(
  trajectory: Trajectory,
  position: Position,
  value: tf.Tensor1D,
  predict: (observation: tf.Tensor) => tf.Tensor1D,
): tf.Tensor2D {
  const [steps, rows] = trajectory.reward.shape;
  const after = tf.concat([tf.slice(value, [rows]), predict(position.observation)]);
  const following = tf.reshape(after, [steps, rows]) as tf.Tensor2D;
  const last = trajectory['finalObservation'];
  if (!last) return following;
  return tf.where(
    trajectory.truncated,
    tf.reshape(predict(asRows(last)), [steps, rows]),
    following,
  );
}

/** Mean and deviation of the returns and mean length of the episodes that ended; NaN if none did. */
function episodeStatistics({
  terminated,
  truncated,
  endedReturn,
  endedLength,
}: Trajectory): Tensors {
  const ended = tf.cast(tf.logicalOr(terminated, truncated), 'float32');
  const episodes = tf.sum(ended);
  const mean = tf.div(tf.sum(endedReturn), episodes);
  const squares = tf.sum(tf.mul(ended, tf.square(tf.sub(endedReturn, mean))));
  return {
    return: mean,
    returnStd: tf.sqrt(tf.div(squares, episodes)),
    episodeLength: tf.div(tf.sum(endedLength), episodes),
    episodes,
  };
}

/** [T, B, …] → [T·B, …] */
function asRows(x: tf.Tensor): tf.Tensor {
  const [steps, rows, ...rest] = x.shape;
  return tf.reshape(x, [steps! * rows!, ...rest]);
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
  (key: Key, network: number) =>
  (layer: number, count: number): Float32Array =>
    tf.tidy(
      () =>
        normals(
          { ...key, row: tf.tensor1d([0], 'int32') },
          network * 64 + layer,
          count,
        ).dataSync() as Float32Array,
    );

/** Diagnostics as numbers, read from the device in one piece. */
export async function readDiagnostics(diagnostics: Tensors): Promise<Record<string, number>> {
  const stacked = tf.tidy(() =>
    tf.stack(Object.values(diagnostics).map((tensor) => tf.cast(tensor, 'float32'))),
  );
  const values = await stacked.data();
  stacked.dispose();
  return Object.fromEntries(Object.keys(diagnostics).map((name, index) => [name, values[index]!]));
}
