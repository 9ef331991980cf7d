import * as tf from '@tensorflow/tfjs';

import { compile } from '../engine/compile/compile';
import type { Key } from '../engine/random';
import { mapTrees, type Tensors, type TensorTree, whereTree } from '../engine/tensors';
import type { Environment } from '../envs/environment';
import { type AdvantageInput, estimateAdvantages, normaliseAdvantages } from './advantages';
import { mergeMoments, type Moments, standardise } from './normaliser';
import type { Network } from './policies/network';
import { clippedFraction, type Policy } from './policies/policy';
import { type Position, rollout } from './rollout';
import type { LearnerConfig } from './schema';
import type { ClassicalPolicy } from './solvers/policy';
import { episodeStatistics, type Trajectory } from './trajectory';
import type { PolicyBatch, TrpoOptions, UpdateDiagnostics } from './trpo/update';
import type { AdamState } from './value/adam-fit';
import { fitValue } from './value/fit-value';
import { explainedVariance, predictValues } from './value/value-function';

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

/** What an iteration learns; a type, so that it is a tree of tensors. */
export type Learned = {
  readonly policy: Tensors;
  readonly value: Tensors;
  readonly adam: AdamState;
  /** Of observations. */
  readonly observations: Moments;
  /** Of return targets. */
  readonly returns: Moments;
};

export interface ProgramParts {
  readonly environment: Environment;
  readonly policy: Policy;
  readonly valueNetwork: Network;
  readonly config: LearnerConfig;
  readonly updatePolicy: UpdatePolicy;
  /** Whose actions the policy corrects. */
  readonly residual?: ClassicalPolicy;
}

/** A key's parts that are the same in every row. */
type KeyWords = { readonly words: tf.Tensor1D; readonly step: tf.Tensor };

/**
 * The parts of an iteration as programs: each is recorded once and runs without the host in between on
 * devices that compile, and as plain operations elsewhere. Rows are B environments, or N = T·B steps.
 */
export function createTrainingPrograms(parts: ProgramParts) {
  const { environment, policy, valueNetwork, config, updatePolicy, residual } = parts;
  const { training, trpo } = config;
  const normalise = (moments: Moments, observation: tf.Tensor): tf.Tensor2D =>
    standardise(moments, observation as tf.Tensor2D, training.observationClip);

  return {
    /** T steps of B environments. */
    rollout: compile(
      ({ rows, parameters }: RolloutInput) =>
        rollout(
          environment,
          { ...parameters.environment, ...rows.environment },
          {
            policy,
            parameters: parameters.policy,
            moments: parameters.observations,
            observationClip: training.observationClip,
            ...(parameters.entropyBonus ? { entropyBonus: parameters.entropyBonus } : {}),
            ...(residual ? { residual } : {}),
          },
          rows.position,
          { ...parameters.key, row: rows.row, use: 0 },
          training.steps,
        ) as { position: Position; trajectory: Trajectory },
      {
        name: `rollout of ${environment.id}`,
        fallback: 'eager',
        ...(residual ? { captures: 'bind' } : {}),
      },
    ),

    /** V of observations as the environment gives them, [N]. */
    values: compile(
      ({ rows, parameters: { value, observations, returns } }: ValuesInput) =>
        predictValues(
          valueNetwork,
          value,
          returns,
          normalise(observations, rows.observation),
          trpo.chunk,
        ) as tf.Tensor,
      { name: 'values' },
    ),

    /** Advantages and return targets, [T, B]. */
    advantages: compile(
      ({ series }: { readonly series: AdvantageInput & Tensors }) =>
        estimateAdvantages(series, training.discount, training.lambda),
      { name: 'advantages' },
    ),

    /** The new policy. */
    update: compile(
      ({ rows, parameters }: UpdateInput) => {
        const { observation, advantage, ...batch } = rows;
        return updatePolicy(
          policy,
          parameters.policy,
          {
            ...batch,
            observation: normalise(parameters.observations, observation),
            advantage: normaliseAdvantages(advantage),
          },
          { ...trpo, trustRegion: parameters.trustRegion },
          { ...parameters.key, row: tf.zeros([1], 'int32'), use: 0 },
        );
      },
      { name: 'policy update', fallback: 'eager' },
    ),

    /** The new value network. */
    fit: compile(
      ({ rows, parameters }: FitInput) =>
        fitValue(
          valueNetwork,
          parameters,
          {
            observation: normalise(parameters.observations, rows.observation),
            target: rows.target,
          },
          { ...config.value, chunk: trpo.chunk },
          { ...parameters.key, row: tf.zeros([1], 'int32'), use: 0 },
        ) as { value: Tensors; adam: AdamState; returns: Moments },
      { name: 'value fit' },
    ),

    /** Figures of the batch, the moments with its observations, and whether all of it is finite. */
    summary: compile(
      ({ rows, parameters }: SummaryInput) => {
        const { observation, value, target, action, bootstrap, ...ended } = rows;
        return {
          observations: training.normaliseObservations
            ? mergeMoments(parameters.observations, observation as tf.Tensor2D)
            : parameters.observations,
          // Checked raw: clipping makes a number of NaN on wasm.
          finite: allFinite([observation, ...(bootstrap ? [bootstrap] : [])]),
          figures: {
            ...episodeStatistics(ended),
            explainedVariance: explainedVariance(target, value),
            valueLoss: tf.mean(tf.square(tf.sub(target, value))),
            // What the environment clips of a correction depends on what is corrected.
            ...(residual
              ? {}
              : { clippedFraction: clippedFraction(environment.actionSpace, action) }),
          } as Tensors,
        };
      },
      { name: 'summary of a batch' },
    ),

    /** All or nothing: what any part of the iteration could not digest, no part learns from. */
    settle: compile(
      ({ parameters: { before, after, digested, updated } }: SettleInput) => {
        const { observations, returns, ...rest } = after;
        const sound = allFinite([rest, withoutRange(observations), withoutRange(returns)]);
        const finite = tf.logicalAnd(tf.logicalAnd(sound, digested), tf.cast(updated, 'bool'));
        return {
          learned: mapTrees((yes, no) => tf.where(finite, yes!, no!), after, before),
          finite: tf.cast(finite, 'float32') as tf.Tensor,
        };
      },
      { name: 'settlement' },
    ),
  };
}

