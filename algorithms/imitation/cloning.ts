import * as tf from '@tensorflow/tfjs';

import { compile } from '../../engine/compile/compile';
import { scan } from '../../engine/loops';
import { forUse, type Key, permuteRows, uses } from '../../engine/random';
import { gatherRows } from '../../engine/rows';
import type { Tensors } from '../../engine/tensors';
import { centreOf, optionsOf, scaleOf, type Space } from '../../envs/space';
import { compileSteps } from '../compile-steps';
import { mergeMoments, type Moments, standardise } from '../normaliser';
import { type Policy, toEnvironmentAction } from '../policies/policy';
import type { InitialiseConfig } from '../schema';
import type { ClassicalPolicy } from '../solvers/policy';
import type { Learner } from '../training';
import { type AdamState, stepAdam } from '../value/adam-fit';

/** A type, so that it is a tree of tensors. */
export type Clone = {
  readonly policy: Tensors;
  readonly adam: AdamState;
  readonly observations: Moments;
};

type KeyWords = { readonly words: tf.Tensor1D; readonly step: tf.Tensor };

interface CollectInput {
  readonly rows: { readonly row: tf.Tensor1D };
  readonly parameters: {
    readonly environment: Tensors;
    readonly policy: Tensors;
    readonly observations: Moments;
    readonly key: KeyWords;
  };
}

interface SampleInput {
  readonly rows: {
    readonly row: tf.Tensor1D;
    readonly observation: tf.Tensor2D;
    readonly actionMask?: tf.Tensor2D;
  };
  readonly parameters: {
    readonly policy: Tensors;
    readonly observations: Moments;
    readonly key: KeyWords;
  };
}

interface FitInput {
  readonly rows: {
    readonly observation: tf.Tensor;
    readonly target: tf.Tensor;
    readonly actionMask?: tf.Tensor;
  };
  readonly parameters: {
    readonly clone: Clone;
    readonly key: KeyWords;
    readonly learningRate: tf.Scalar;
  };
}

/** The parts of cloning as programs: a round's states with the solver's actions, and the fit to them. */
export function createCloningPrograms(
  learner: Learner,
  solver: ClassicalPolicy,
  options: InitialiseConfig,
) {
  const { policy, config } = learner;
  const environment = solver.onHost ? compileSteps(learner.environment) : learner.environment;
  const { actionSpace } = environment;
  const { observationClip, steps } = config.training;

  const sample = ({ rows, parameters }: SampleInput): tf.Tensor => {
    const distribution = policy.distribution(
      parameters.policy,
      standardise(parameters.observations, rows.observation, observationClip),
      rows.actionMask,
    );
    const key: Key = { ...parameters.key, row: rows.row, use: uses.action };
    return toEnvironmentAction(actionSpace, policy.head.sample(distribution, key));
  };
  // A solver on the host keeps what is around it from being one program, but not from being several.
  const actByLearner = solver.onHost
    ? compile(sample, { name: 'actions of the clone', fallback: 'eager' })
    : sample;

  const collect = ({ rows: { row }, parameters }: CollectInput): Tensors => {
    const start: Key = { ...parameters.key, row, use: 0 };
    const byLearner = tf.equal(tf.mod(row, tf.scalar(2, 'int32')), 1);
    const first = environment.reset(parameters.environment, start);
    const { outputs } = scan(
      (from: { state: Tensors; observation: tf.Tensor }, index) => {
        const key: Key = { ...start, step: tf.add(start.step, index) };
        const observation = from.observation as tf.Tensor2D;
        const actionMask = environment.actionMask?.(parameters.environment, from.state);
        const given = { observation, ...(actionMask ? { actionMask } : {}) };
        const wanted = solver.act({
          parameters: parameters.environment,
          state: from.state,
          ...given,
          key: forUse(key, uses.solver),
        });
        const { policy: weights, observations } = parameters;
        const own = actByLearner({
          rows: { row, ...given },
          parameters: { policy: weights, observations, key: { ...parameters.key, step: key.step } },
        });
        const follows = wanted.rank === 1 ? byLearner : tf.expandDims(byLearner, 1);
        const action = tf.where(follows, own, wanted);
        const next = environment.step(parameters.environment, from.state, action, key);
        return {
          carry: { state: next.state, observation: next.observation },
          output: {
            observation,
            target: toRawAction(actionSpace, wanted),
            ...(actionMask ? { actionMask } : {}),
          } as Tensors,
        };
      },
      { state: first.state, observation: first.observation as tf.Tensor },
      steps,
    );
    return outputs;
  };

  const fit = ({ rows, parameters: { clone, key, learningRate } }: FitInput) => {
    const observation = rows.observation as tf.Tensor2D;
    const total = observation.shape[0];
    const observations = config.training.normaliseObservations
      ? mergeMoments(clone.observations, observation)
      : clone.observations;
    const data: Tensors = {
      ...rows,
      observation: standardise(observations, observation, observationClip),
    };
    const seen = standardise(clone.observations, observation, observationClip);
    const error = disagreement(policy, actionSpace, clone.policy, { ...data, observation: seen });
    const minibatch = Math.min(options.minibatch, total);
    const batches = Math.floor(total / minibatch);
    const shuffle: Key = { ...key, row: tf.zeros([1], 'int32'), use: uses.shuffle };
    type Fitted = { policy: Tensors; adam: AdamState };
    const { carry } = scan(
      (before: Fitted, epoch) => {
        const order = permuteRows(shuffle, epoch, total);
        const index = tf.reshape(tf.slice(order, [0], [batches * minibatch]), [batches, minibatch]);
        const inner = scan(
          (from: Fitted, _index, given) => {
            const batch = gatherRows(data, given.index as tf.Tensor1D);
            const gradients = imitationGradient(policy, actionSpace, from.policy, batch);
            const next = stepAdam(from.policy, gradients, from.adam, learningRate);
            return { carry: { policy: next.parameters, adam: next.state }, output: {} };
          },
          before,
          batches,
          { inputs: { index } },
        );
        return { carry: inner.carry, output: {} };
      },
      { policy: clone.policy, adam: clone.adam } as Fitted,
      options.epochs,
    );
    return { clone: { ...carry, observations } as Clone, error: error as tf.Tensor };
  };

  return {
    collect: solver.onHost
      ? collect
      : compile(collect, { name: `states of ${solver.name}`, fallback: 'eager', captures: 'bind' }),
    fit: compile(fit, { name: 'cloning', fallback: 'eager' }),
  };
}

