import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';

import { InputError } from '../../engine/input-error';
import { type Key, normals } from '../../engine/random';
import type { Tensors } from '../../engine/tensors';

export const correlationSchema = z
  .union([
    z.array(z.array(z.number().min(-1).max(1))).min(1),
    z.strictObject({
      mean: z
        .number()
        .min(0)
        .lt(1)
        .default(0.4)
        .describe(
          'c: an asset’s price follows the unit vector along √c·e₁ + √((1 − c)/F)·(F standard normals), and the correlation of two is the product of theirs, c on average but for its spread.',
        )
        .meta({ unit: '1' }),
      factors: z
        .int()
        .min(1)
        .max(16)
        .default(4)
        .describe('F: the fewer, the wider correlations spread about their mean.')
        .meta({ unit: 'factors' }),
    }),
  ])
  .default({ mean: 0.4, factors: 4 })
  .describe(
    'Correlations ρ of the assets’ returns: a matrix, or { mean, factors } drawn for each episode from a model of factors.',
  )
  .meta({ unit: '1' });

export type CorrelationConfig = z.output<typeof correlationSchema>;

/** Correlations of k assets, ρ = RRᵀ. */
export interface Correlations {
  readonly varies: boolean;
  /** f: the columns of R. */
  readonly factors: number;
  /** [1, k·f] the root of a matrix that was given, else [] `meanCorrelation`. */
  parameters(): Tensors;
  /** What the state of B episodes keeps: nothing, or [B, k·f]. */
  draw(parameters: Tensors, key: Key): Tensors;
  /** R, [1 or B, k, f]: its rows have length one. */
  root(parameters: Tensors, state: Tensors): tf.Tensor3D;
}

/**
 * @param count k
 * @param draw the number of its draw at the reset
 * @throws InputError for a matrix that is no matrix of correlations
 */
export function createCorrelations(
  value: CorrelationConfig,
  count: number,
  draw: number,
): Correlations {
  if (Array.isArray(value)) {
    const root = factorise(value, count).flat();
    return {
      varies: false,
      factors: count,
      parameters: () => ({ correlationRoot: tf.tensor2d([root]) }),
      draw: () => ({}),
      root: (parameters) => tf.reshape(parameters.correlationRoot!, [-1, count, count]),
    };
  }
  const { mean, factors } = value;
  const first = Array.from({ length: factors }, (_, factor) => (factor === 0 ? 1 : 0));
  return {
    varies: true,
    factors,
    parameters: () => ({ meanCorrelation: tf.scalar(mean) }),
    draw(parameters, key) {
      const common = tf.reshape(parameters.meanCorrelation!, [-1, 1, 1]);
      const own = tf.reshape(normals(key, draw, count * factors), [-1, count, factors]);
      const exposure = tf.add(
        tf.mul(tf.sqrt(common), tf.tensor3d(first, [1, 1, factors])),
        tf.mul(tf.sqrt(tf.div(tf.sub(1, common), factors)), own),
      );
      const length = tf.sqrt(tf.sum(tf.square(exposure), 2, true));
      return { exposures: tf.reshape(tf.div(exposure, length), [-1, count * factors]) };
    },
    root: (_, state) => tf.reshape(state.exposures!, [-1, count, factors]),
  };
}

/** RRᵀ, [1 or B, k, k], factor by factor: programs are smaller than by a product of matrices. */
export const correlationMatrix = (root: tf.Tensor3D): tf.Tensor3D =>
  tf
    .unstack(root, 2)
    .map((exposure) => tf.mul(tf.expandDims(exposure, 2), tf.expandDims(exposure, 1)))
    .reduce((sum, product) => tf.add(sum, product)) as tf.Tensor3D;

/** Cholesky's lower triangle. */
function factorise(matrix: readonly (readonly number[])[], count: number): number[][] {
  if (matrix.length !== count || matrix.some((row) => row.length !== count)) {
    throw new InputError(
      `env.correlation: rows of ${matrix.map((row) => row.length).join(', ')} numbers; expected ${count} rows of ${count}`,
    );
  }
  const lower = matrix.map(() => new Array<number>(count).fill(0));
  matrix.forEach((row, i) => {
    row.forEach((given, j) => {
      if (given !== matrix[j]![i] || (i === j && given !== 1)) {
        throw new InputError(
          `env.correlation: entry ${i}, ${j} is ${given}; expected a symmetric matrix with ones on its diagonal`,
        );
      }
      if (j > i) return;
      let rest = given;
      for (let k = 0; k < j; k += 1) rest -= lower[i]![k]! * lower[j]![k]!;
      if (i === j) {
        if (rest < -1e-9) {
          throw new InputError(
            'env.correlation: not positive semidefinite; expected correlations that assets can have',
          );
        }
        lower[i]![i] = Math.sqrt(Math.max(0, rest));
      } else if (lower[j]![j]! > 1e-7) {
        lower[i]![j] = rest / lower[j]![j]!;
      } else if (Math.abs(rest) > 1e-7) {
        throw new InputError(
          'env.correlation: not positive semidefinite; expected correlations that assets can have',
        );
      }
    });
  });
  return lower;
}
