import * as tf from '@tensorflow/tfjs';

import type { Tensors } from '../../engine/tensors';
import { biasName, type Network, type Trace, weightsName } from './network';

/** A network at fixed parameters over fixed rows, to first order. */
export interface Linearisation {
  /** [B, outputs] */
  readonly output: tf.Tensor2D;
  /** J v: the change of the output [B, outputs] when the parameters move along v. */
  tangent(direction: Tensors): tf.Tensor2D;
  /** Jᵀ u: gradients by the parameters, summed over the rows. @param cotangent [B, outputs] */
  backward(cotangent: tf.Tensor2D): Tensors;
}

/** Outputs up to which the Jacobian by the hidden layers is worth its memory: outputs · hidden numbers a row. */
const mostStored = 4;

/**
 * One forward pass, for many products with the Jacobian and its transpose.
 *
 * Where the outputs are few, the derivatives of each output by each hidden layer are computed once
 * as well. J v and Jᵀ u then take one matrix product a layer each, instead of two: a Fisher-vector
 * product costs half.
 * @param observation [B, sizes[0]]
 */
export function linearise(
  network: Network,
  parameters: Tensors,
  observation: tf.Tensor2D,
): Linearisation {
  const trace = network.trace(parameters, observation);
  const { sizes } = network;
  const isDeep = sizes.length > 3;
  if (isDeep && sizes.at(-1)! <= mostStored) return bySensitivities(network, parameters, trace);
  return {
    output: trace.output,
    tangent: (direction) => network.tangent(parameters, trace, direction),
    backward: (cotangent) => network.backward(parameters, trace, cotangent),
  };
}

function bySensitivities(network: Network, parameters: Tensors, trace: Trace): Linearisation {
  const { inputs, slopes, output } = trace;
  const last = slopes.length;
  const sensitivities = sensitivitiesOf(network, parameters, trace);
  const lastWeights = parameters[weightsName(last)] as tf.Tensor2D;
  return {
    output,

    tangent: (direction) =>
      tf.tidy(() => {
        const direct = inputs.map((x, layer): tf.Tensor2D => {
          const product = tf.matMul(x, direction[weightsName(layer)] as tf.Tensor2D);
          return tf.add(product, direction[biasName(layer)]!);
        });
        const moved: tf.Tensor2D = tf.mul(direct[last - 1]!, slopes[last - 1]!);
        const throughLast = tf.add(direct[last]!, tf.matMul(moved, lastWeights));
        const throughOthers = sensitivities.map((ofOutput) =>
          ofOutput
            .map((sensitivity, layer) => tf.sum(tf.mul(sensitivity, direct[layer]!), 1))
            .reduce((sum, term) => tf.add(sum, term)),
        );
        return tf.add(throughLast, tf.stack(throughOthers, 1)) as tf.Tensor2D;
      }),

    backward: (cotangent) =>
      tf.tidy(() => {
        const columns = sensitivities.map((_, index) =>
          tf.slice(cotangent, [0, index], [cotangent.shape[0], 1]),
        );
        const back: tf.Tensor2D = tf.matMul(cotangent, lastWeights, false, true);
        const errors = inputs.map((_, layer): tf.Tensor2D => {
          if (layer === last) return cotangent;
          if (layer === last - 1) return tf.mul(back, slopes[layer]!);
          return sensitivities
            .map((ofOutput, index): tf.Tensor2D => tf.mul(ofOutput[layer]!, columns[index]!))
            .reduce((sum, term) => tf.add(sum, term));
        });
        return Object.fromEntries(
          errors.flatMap((error, layer): [string, tf.Tensor][] => [
            [weightsName(layer), tf.matMul(inputs[layer]!, error, true, false)],
            [biasName(layer), tf.sum(error, 0)],
          ]),
        );
      }),
  };
}

/**
 * Derivatives of each output by what enters the activation of each hidden layer but the last, whose
 * are the output weights times the slopes: [output][layer], [B, size] each.
 */
function sensitivitiesOf(
  { sizes }: Network,
  parameters: Tensors,
  { slopes }: Trace,
): tf.Tensor2D[][] {
  const last = slopes.length;
  const weights = (layer: number) => parameters[weightsName(layer)] as tf.Tensor2D;
  return Array.from({ length: sizes.at(-1)! }, (_, index) => {
    const byLayer: tf.Tensor2D[] = [];
    for (let layer = last - 2; layer >= 0; layer -= 1) {
      byLayer.unshift(
        tf.tidy(() => {
          const above: tf.Tensor2D =
            byLayer[0] ??
            tf.mul(
              tf.reshape(tf.slice(weights(last), [0, index], [sizes[last]!, 1]), [1, -1]),
              slopes[last - 1]!,
            );
          const back: tf.Tensor2D = tf.matMul(above, weights(layer + 1), false, true);
          return tf.mul(back, slopes[layer]!);
        }),
      );
    }
    return byLayer;
  });
}
