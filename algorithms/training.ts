import * as tf from '@tensorflow/tfjs';

import { forUse, type Key, makeKey, phases, uses } from '../engine/random';
import { prepare } from '../engine/compile/compile';
import { cloneTree, disposeTree, type Tensors, type TensorTree, tidyTree } from '../engine/tensors';
import type { Environment } from '../envs/environment';
import { compileReset } from './compile-steps';
import { actOnce } from './evaluation/simulate';
import { initialMoments, type Moments } from './normaliser';
import { createNetwork, type Network } from './policies/network';
import { createPolicy, type Policy } from './policies/policy';
import { weightDraws } from './policies/weight-draws';
import { type Position, startPosition } from './rollout';
import { entropyBonusAt, trustRegionAt } from './schedules';
import type { LearnerConfig } from './schema';
import type { ClassicalPolicy } from './solvers/policy';
import { trainingParametersOf } from './training-parameters';
import { bootstrapOf, createTrainingPrograms, type UpdatePolicy } from './training-programs';
import { asRows, nextValues } from './trajectory';
import { trpoUpdate } from './trpo/update';
import { type AdamState, initialAdam } from './value/adam-fit';

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

/** One learner on one environment: networks, and the pure functions from state to state. */
export interface Learner {
  readonly environment: Environment;
  readonly policy: Policy;
  readonly valueNetwork: Network;
  readonly config: LearnerConfig;
  /** Environment steps of one iteration: B·T, of both players in a game. */
  readonly samplesPerIteration: number;
  initialise(seed: number): TrainingState;
  /**
   * One iteration: rollout, advantages, policy update, value fit. Reads nothing on the host.
   * @param onPhase called as each phase begins, for timing
   * @param changes parameters of the environment that differ from its own in this iteration
   * @returns a new state (the old one stays valid; the caller disposes of either) and diagnostics, [] each
   */
  iterate(
    state: TrainingState,
    seed: number,
    onPhase?: (phase: TrainingPhase) => void,
    changes?: ParameterChanges,
  ): { state: TrainingState; diagnostics: Tensors };
  /**
   * Compiles the programs of an iteration, several at a time, where the device compiles; else nothing.
   * Without it they are compiled one by one as they are first called.
   */
  prepare(state: TrainingState, changes?: ParameterChanges): Promise<void>;
  /** The same state with all environments at the start of new episodes; the old one stays valid. */
  restart(state: TrainingState, seed: number, changes?: ParameterChanges): TrainingState;
  dispose(): void;
}

/** Parameters of the environment in place of its own. */
export interface ParameterChanges {
  /** The same in every row. */
  readonly shared?: Tensors;
  /** Each [B] or [B, k]: a row's own. */
  readonly rows?: Tensors;
}

export interface LearnerOptions {
  /** In place of TRPO's, for comparisons. */
  readonly updatePolicy?: UpdatePolicy;
  /** Whose actions the policy corrects; absent: the policy acts alone. Boxes only. */
  readonly residual?: ClassicalPolicy;
  /** One of `phases`: whose streams training draws from. Default training. */
  readonly phase?: number;
}

