import * as tf from '@tensorflow/tfjs';

import { type Key, makeKey, phases } from '../engine/random';
import { cloneTree, disposeTree, type Tensors, tidyTree } from '../engine/tensors';
import { actOnce } from './evaluation/simulate';
import { type Clone, createCloningPrograms } from './imitation/cloning';
import { freezeMoments, mergeMoments, type Moments } from './normaliser';
import type { Policy } from './policies/policy';
import { moveGeometrically } from './schedules';
import type { InitialiseConfig, ValueConfig } from './schema';
import type { ClassicalPolicy } from './solvers/policy';
import { createLearner, type Learner, type TrainingState } from './training';
import type { UpdatePolicy } from './training-programs';
import { asRows } from './trajectory';
import { initialAdam } from './value/adam-fit';

/** What cloning cost and how near it came. */
export interface CloningReport {
  /** Rounds of collecting and fitting. */
  readonly rounds: number;
  /**
   * Before the last fit, on states that had not been seen: the root mean square of the difference of the mean
   * action from the solver's, in units of the action's scale; for choices the share that differ.
   */
  readonly error: number;
  /** Environment steps, those of the critic included. */
  readonly samples: number;
  /** Of the critic, after its last iteration. */
  readonly explainedVariance: number;
}

/**
 * Makes the policy of a solver the learner's: clones it on states that the solver and the clone visit (half of
 * the environments follow the one, half the other: dataset aggregation, Ross, Gordon and Bagnell 2011), widens
 * its exploration, and lets the critic learn on rollouts of the clone while the policy stands still.
 * @param state of an untrained learner; it stays the caller's
 * @param onRound called after each round with its error
 * @returns a new state at the same iteration
 */
export async function initialiseFromSolver(
  learner: Learner,
  solver: ClassicalPolicy,
  state: TrainingState,
  { seed, options, levels = [], onRound }: CloningRequest,
): Promise<{ state: TrainingState; report: CloningReport }> {
  const { environment, policy, config } = learner;
  const { environments, steps } = config.training;
  const programs = createCloningPrograms(learner, solver, options);
  const parameters = environment.parameters();
  actOnce(environment, solver, parameters);

  const keyOf = (round: number): Key =>
    makeKey({ seed, phase: phases.imitation, rows: environments, step: round * steps });
  const collect = (given: Tensors, before: Omit<Clone, 'adam'>, { words, row, step }: Key) => {
    const { policy: weights, observations } = before;
    const key = { words, step };
    const collected = programs.collect({
      rows: { row },
      parameters: { environment: given, policy: weights, observations, key },
    });
    const { observation, target, actionMask } = collected;
    return {
      observation: asRows(observation!),
      target: asRows(target!),
      ...(actionMask ? { actionMask: asRows(actionMask) } : {}),
    };
  };

  let clone = tidyTree(() => {
    const { policy: weights } = state.tensors;
    const observations = state.tensors.observations as Moments;
    const untrained = { policy: weights, observations };
    const isFrozen = levels.length > 0 && config.training.normaliseObservations;
    const moments = isFrozen
      ? levels.reduce<Moments>((merged, level, index) => {
          const { observation } = collect(level, untrained, keyOf(options.rounds + index));
          return mergeMoments(merged, observation as tf.Tensor2D);
        }, observations)
      : null;
    return cloneTree({
      policy: weights,
      adam: initialAdam(weights),
      observations: moments ? freezeMoments(moments) : observations,
    } as Clone);
  });
  let error = Infinity;
  let rounds = 0;
  while (rounds < options.rounds && !(error <= options.tolerance)) {
    const key = keyOf(rounds);
    const before = clone;
    const { clone: next, error: measured } = tidyTree(() => {
      const { words, step } = key;
      const rate = moveGeometrically(
        options.learningRate,
        options.finalLearningRate,
        rounds,
        options.rounds,
      );
      const fitted = programs.fit({
        rows: collect(parameters, before, key),
        parameters: { clone: before, key: { words, step }, learningRate: tf.scalar(rate) },
      });
      return { clone: cloneTree(fitted.clone as Clone), error: tf.clone(fitted.error) };
    });
    error = (await measured.data())[0]!;
    disposeTree([before, measured, key.words, key.row, key.step]);
    clone = next;
    rounds += 1;
    onRound?.(rounds, error);
  }
  disposeTree(parameters);
  const widened = widen(policy, clone.policy, options.logStd);
  const cloned: TrainingState = {
    iteration: state.iteration,
    tensors: tidyTree(() =>
      cloneTree({
        ...state.tensors,
        policy: widened,
        // Other moments would make another policy of the same weights.
        observations: freezeMoments(clone.observations),
      }),
    ),
  };
  disposeTree([clone, widened]);
  const critic = fitCritic(learner, cloned, seed, options);
  const explained = await critic.explainedVariance.data();
  disposeTree(critic.explainedVariance);
  return {
    state: critic.state,
    report: {
      rounds,
      error,
      samples: (rounds + levels.length + options.criticIterations) * environments * steps,
      explainedVariance: explained[0]!,
    },
  };
}

export interface CloningRequest {
  readonly seed: number;
  readonly options: InitialiseConfig;
  /**
   * The environment's parameters at each level that is to come, this one's included: observations are normalised
   * by the states of all of them, so that what only varies later is not out of proportion then. Default none: by
   * the states of the cloning.
   */
  readonly levels?: readonly Tensors[];
  readonly onRound?: (round: number, error: number) => void;
}

/** The clone's parameters with exploration as wide as asked; new tensors. */
function widen(policy: Policy, parameters: Tensors, logStd: number | null): Tensors {
  const [name] = policy.head.parameterNames;
  const widened = cloneTree(parameters);
  if (name === undefined || logStd === null) return widened;
  const wide = tf.fill(parameters[name]!.shape, logStd);
  widened[name]!.dispose();
  return { ...widened, [name]: wide };
}

/** A policy that stands still while the critic learns. */
const keepPolicy: UpdatePolicy = (_policy, parameters) => ({
  parameters,
  diagnostics: { accepted: tf.scalar(0), finite: tf.scalar(1) },
});

/** @param state is disposed of */
function fitCritic(
  { environment, config }: Learner,
  state: TrainingState,
  seed: number,
  { criticIterations, criticRepeats }: InitialiseConfig,
): { state: TrainingState; explainedVariance: tf.Tensor } {
  const value = { ...config.value, fit: fitLonger(config.value.fit, criticRepeats) };
  const critic = createLearner(
    environment,
    { ...config, value },
    { updatePolicy: keepPolicy, phase: phases.imitation },
  );
  const first = state.iteration;
  let current = state;
  let explainedVariance: tf.Tensor = tf.scalar(NaN);
  for (let count = 0; count < criticIterations; count += 1) {
    const { state: next, diagnostics } = critic.iterate(current, seed);
    disposeTree([current.tensors, explainedVariance]);
    const { explainedVariance: explained, ...others } = diagnostics;
    disposeTree(others);
    explainedVariance = explained!;
    current = next;
  }
  critic.dispose();
  return { state: { ...current, iteration: first }, explainedVariance };
}

function fitLonger(fit: ValueConfig['fit'], times: number): ValueConfig['fit'] {
  return fit.kind === 'adam'
    ? { ...fit, epochs: fit.epochs * times }
    : { ...fit, repeats: fit.repeats * times };
}
