import * as tf from '@tensorflow/tfjs';

import { normaliserEpsilon, standardise } from '../../algorithms/normaliser';
import type { ExportableLayer, ExportablePolicy } from '../../algorithms/policies/exportable';
import { biasName, weightsName } from '../../algorithms/policies/network';
import { toEnvironmentAction } from '../../algorithms/policies/policy';
import type { LearnedPolicy } from '../../algorithms/policies/trained-policy';
import type { Learner } from '../../algorithms/training';
import type { Tensors } from '../../engine/tensors';
import type { Space } from '../../envs/space';
import type { PolicyForward } from './check-export';

/** What the description of an exported policy says about its origin. */
export interface ExportLabels {
  readonly name: string;
  /** The environment's id and parameters. */
  readonly environment: object;
  readonly config: object;
}

const read = async (tensor: tf.Tensor): Promise<Float32Array> =>
  new Float32Array((await tensor.data()) as Float32Array);

/** A trained policy as plain numbers. */
export async function toExportable(
  learner: Learner,
  learned: LearnedPolicy,
  labels: ExportLabels,
): Promise<ExportablePolicy> {
  const { observationSpace, actionSpace, actionMask } = learner.environment;
  const { mean, variance, minimum, maximum } = learned.observations;
  const { sizes } = learner.policy.network;
  return {
    ...labels,
    observationSpace,
    actionSpace,
    masked: actionMask !== undefined,
    observation: {
      mean: await read(mean),
      variance: await read(variance),
      minimum: await read(minimum),
      maximum: await read(maximum),
      epsilon: normaliserEpsilon,
      clip: learner.config.training.observationClip,
    },
    layers: await Promise.all(
      sizes
        .slice(1)
        .map((outputs, layer) => readLayer(learned.policy, layer, sizes[layer]!, outputs)),
    ),
    activation: learner.config.policy.activation,
  };
}

async function readLayer(
  policy: Tensors,
  layer: number,
  inputs: number,
  outputs: number,
): Promise<ExportableLayer> {
  return {
    inputs,
    outputs,
    weights: await read(policy[weightsName(layer)]!),
    bias: await read(policy[biasName(layer)]!),
  };
}

/** The trained policy itself, as the check of an export asks it. */
export function livePolicy(learner: Learner, learned: LearnedPolicy): PolicyForward {
  const { actionSpace, observationSpace } = learner.environment;
  const { policy, config } = learner;
  return async (observations, rows, mask) => {
    const [action, logits] = tf.tidy((): [tf.Tensor, tf.Tensor] => {
      const observation = tf.tensor2d(observations, [rows, observationSpace.fields.length]);
      const input = standardise(learned.observations, observation, config.training.observationClip);
      const unmasked = policy.distribution(learned.policy, input);
      const allowed = mask && tf.tensor2d(mask, [rows, policy.head.outputs], 'bool');
      const distribution = allowed ? policy.distribution(learned.policy, input, allowed) : unmasked;
      const raw = policy.head.mode(distribution);
      return [clip(actionSpace, toEnvironmentAction(actionSpace, raw)), tf.clone(unmasked.network)];
    });
    const values = { action: await action.data(), logits: await logits.data() };
    tf.dispose([action, logits]);
    return { action: values.action, logits: actionSpace.kind === 'box' ? null : values.logits };
  };
}

/** As the environment clips; an exported policy does it itself. */
const clip = (space: Space, action: tf.Tensor): tf.Tensor =>
  space.kind === 'box'
    ? tf.minimum(
        tf.maximum(action, tf.tensor1d(space.fields.map(({ low }) => low))),
        tf.tensor1d(space.fields.map(({ high }) => high)),
      )
    : action;
