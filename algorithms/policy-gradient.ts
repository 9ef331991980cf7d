import * as tf from '@tensorflow/tfjs';

import type { Tensors } from '../engine/tensors';
import type { Policy } from './policies/policy';
import { flatten, unflatten } from './trpo/flat';
import { measureCandidate, surrogateGradient } from './trpo/surrogate';
import type { PolicyBatch } from './trpo/update';

export interface PolicyGradientOptions {
  /** α: multiple of the gradient that is added to the parameters. */
  readonly stepSize: number;
  /** Rows worked on at once. */
  readonly chunk: number;
}

/** All [] float32. */
export interface PolicyGradientDiagnostics extends Tensors {
  /** KL(old ‖ new) of the step taken, nats */
  readonly kl: tf.Scalar;
  readonly surrogateImprovement: tf.Scalar;
  readonly gradientNorm: tf.Scalar;
  readonly entropy: tf.Scalar;
}

/**
 * One step of plain gradient ascent on the surrogate, θ + α ∇E[π_θ/π_old · A]: at θ_old this is the
 * policy gradient with a baseline (Williams 1992; Sutton et al. 2000). Nothing bounds how far it
 * moves the policy. It is here to be compared with `trpoUpdate`, not to be trained with.
 *
 * @param parameters the policy's
 * @returns new tensors
 */
export function policyGradientUpdate(
  policy: Policy,
  parameters: Tensors,
  batch: PolicyBatch,
  { stepSize, chunk }: PolicyGradientOptions,
): { parameters: Tensors; diagnostics: PolicyGradientDiagnostics } {
  return tf.tidy(() => {
    const rows = batch.observation.shape[0];
    const { gradient, surrogate, entropy, chunks, before } = surrogateGradient(
      policy,
      parameters,
      batch,
      chunk,
    );
    const moved = unflatten(
      tf.add(flatten(parameters), tf.mul(stepSize, gradient)) as tf.Tensor1D,
      parameters,
    );
    const after = measureCandidate(policy, moved, chunks, before, rows);
    return {
      parameters: moved,
      diagnostics: {
        kl: after.kl,
        surrogateImprovement: tf.sub(after.surrogate, surrogate) as tf.Scalar,
        gradientNorm: tf.norm(gradient) as tf.Scalar,
        entropy,
      },
    };
  });
}