export type TrainingPrograms = ReturnType<typeof createTrainingPrograms>;

interface RolloutInput {
  readonly rows: {
    readonly position: Position;
    readonly row: tf.Tensor1D;
    /** What of the environment's parameters is a row's own. */
    readonly environment?: Tensors;
  };
  readonly parameters: {
    readonly environment: Tensors;
    readonly policy: Tensors;
    readonly observations: Moments;
    readonly entropyBonus?: tf.Scalar;
    readonly key: KeyWords;
  };
}

interface ValuesInput {
  readonly rows: { readonly observation: tf.Tensor };
  readonly parameters: {
    readonly value: Tensors;
    readonly observations: Moments;
    readonly returns: Moments;
  };
}

interface UpdateInput {
  readonly rows: {
    /** [N, O] as the environment gives it */
    readonly observation: tf.Tensor;
    readonly action: tf.Tensor;
    /** [N] not normalised */
    readonly advantage: tf.Tensor1D;
    readonly actionMask?: tf.Tensor;
  };
  readonly parameters: {
    readonly policy: Tensors;
    readonly observations: Moments;
    readonly trustRegion: tf.Scalar;
    readonly key: KeyWords;
  };
}

interface FitInput {
  readonly rows: { readonly observation: tf.Tensor; readonly target: tf.Tensor1D };
  readonly parameters: {
    readonly value: Tensors;
    readonly adam: AdamState;
    readonly observations: Moments;
    readonly returns: Moments;
    readonly key: KeyWords;
  };
}

interface SummaryInput {
  readonly rows: {
    readonly observation: tf.Tensor;
    readonly value: tf.Tensor1D;
    readonly target: tf.Tensor1D;
    readonly action: tf.Tensor;
    readonly terminated: tf.Tensor;
    readonly truncated: tf.Tensor;
    readonly endedReturn: tf.Tensor;
    readonly endedLength: tf.Tensor;
    /** What truncated episodes bootstrap from; anything finite in other rows. */
    readonly bootstrap?: tf.Tensor;
  };
  readonly parameters: { readonly observations: Moments };
}

interface SettleInput {
  readonly parameters: {
    readonly before: Learned;
    readonly after: Learned;
    /** [] bool: whether the batch is finite. */
    readonly digested: tf.Tensor;
    /** [] float32: whether the update was. */
    readonly updated: tf.Tensor;
  };
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

/** The final observations of episodes that were cut, and the present ones of others, [T, B, O]. */
export function bootstrapOf(trajectory: Trajectory): tf.Tensor | null {
  const last = trajectory['finalObservation'];
  if (!last) return null;
  return whereTree<tf.Tensor>(trajectory.truncated, last, trajectory.observation);
}
