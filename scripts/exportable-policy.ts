import * as tf from '@tensorflow/tfjs';

import { normaliserEpsilon, standardise } from '../algorithms/normaliser';
import type { ExportableLayer, ExportablePolicy } from '../algorithms/policies/exportable';
import { biasName, weightsName } from '../algorithms/policies/network';
import { toEnvironmentAction } from '../algorithms/policies/policy';
import type { Space } from '../envs/space';
import type { PolicyForward } from '../outputs/export/check-export';
import type { Trained } from './load-trained';

const read = async (tensor: tf.Tensor): Promise<Float32Array> =>
  new Float32Array((await tensor.data()) as Float32Array);

/** The policy of a checkpoint as plain numbers. */
export async function toExportable(trained: Trained): Promise<ExportablePolicy> {
  const { config, opened, learner, learned } = trained;
  const { observationSpace, actionSpace, actionMask } = opened.environment;
  const { mean, variance, minimum, maximum } = learned.observations;
  return {
    name: config.name,
    observationSpace,
    actionSpace,
    masked: actionMask !== undefined,
    observation: {
      mean: await read(mean),
      variance: await read(variance),
      minimum: await read(minimum),
      maximum: await read(maximum),
      epsilon: normaliserEpsilon,
      clip: config.training.observationClip,
    },
    layers: await Promise.all(
      learner.policy.network.sizes
        .slice(1)
        .map((outputs, layer) =>
          readLayer(trained, layer, learner.policy.network.sizes[layer]!, outputs),
        ),
    ),
    activation: config.policy.activation,
    environment: opened.choice,
    config,
  };
}

async function readLayer(
  { learned }: Trained,
  layer: number,
  inputs: number,
  outputs: number,
): Promise<ExportableLayer> {
  return {
    inputs,
    outputs,
    weights: await read(learned.policy[weightsName(layer)]!),
    bias: await read(learned.policy[biasName(layer)]!),
  };
}

/** The trained policy itself, as the check of an export asks it. */
export function livePolicy({ config, opened, learner, learned }: Trained): PolicyForward {
  const { actionSpace, observationSpace } = opened.environment;
  return async (observations, rows, mask) => {
    const [action, logits] = tf.tidy((): [tf.Tensor, tf.Tensor] => {
      const observation = tf.tensor2d(observations, [rows, observationSpace.fields.length]);
      const input = standardise(learned.observations, observation, config.training.observationClip);
      const unmasked = learner.policy.distribution(learned.policy, input);
      const allowed = mask && tf.tensor2d(mask, [rows, learner.policy.head.outputs], 'bool');
      const distribution = allowed
        ? learner.policy.distribution(learned.policy, input, allowed)
        : unmasked;
      const raw = learner.policy.head.mode(distribution);
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
