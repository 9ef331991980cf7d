import * as tf from '@tensorflow/tfjs';

import type { Tensors } from '../../engine/tensors';
import { type Box, centreOf, scaleOf, type Space } from '../../envs/space';
import { categoricalHead } from './categorical';
import { gaussianHead } from './gaussian';
import type { Distribution, Head } from './head';
import { type Activation, createNetwork, type Network, type WeightDraws } from './network';

/** A stochastic policy: a network whose output a head reads as a distribution over actions. */
export interface Policy {
  readonly network: Network;
  readonly head: Head;
  initialise(draws: WeightDraws): Tensors;
  /** @param observation [B, O], normalised @param mask [B, outputs] bool */
  distribution(parameters: Tensors, observation: tf.Tensor2D, mask?: tf.Tensor): Distribution;
}

export interface PolicyOptions {
  readonly hidden: readonly number[];
  readonly activation: Activation;
  readonly initialLogStd: number;
  readonly learnStd: boolean;
}

/** The policy for an environment's spaces: Gaussian for boxes, categorical for choices. */
export function createPolicy(
  observationSpace: Box,
  actionSpace: Space,
  options: PolicyOptions,
): Policy {
  const head = headFor(actionSpace, options);
  const network = createNetwork({
    inputs: observationSpace.fields.length,
    hidden: options.hidden,
    outputs: head.outputs,
    activation: options.activation,
    outputGain: 0.01,
  });
  return {
    network,
    head,
    initialise: (draws) => ({ ...network.initialise(draws), ...head.initialise() }),
    distribution: (parameters, observation, mask) =>
      tf.tidy(() => head.distribution(network.apply(parameters, observation), parameters, mask)),
  };
}

function headFor(space: Space, options: PolicyOptions): Head {
  switch (space.kind) {
    case 'box':
      return gaussianHead(space.fields.length, options.initialLogStd, options.learnStd);
    case 'discrete':
      return categoricalHead([space.labels.length], true);
    case 'multi-discrete':
      return categoricalHead(
        space.choices.map((choice) => choice.labels.length),
        false,
      );
  }
}

/**
 * A policy's raw action in the environment's units: centre + scale·a for boxes, choices as they are.
 * The environment clips.
 */
export function toEnvironmentAction(space: Space, raw: tf.Tensor): tf.Tensor {
  if (space.kind !== 'box') return raw;
  return tf.tidy(() => {
    const centre = tf.tensor1d(space.fields.map(centreOf));
    const scale = tf.tensor1d(space.fields.map(scaleOf));
    return tf.add(tf.mul(raw, scale), centre);
  });
}

/** A classical policy's action with a policy's raw one as its correction, in units of the action's scale; boxes only. */
export function correctAction(space: Space, base: tf.Tensor, raw: tf.Tensor): tf.Tensor {
  if (space.kind !== 'box') throw new RangeError('only continuous actions can be corrected');
  return tf.tidy(() => tf.add(base, tf.mul(raw, tf.tensor1d(space.fields.map(scaleOf)))));
}

/** Fraction of the components of raw box actions that the environment clips; 0 for choices. [] float32 */
export function clippedFraction(space: Space, raw: tf.Tensor): tf.Scalar {
  if (space.kind !== 'box') return tf.scalar(0);
  return tf.tidy(() => {
    const action = toEnvironmentAction(space, raw);
    const low = tf.tensor1d(space.fields.map((field) => field.low));
    const high = tf.tensor1d(space.fields.map((field) => field.high));
    const outside = tf.logicalOr(tf.less(action, low), tf.greater(action, high));
    return tf.mean(tf.cast(outside, 'float32')) as tf.Scalar;
  });
}