/** The inverse of `toEnvironmentAction`. */
function toRawAction(space: Space, action: tf.Tensor): tf.Tensor {
  if (space.kind !== 'box') return action;
  const centre = tf.tensor1d(space.fields.map(centreOf));
  const scale = tf.tensor1d(space.fields.map(scaleOf));
  return tf.div(tf.sub(action, centre), scale);
}

/** How far the likeliest actions are from the solver's, as the report says. [] */
function disagreement(
  policy: Policy,
  space: Space,
  parameters: Tensors,
  { observation, target, actionMask }: Tensors,
): tf.Tensor {
  const distribution = policy.distribution(parameters, observation as tf.Tensor2D, actionMask);
  if (space.kind === 'box') {
    return tf.sqrt(tf.mean(tf.square(tf.sub(distribution.network, target!))));
  }
  const mode = policy.head.mode(distribution);
  return tf.mean(tf.cast(tf.notEqual(mode, target!), 'float32'));
}

/** The gradient of half the mean squared error of the mean action, or of the cross-entropy of the choices. */
function imitationGradient(
  policy: Policy,
  space: Space,
  parameters: Tensors,
  { observation, target, actionMask }: Tensors,
): Tensors {
  const { network } = policy;
  const trace = network.trace(parameters, observation as tf.Tensor2D);
  const rows = observation!.shape[0]!;
  const error =
    space.kind === 'box'
      ? tf.sub(trace.output, target!)
      : choiceError(policy, space, trace.output, target!, actionMask);
  return {
    ...Object.fromEntries(
      policy.head.parameterNames.map((name) => [name, tf.zerosLike(parameters[name]!)]),
    ),
    ...network.backward(parameters, trace, tf.div(error, rows) as tf.Tensor2D),
  };
}

/** p − the indicator of the chosen, [N, Σ n]. */
function choiceError(
  policy: Policy,
  space: Space,
  output: tf.Tensor2D,
  target: tf.Tensor,
  mask: tf.Tensor | undefined,
): tf.Tensor {
  const { network: logits } = policy.head.distribution(output, {}, mask);
  const options = optionsOf(space);
  const choiceOf = (head: number): tf.Tensor1D =>
    target.rank === 1
      ? (target as tf.Tensor1D)
      : (tf.squeeze(tf.slice(target, [0, head], [-1, 1]), [1]) as tf.Tensor1D);
  const parts = tf.split(logits, [...options], 1);
  return tf.concat(
    parts.map((part, head) =>
      tf.sub(tf.softmax(part), tf.cast(tf.oneHot(choiceOf(head), options[head]!), 'float32')),
    ),
    1,
  );
}
