import * as tf from '@tensorflow/tfjs';

import { splitRows } from '../../engine/rows';
import type { Tensors } from '../../engine/tensors';
import { deviation, mergeMoments, type Moments } from '../normaliser';
import { biasName, type Network, weightsName } from '../policies/network';

/**
 * V(s) = mean + deviation · network(s): the network predicts standardised returns, so that its scale
 * does not depend on the environment's currency.
 * @param observation [N, O] normalised
 * @returns [N] in units of return
 */
export function predictValues(
  network: Network,
  parameters: Tensors,
  returns: Moments,
  observation: tf.Tensor2D,
  chunk: number,
): tf.Tensor1D {
  return tf.tidy(() => {
    const parts = splitRows(observation as tf.Tensor, chunk).map((rows) =>
      network.apply(parameters, rows as tf.Tensor2D),
    );
    const standardised = parts.length === 1 ? parts[0]! : tf.concat(parts, 0);
    const flat = tf.reshape(standardised, [-1]);
    return tf.add(tf.mul(flat, deviation(returns)), returns.mean) as tf.Tensor1D;
  });
}

/** Targets in the network's standardised units. @param target [N] */
export const standardiseTargets = (returns: Moments, target: tf.Tensor1D): tf.Tensor1D =>
  tf.tidy(() => tf.div(tf.sub(target, returns.mean), deviation(returns))) as tf.Tensor1D;

/**
 * Merges new return targets into the running moments and rewrites the output layer so that every
 * prediction stays what it was (van Hasselt et al. 2016, "Pop-Art").
 * @param target [N]
 * @param cap rows remembered (see `mergeMoments`)
 */
export function renormaliseReturns(
  network: Network,
  parameters: Tensors,
  returns: Moments,
  target: tf.Tensor1D,
  cap: number,
): { parameters: Tensors; returns: Moments } {
  return tf.tidy(() => {
    const merged = mergeMoments(returns, tf.reshape(target, [-1, 1]), cap);
    const last = network.sizes.length - 2;
    const ratio = tf.div(deviation(returns), deviation(merged));
    const shift = tf.div(tf.sub(returns.mean, merged.mean), deviation(merged));
    return {
      parameters: {
        ...parameters,
        [weightsName(last)]: tf.mul(parameters[weightsName(last)]!, ratio),
        [biasName(last)]: tf.add(tf.mul(parameters[biasName(last)]!, ratio), shift),
      },
      returns: merged,
    };
  });
}

/** 1 − Var(target − prediction) / Var(target), 0 for a constant target. @param target [N] */
export function explainedVariance(target: tf.Tensor1D, prediction: tf.Tensor1D): tf.Scalar {
  return tf.tidy(() => {
    const variance = (x: tf.Tensor): tf.Tensor => tf.mean(tf.square(tf.sub(x, tf.mean(x))));
    const total = variance(target);
    const left = variance(tf.sub(target, prediction));
    return tf.where(
      tf.greater(total, 0),
      tf.sub(1, tf.divNoNan(left, total)),
      tf.scalar(0),
    ) as tf.Scalar;
  });
}
