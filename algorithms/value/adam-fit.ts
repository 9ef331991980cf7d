import * as tf from '@tensorflow/tfjs';

import { scan } from '../../engine/loops';
import { forUse, type Key, permuteRows, uses } from '../../engine/random';
import { gatherRows } from '../../engine/rows';
import { type Tensors, type TensorTree, tidyTree } from '../../engine/tensors';
import type { Network } from '../policies/network';
import { flatten, inOrderOf, unflatten } from '../trpo/flat';

/** First and second moments of the gradient (Kingma & Ba 2015), and the number of steps taken. */
export interface AdamState {
  readonly [part: string]: TensorTree;
  /** [P] of the flattened parameters */
  readonly first: tf.Tensor1D;
  readonly second: tf.Tensor1D;
  /** [] float32 */
  readonly steps: tf.Scalar;
}

export interface AdamFitOptions {
  readonly learningRate: number;
  readonly epochs: number;
  /** Rows of a gradient step; a last incomplete minibatch of an epoch is left out. */
  readonly minibatch: number;
}

const decayFirst = 0.9;
const decaySecond = 0.999;
const epsilon = 1e-8;

export const initialAdam = (parameters: Tensors): AdamState => {
  const size = Object.values(parameters).reduce((sum, tensor) => sum + tensor.size, 0);
  return { first: tf.zeros([size]), second: tf.zeros([size]), steps: tf.scalar(0) };
};

/** One Adam step with bias correction, on all parameters as one vector. */
export function stepAdam(
  parameters: Tensors,
  gradients: Tensors,
  state: AdamState,
  learningRate: number | tf.Scalar,
): { parameters: Tensors; state: AdamState } {
  const gradient = flatten(inOrderOf(parameters, gradients));
  const steps = tf.add(state.steps, 1) as tf.Scalar;
  const first: tf.Tensor1D = tf.add(
    tf.mul(decayFirst, state.first),
    tf.mul(1 - decayFirst, gradient),
  );
  const second: tf.Tensor1D = tf.add(
    tf.mul(decaySecond, state.second),
    tf.mul(1 - decaySecond, tf.square(gradient)),
  );
  const mean = tf.div(first, tf.sub(1, tf.pow(decayFirst, steps)));
  const square = tf.div(second, tf.sub(1, tf.pow(decaySecond, steps)));
  const step = tf.mul(learningRate, tf.div(mean, tf.add(tf.sqrt(square), epsilon)));
  const moved: tf.Tensor1D = tf.sub(flatten(parameters), step);
  return { parameters: unflatten(moved, parameters), state: { first, second, steps } };
}

/**
 * Fits the value network to standardised returns by Adam on minibatches: least squares, rows in a
 * fresh keyed order each epoch.
 * @param observation [N, O] normalised
 * @param target [N] standardised
 */
export function fitByAdam(
  network: Network,
  parameters: Tensors,
  state: AdamState,
  data: { observation: tf.Tensor2D; target: tf.Tensor1D },
  options: AdamFitOptions,
  key: Key,
): { parameters: Tensors; state: AdamState } {
  const rows = data.observation.shape[0];
  const minibatch = Math.min(options.minibatch, rows);
  const batches = Math.floor(rows / minibatch);
  type Fitted = { parameters: Tensors; state: AdamState };
  const step = ({ parameters, state }: Fitted, index: tf.Tensor1D): Fitted => {
    const { observation, target } = gatherRows(data as Tensors, index);
    const trace = network.trace(parameters, observation as tf.Tensor2D);
    const error = tf.sub(trace.output, tf.reshape(target!, [-1, 1]));
    const gradients = network.backward(
      parameters,
      trace,
      tf.div(error, minibatch / 2) as tf.Tensor2D,
    );
    return stepAdam(parameters, gradients, state, options.learningRate);
  };
  return tidyTree(() => {
    const { carry } = scan(
      (before: Fitted, epoch) => {
        const order = permuteRows(forUse(key, uses.shuffle), epoch, rows);
        const index = tf.reshape(tf.slice(order, [0], [batches * minibatch]), [batches, minibatch]);
        const { carry } = scan(
          (from: Fitted, _index, given) => ({
            carry: step(from, given.index as tf.Tensor1D),
            output: {},
          }),
          before,
          batches,
          { inputs: { index } },
        );
        return { carry, output: {} };
      },
      { parameters, state } as Fitted,
      options.epochs,
    );
    return carry;
  });
}
