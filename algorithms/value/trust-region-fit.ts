import * as tf from '@tensorflow/tfjs';

import { splitRows, sumTrees } from '../../engine/rows';
import type { Tensors } from '../../engine/tensors';
import { linearise } from '../policies/linearise';
import type { Network } from '../policies/network';
import { conjugateGradient } from '../trpo/conjugate-gradient';
import { flatten, inOrderOf, unflatten } from '../trpo/flat';
import { searchLine } from '../trpo/line-search';

export interface TrustRegionFitOptions {
  /** Bound on the mean squared change of the standardised prediction in one step. */
  readonly radius: number;
  readonly damping: number;
  readonly conjugateGradientIterations: number;
  readonly residualTolerance: number;
  /** Gauss–Newton steps an iteration. */
  readonly repeats: number;
  readonly backtrackRatio: number;
  readonly backtrackSteps: number;
}

/**
 * Fits the value network to standardised returns by Gauss–Newton steps in a trust region (Schulman
 * et al. 2016, §5, eq. 29–30): the step (JᵀJ/N + cI)s = −∇½E[(V − R)²] by conjugate gradients,
 * shortened to the radius where it is longer, then the policy's line search: the first step that
 * lowers the squared error and changes the predictions by no more than the radius.
 * @param observation [N, O] normalised
 * @param target [N] standardised
 */
export function fitByTrustRegion(
  network: Network,
  parameters: Tensors,
  data: { observation: tf.Tensor2D; target: tf.Tensor1D },
  options: TrustRegionFitOptions,
  chunkRows: number,
): Tensors {
  return tf.tidy(() => {
    const chunks = splitRows(data as Tensors, chunkRows) as unknown as (typeof data)[];
    let current = parameters;
    for (let repeat = 0; repeat < options.repeats; repeat += 1) {
      const next = tf.tidy(() => stepGaussNewton(network, current, chunks, options));
      current = next;
    }
    return current;
  });
}

function stepGaussNewton(
  network: Network,
  parameters: Tensors,
  chunks: readonly { observation: tf.Tensor2D; target: tf.Tensor1D }[],
  options: TrustRegionFitOptions,
): Tensors {
  const rows = chunks.reduce((sum, { target }) => sum + target.shape[0], 0);
  const asVector = (gradients: Tensors): tf.Tensor => flatten(inOrderOf(parameters, gradients));
  const linearised = chunks.map(({ observation }) => linearise(network, parameters, observation));
  const errors = chunks.map(({ target }, index) =>
    tf.sub(tf.reshape(target, [-1, 1]), linearised[index]!.output),
  );
  const backward = (index: number, cotangent: tf.Tensor): tf.Tensor =>
    asVector(linearised[index]!.backward(tf.div(cotangent, rows) as tf.Tensor2D));
  const descent = sumTrees(errors.map((error, index) => backward(index, error))) as tf.Tensor1D;
  const loss = halfMeanSquare(errors, rows);

  const curvature = (vector: tf.Tensor1D): tf.Tensor1D =>
    tf.tidy(() => {
      const direction = unflatten(vector, parameters);
      const sums = linearised.map(({ tangent }, index) =>
        tf.tidy(() => backward(index, tangent(direction))),
      );
      return tf.add(sumTrees(sums), tf.mul(options.damping, vector)) as tf.Tensor1D;
    });
  const { solution, residual } = conjugateGradient(curvature, descent, {
    maximum: options.conjugateGradientIterations,
    tolerance: options.residualTolerance,
  });
  // The model's mean squared change of V along s, damping included: sᵀ(JᵀJ/N + cI)s.
  const change = tf.sum(tf.mul(solution, tf.sub(descent, residual)));
  const shorten = tf.minimum(1, tf.sqrt(tf.div(options.radius, change)));
  const step = tf.mul(solution, shorten) as tf.Tensor1D;
  const usable = tf.all(tf.isFinite(step));

  const found = searchLine(
    flatten(parameters),
    tf.where(usable, step, tf.zerosLike(step)),
    (candidate) => {
      const moved = unflatten(candidate, parameters);
      const left = chunks.map(({ observation, target }) =>
        tf.sub(tf.reshape(target, [-1, 1]), network.apply(moved, observation)),
      );
      const change = left.map((now, index) => tf.sub(errors[index]!, now));
      return {
        surrogate: tf.neg(halfMeanSquare(left, rows)),
        kl: tf.mul(2, halfMeanSquare(change, rows)),
      };
    },
    { surrogate: tf.neg(loss), usable },
    { ...options, trustRegion: options.radius },
  );
  return unflatten(found.parameters, parameters);
}

function halfMeanSquare(errors: readonly tf.Tensor[], rows: number): tf.Scalar {
  return tf.tidy(() =>
    sumTrees(errors.map((error) => tf.div(tf.sum(tf.square(error)), 2 * rows))),
  ) as tf.Scalar;
}
