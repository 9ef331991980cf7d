import * as tf from '@tensorflow/tfjs';

import { forUse, type Key, permuteRows, uses } from '../../engine/random';
import { gatherRows, splitRows } from '../../engine/rows';
import type { Tensors } from '../../engine/tensors';
import type { Policy } from '../policies/policy';
import { conjugateGradient } from './conjugate-gradient';
import { fisherVectorProduct } from './fisher';
import { flatten, unflatten } from './flat';
import { searchLine } from './line-search';
import { measureCandidate, surrogateGradient } from './surrogate';

/** Rows of a rollout as the update needs them; N = T·B. */
export interface PolicyBatch {
  /** [N, O] normalised */
  readonly observation: tf.Tensor2D;
  /** raw actions, [N, A] float32, [N] or [N, heads] int32 */
  readonly action: tf.Tensor;
  /** [N] normalised */
  readonly advantage: tf.Tensor1D;
  /** [N, outputs] bool */
  readonly actionMask?: tf.Tensor;
}

export interface TrpoOptions {
  /** δ: bound on the mean KL divergence of one update, nats; [] where it changes from call to call. */
  readonly trustRegion: number | tf.Scalar;
  /** c: multiple of the identity added to the Fisher matrix. */
  readonly damping: number;
  readonly conjugateGradientIterations: number;
  /** Conjugate gradients stop at this relative residual. */
  readonly residualTolerance: number;
  /** ρ: factor between tries of the line search. */
  readonly backtrackRatio: number;
  readonly backtrackSteps: number;
  /** Share of the rows that enter the Fisher-vector product, (0, 1]. */
  readonly fisherFraction: number;
  /** Rows worked on at once. */
  readonly chunk: number;
}

/** All [] float32. */
export interface UpdateDiagnostics extends Tensors {
  readonly kl: tf.Scalar;
  readonly surrogateImprovement: tf.Scalar;
  /** Tries of the line search, the accepted one included; 0 if there was nothing to search. */
  readonly lineSearchSteps: tf.Scalar;
  readonly conjugateGradientIterations: tf.Scalar;
  readonly conjugateGradientResidual: tf.Scalar;
  readonly gradientNorm: tf.Scalar;
  readonly entropy: tf.Scalar;
  /** 1: the parameters moved */
  readonly accepted: tf.Scalar;
  /** 1: gradient and step were finite */
  readonly finite: tf.Scalar;
}

/**
 * One step of trust region policy optimisation (Schulman et al. 2015, §6 and appendix C): the
 * natural gradient s of the surrogate E[π_θ/π_old · A] by conjugate gradients on F + cI, the longest
 * step β = √(2δ / sᵀ(F + cI)s) that the quadratic model of the KL divergence allows, and a
 * backtracking search that accepts the first θ + ρʲβs whose KL ≤ δ and whose surrogate improved.
 * Otherwise, and whenever a number is not finite, the parameters stay as they are.
 *
 * @param parameters the policy's
 * @param key chooses the rows of the Fisher product when `fisherFraction` < 1
 * @returns new tensors
 */
export function trpoUpdate(
  policy: Policy,
  parameters: Tensors,
  batch: PolicyBatch,
  options: TrpoOptions,
  key: Key,
): { parameters: Tensors; diagnostics: UpdateDiagnostics } {
  return tf.tidy(() => {
    const rows = batch.observation.shape[0];
    const { gradient, before, entropy, surrogate, chunks } = surrogateGradient(
      policy,
      parameters,
      batch,
      options.chunk,
    );

    const fisherRows = Math.max(1, Math.round(rows * options.fisherFraction));
    const curvature = fisherVectorProduct(
      policy,
      parameters,
      fisherRows === rows
        ? chunks
        : splitRows(
            gatherRows(
              { observation: batch.observation, ...maskOf(batch) },
              tf.slice(permuteRows(forUse(key, uses.subsample), 0, rows), [0], [fisherRows]),
            ),
            options.chunk,
          ),
      options.damping,
    );

    const direction = conjugateGradient(curvature, gradient, {
      maximum: options.conjugateGradientIterations,
      tolerance: options.residualTolerance,
    });
    // (F + cI)s = g − residual, so sᵀ(F + cI)s needs no further product.
    const squaredLength = tf.sum(tf.mul(direction.solution, tf.sub(gradient, direction.residual)));
    // A zero gradient (all advantages equal to zero) has no direction: the step is zero, not 0 · ∞.
    const directed = tf.greater(squaredLength, 0);
    const length = tf.where(
      directed,
      tf.sqrt(tf.div(tf.mul(2, options.trustRegion), squaredLength)),
      tf.zerosLike(squaredLength),
    );
    const step = tf.mul(direction.solution, length) as tf.Tensor1D;
    const gradientNorm = tf.norm(gradient) as tf.Scalar;
    const finite = tf.logicalAnd(
      tf.all(tf.isFinite(step)),
      tf.all(tf.isFinite(tf.stack([gradientNorm, squaredLength, surrogate]))),
    );
    const usable = tf.logicalAnd(finite, directed);

    const start = flatten(parameters);
    const found = searchLine(
      start,
      tf.where(usable, step, tf.zerosLike(step)),
      (candidate) =>
        measureCandidate(policy, unflatten(candidate, parameters), chunks, before, rows),
      { surrogate, usable },
      options,
    );
    return {
      parameters: unflatten(found.parameters, parameters),
      diagnostics: {
        kl: found.kl,
        surrogateImprovement: found.improvement,
        lineSearchSteps: found.tries,
        conjugateGradientIterations: direction.iterations,
        conjugateGradientResidual: direction.relativeResidual,
        gradientNorm,
        entropy,
        accepted: found.accepted,
        finite: tf.cast(finite, 'float32') as tf.Scalar,
      },
    };
  });
}

const maskOf = (batch: PolicyBatch): Tensors =>
  batch.actionMask ? { actionMask: batch.actionMask } : {};
