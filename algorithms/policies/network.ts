import * as tf from '@tensorflow/tfjs';

import type { Tensors } from '../../engine/tensors';
import { orthogonalMatrix } from './orthogonal';

export const activations = ['tanh', 'relu'] as const;
export type Activation = (typeof activations)[number];

/** Independent standard normals [rows, columns], row-major, for the weights of a layer. */
export type WeightDraws = (layer: number, rows: number, columns: number) => Float32Array;

/** What a forward pass leaves behind for tangent and backward passes. */
export interface Trace {
  /** Inputs of each layer: the observation, then the hidden activations; [B, size] each. */
  readonly inputs: readonly tf.Tensor2D[];
  /** Derivatives of the hidden activations, [B, size] each. */
  readonly slopes: readonly tf.Tensor2D[];
  /** [B, outputs] */
  readonly output: tf.Tensor2D;
}

/**
 * A multilayer perceptron with a linear output layer, and its two linearisations.
 *
 * Tangent and backward passes are written out rather than taken from the gradient tape: the
 * Fisher-vector product Jᵀ M (J v) needs both at fixed parameters, and they share one forward pass.
 */
export interface Network {
  /** Layer sizes from the observation to the output. */
  readonly sizes: readonly number[];
  readonly activation: Activation;
  /** Orthogonal weights (gain √2 hidden, `outputGain` last), zero biases. */
  initialise(draws: WeightDraws): Tensors;
  /** @param observation [B, sizes[0]] */
  apply(parameters: Tensors, observation: tf.Tensor2D): tf.Tensor2D;
  trace(parameters: Tensors, observation: tf.Tensor2D): Trace;
  /** J v: the change of the output [B, outputs] when the parameters move along v. */
  tangent(parameters: Tensors, trace: Trace, direction: Tensors): tf.Tensor2D;
  /** Jᵀ u: gradients by the parameters, summed over the rows. @param cotangent [B, outputs] */
  backward(parameters: Tensors, trace: Trace, cotangent: tf.Tensor2D): Tensors;
}

export const weightsName = (layer: number): string => `layer${layer}/weights`;
export const biasName = (layer: number): string => `layer${layer}/bias`;

export interface NetworkOptions {
  readonly inputs: number;
  readonly hidden: readonly number[];
  readonly outputs: number;
  readonly activation: Activation;
  /** Standard deviation scale of the last layer's orthogonal weights. */
  readonly outputGain: number;
}

export function createNetwork(options: NetworkOptions): Network {
  const { activation, outputGain } = options;
  const sizes = [options.inputs, ...options.hidden, options.outputs];
  const last = sizes.length - 2;
  const bend = (x: tf.Tensor2D): tf.Tensor2D => (activation === 'tanh' ? tf.tanh(x) : tf.relu(x));
  const slope = (h: tf.Tensor2D): tf.Tensor2D =>
    activation === 'tanh' ? tf.sub(1, tf.square(h)) : tf.step(h);
  const weights = (parameters: Tensors, layer: number): tf.Tensor2D =>
    parameters[weightsName(layer)] as tf.Tensor2D;
  const bias = (parameters: Tensors, layer: number): tf.Tensor1D =>
    parameters[biasName(layer)] as tf.Tensor1D;
  const affine = (parameters: Tensors, layer: number, x: tf.Tensor2D): tf.Tensor2D =>
    tf.add(tf.matMul(x, weights(parameters, layer)), bias(parameters, layer));

  return {
    sizes,
    activation,

    initialise(draws) {
      const parameters: Record<string, tf.Tensor> = {};
      for (let layer = 0; layer <= last; layer += 1) {
        const [rows, columns] = [sizes[layer]!, sizes[layer + 1]!];
        const gain = layer === last ? outputGain : Math.SQRT2;
        const matrix = orthogonalMatrix(rows, columns, gain, draws(layer, rows, columns));
        parameters[weightsName(layer)] = tf.tensor2d(matrix, [rows, columns]);
        parameters[biasName(layer)] = tf.zeros([columns]);
      }
      return parameters;
    },

    apply: (parameters, observation) =>
      tf.tidy(() => {
        let x = observation;
        for (let layer = 0; layer < last; layer += 1) x = bend(affine(parameters, layer, x));
        return affine(parameters, last, x);
      }),

    trace(parameters, observation) {
      const inputs = [observation];
      const slopes: tf.Tensor2D[] = [];
      for (let layer = 0; layer < last; layer += 1) {
        const h = tf.tidy(() => bend(affine(parameters, layer, inputs[layer]!)));
        inputs.push(h);
        slopes.push(tf.tidy(() => slope(h)));
      }
      return { inputs, slopes, output: tf.tidy(() => affine(parameters, last, inputs[last]!)) };
    },

    tangent: (parameters, { inputs, slopes }, direction) =>
      tf.tidy(() => {
        let moved: tf.Tensor2D | null = null;
        for (let layer = 0; ; layer += 1) {
          const direct = affine(direction, layer, inputs[layer]!);
          const change: tf.Tensor2D = moved
            ? tf.add(direct, tf.matMul(moved, weights(parameters, layer)))
            : direct;
          if (layer === last) return change;
          moved = tf.mul(change, slopes[layer]!);
        }
      }),

    backward: (parameters, { inputs, slopes }, cotangent) =>
      tf.tidy(() => {
        const gradients: Record<string, tf.Tensor> = {};
        let error = cotangent;
        for (let layer = last; layer >= 0; layer -= 1) {
          gradients[weightsName(layer)] = tf.matMul(inputs[layer]!, error, true, false);
          gradients[biasName(layer)] = tf.sum(error, 0);
          if (layer > 0) {
            const back: tf.Tensor2D = tf.matMul(error, weights(parameters, layer), false, true);
            error = tf.mul(back, slopes[layer - 1]!);
          }
        }
        return gradients;
      }),
  };
}
