import * as tf from '@tensorflow/tfjs';

import { branch } from '../engine/loops';
import { forUse, type Key, uses } from '../engine/random';
import { type Tensors, tidyTree, whereTree } from '../engine/tensors';
import type { Box, Space } from './space';

/** A figure of a finished episode. */
export interface MetricField {
  readonly unit: string;
  readonly description: string;
  /** On which side the bad episodes lie: where expected shortfall is taken. Default low. */
  readonly worst?: 'low' | 'high';
}

/** What one step does to the world, before any reset. */
export interface Change<State extends Tensors> {
  readonly state: State;
  /** [B] float32 */
  readonly reward: tf.Tensor1D;
  /** [B] bool: the episode ended by its own rules (a trading horizon, a failure): nothing follows. */
  readonly terminated: tf.Tensor1D;
  /** [B] bool: an artificial limit cut the episode; its value goes on. Absent: never. */
  readonly truncated?: tf.Tensor1D;
  /**
   * [B] the part of the reward that is pure chance: zero on average given state and action, whatever
   * they are, such as what a driftless price earns on a position. A learner may leave it out (a
   * control variate). Absent: nothing is known to be.
   */
  readonly noise?: tf.Tensor1D;
}

/**
 * What an author writes: a market as pure functions of tensors with the batch B on axis 0.
 *
 * Shapes are static, values are never read on the host, choices are `tf.where`. The functions run
 * inside a `tf.tidy`, so intermediate tensors need no disposal.
 */
export interface EnvironmentDefinition<
  State extends Tensors = Tensors,
  Parameters extends Tensors = Tensors,
> {
  readonly id: string;
  readonly observationSpace: Box;
  readonly actionSpace: Space;
  /** The most steps an episode can last; null if it has no end of its own. */
  readonly horizon: number | null;
  /** Whether `transition` can report truncation. */
  readonly truncates: boolean;
  /** The figures that `measure` returns, beside `return` and `length`, which are kept for every environment. */
  readonly metrics: Readonly<Record<string, MetricField>>;
  /** Numeric parameters (volatility, fees, …), each [] or [B] float32; new tensors on each call. */
  parameters(): Parameters;
  /** The first state of B = key.row.size episodes. */
  reset(parameters: Parameters, key: Key): State;
  /** @param action box [B, A] float32 in the action's units (clip it to its bounds here); discrete [B] int32; multi-discrete [B, heads] int32 */
  transition(parameters: Parameters, state: State, action: tf.Tensor, key: Key): Change<State>;
  /** [B, O] float32 */
  observe(parameters: Parameters, state: State): tf.Tensor2D;
  /** Discrete actions: which are allowed, [B, n] bool; multi-discrete [B, Σ n], the heads side by side. */
  actionMask?(parameters: Parameters, state: State): tf.Tensor2D;
  /** The metrics of the episode that ends in this state, each [B] float32. */
  measure?(parameters: Parameters, state: State): Tensors;
}

export interface ResetResult<State extends Tensors> {
  readonly state: State;
  /** [B, O] */
  readonly observation: tf.Tensor2D;
  readonly actionMask?: tf.Tensor2D;
}

export interface StepResult<State extends Tensors> extends ResetResult<State> {
  /** [B] float32 */
  readonly reward: tf.Tensor1D;
  /** [B] bool */
  readonly terminated: tf.Tensor1D;
  /** [B] bool */
  readonly truncated: tf.Tensor1D;
  /** [B, O] what was observed before any reset: the last observation of an episode that ended. */
  readonly finalObservation: tf.Tensor2D;
  /** [B] the part of the reward that is known to be zero-mean chance, where the environment says. */
  readonly noise?: tf.Tensor1D;
  /** Each [B]: the figures of episodes that ended in this step, zero in other rows. */
  readonly metrics: Tensors;
}

/** A definition with reset and auto-resetting step: what rollouts, evaluation and wrappers use. */
export interface Environment<
  State extends Tensors = Tensors,
  Parameters extends Tensors = Tensors,
> extends Omit<EnvironmentDefinition<State, Parameters>, 'reset'> {
  readonly definition: EnvironmentDefinition<State, Parameters>;
  reset(parameters: Parameters, key: Key): ResetResult<State>;
  /**
   * One step in every row. Rows whose episode ends start anew at once (SAME_STEP autoreset):
   * `observation` and `state` are then the new episode's, `finalObservation` and `metrics` the old one's.
   */
  step(parameters: Parameters, state: State, action: tf.Tensor, key: Key): StepResult<State>;
}

/** Completes a definition by `reset` with observation and an auto-resetting `step`. */
export function defineEnvironment<State extends Tensors, Parameters extends Tensors>(
  definition: EnvironmentDefinition<State, Parameters>,
): Environment<State, Parameters> {
  const withMask = (parameters: Parameters, state: State) =>
    definition.actionMask ? { actionMask: definition.actionMask(parameters, state) } : {};

  const noMetrics = (rows: number): Tensors =>
    Object.fromEntries(Object.keys(definition.metrics).map((name) => [name, tf.zeros([rows])]));

  return {
    ...definition,
    definition,
    parameters: () => tidyTree(() => definition.parameters()),
    reset: (parameters, key) =>
      tf.tidy(() => {
        const state = definition.reset(parameters, forUse(key, uses.reset));
        return {
          state,
          observation: definition.observe(parameters, state),
          ...withMask(parameters, state),
        };
      }),
    step: (parameters, state, action, key) =>
      tf.tidy(() => {
        const change = definition.transition(parameters, state, action, forUse(key, uses.dynamics));
        const { reward, terminated } = change;
        const truncated = change.truncated ?? (tf.zerosLike(terminated) as tf.Tensor1D);
        const done = change.truncated ? tf.logicalOr(terminated, truncated) : terminated;
        const finalObservation = definition.observe(parameters, change.state);
        const next = branch(
          tf.any(done),
          () => {
            const fresh = definition.reset(parameters, forUse(key, uses.reset));
            const measured = definition.measure?.(parameters, change.state) ?? {};
            return {
              state: whereTree(done, fresh, change.state),
              observation: whereTree<tf.Tensor>(
                done,
                definition.observe(parameters, fresh),
                finalObservation,
              ),
              metrics: whereTree(done, measured, noMetrics(done.size)),
            };
          },
          () => ({
            state: change.state,
            observation: finalObservation,
            metrics: noMetrics(done.size),
          }),
        );
        return {
          state: next.state as State,
          observation: next.observation as tf.Tensor2D,
          metrics: next.metrics as Tensors,
          reward,
          terminated,
          truncated,
          finalObservation,
          ...(change.noise ? { noise: change.noise } : {}),
          ...withMask(parameters, next.state as State),
        };
      }),
  };
}