/** @throws InputError if `training.parameters` names what is no numeric parameter of the environment */
export function createLearner(
  environment: Environment,
  config: LearnerConfig,
  { updatePolicy = trpoUpdate, residual, phase = phases.training }: LearnerOptions = {},
): Learner {
  const { training } = config;
  const policy = createPolicy(environment.observationSpace, environment.actionSpace, config.policy);
  const valueNetwork = createNetwork({
    inputs: environment.observationSpace.fields.length,
    hidden: config.value.hidden,
    outputs: 1,
    activation: config.value.activation,
    outputGain: 1,
  });
  const environmentParameters = trainingParametersOf(environment, training.parameters);
  const rows = training.environments * training.steps;
  if (residual) actOnce(environment, residual, environmentParameters);
  const programs = createTrainingPrograms({
    environment,
    policy,
    valueNetwork,
    config,
    updatePolicy,
    ...(residual ? { residual } : {}),
  });

  const reset = compileReset(environment);

  const keyOf = (seed: number, iteration: number): Key =>
    makeKey({
      seed,
      phase,
      rows: training.environments,
      step: iteration * training.steps,
    });

  const learner: Learner = {
    environment,
    policy,
    valueNetwork,
    config,
    samplesPerIteration: rows,

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
          position: startPosition({ reset }, environmentParameters, {
            ...key,
            step: tf.scalar(-1, 'int32'),
          }),
        };
      });
      return { iteration: 0, tensors };
    },

    iterate({ iteration, tensors }, seed, onPhase = () => {}, changes = {}) {
      const result = tidyTree(() => {
        const { words, row, step } = keyOf(seed, iteration);
        const key = { words, step };
        const { observations, returns } = tensors;
        onPhase('rollout');
        const { position, trajectory } = programs.rollout({
          rows: {
            position: tensors.position,
            row,
            ...(changes.rows ? { environment: changes.rows } : {}),
          },
          parameters: {
            environment: { ...environmentParameters, ...changes.shared },
            policy: tensors.policy,
            observations,
            ...(training.entropyBonus > 0
              ? { entropyBonus: tf.scalar(entropyBonusAt(config, iteration)) }
              : {}),
            key,
          },
        });
        onPhase('advantages');
        const observation = asRows(trajectory.observation);
        const predict = (x: tf.Tensor): tf.Tensor1D =>
          programs.values({
            rows: { observation: x },
            parameters: { value: tensors.value, observations, returns },
          }) as tf.Tensor1D;
        const value = predict(observation);
        const { reward, terminated, truncated, noise, bonus } = trajectory;
        const { advantage, target } = programs.advantages({
          series: {
            reward: bonus ? tf.add(reward, bonus) : reward,
            value: tf.reshape(value, [training.steps, training.environments]),
            nextValue: nextValues(trajectory, position.observation, value, predict),
            terminated,
            truncated,
            ...(training.subtractNoise && noise ? { noise: noise as tf.Tensor2D } : {}),
          },
        });
        const targets: tf.Tensor1D = tf.reshape(target, [rows]);

        onPhase('update');
        const action = asRows(trajectory.action);
        const { actionMask } = trajectory;
        const update = programs.update({
          rows: {
            observation,
            action,
            advantage: tf.reshape(advantage, [rows]),
            ...(actionMask ? { actionMask: asRows(actionMask) } : {}),
          },
          parameters: {
            policy: tensors.policy,
            observations,
            trustRegion: tf.scalar(trustRegionAt(config, iteration)),
            key,
          },
        });

        onPhase('value');
        const fitted = programs.fit({
          rows: { observation, target: targets },
          parameters: { value: tensors.value, adam: tensors.adam, observations, returns, key },
        });
        const bootstrap = bootstrapOf(trajectory);
        const summary = programs.summary({
          rows: {
            observation,
            value,
            target: targets,
            action,
            terminated: asRows(terminated),
            truncated: asRows(truncated),
            endedReturn: asRows(trajectory.endedReturn),
            endedLength: asRows(trajectory.endedLength),
            ...(bootstrap ? { bootstrap: asRows(bootstrap) } : {}),
          },
          parameters: { observations },
        });
        const { position: _, ...before } = tensors;
        const { learned, finite } = programs.settle({
          parameters: {
            before,
            after: {
              policy: update.parameters,
              value: fitted.value,
              adam: fitted.adam,
              observations: summary.observations,
              returns: fitted.returns,
            },
            digested: summary.finite,
            updated: update.diagnostics.finite,
          },
        });
        return {
          tensors: { ...learned, position: cloneTree(position) },
          diagnostics: {
            ...summary.figures,
            ...update.diagnostics,
            ...('logStd' in update.parameters
              ? { meanStd: tf.mean(tf.exp(update.parameters['logStd']!)) }
              : {}),
            accepted: tf.mul(update.diagnostics.accepted, finite),
            finite,
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

    prepare: (state, changes) =>
      prepare(() => {
        const { state: next, diagnostics } = learner.iterate(state, 0, () => {}, changes);
        disposeTree([next.tensors, diagnostics]);
      }),

    restart: ({ iteration, tensors }, seed, changes = {}) => ({
      iteration,
      tensors: tidyTree(() => {
        const key = forUse(keyOf(seed, iteration), uses.initialise);
        const { position: _, ...rest } = tensors;
        const position = startPosition(
          { reset: (parameters, at) => reset(parameters, at, changes.rows) },
          { ...environmentParameters, ...changes.shared },
          // The step before the first of the coming rollout, which draws for another use.
          { ...key, step: tf.sub(key.step, tf.scalar(1, 'int32')) },
        );
        return { ...cloneTree(rest), position } as TrainingState['tensors'];
      }),
    }),

    dispose: () => disposeTree(environmentParameters),
  };
  return learner;
}

/** Diagnostics as numbers, read from the device in one piece. */
export async function readDiagnostics(diagnostics: Tensors): Promise<Record<string, number>> {
  const stacked = tf.tidy(() =>
    tf.stack(Object.values(diagnostics).map((tensor) => tf.cast(tensor, 'float32'))),
  );
  const values = await stacked.data();
  stacked.dispose();
  return Object.fromEntries(Object.keys(diagnostics).map((name, index) => [name, values[index]!]));
}
