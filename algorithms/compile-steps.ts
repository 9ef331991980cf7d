import type * as tf from '@tensorflow/tfjs';

import { compile } from '../engine/compile/compile';
import { uses } from '../engine/random';
import type { Tensors } from '../engine/tensors';
import type { Environment, ResetResult, StepResult } from '../envs/environment';

interface ResetInput {
  readonly rows: { readonly row: tf.Tensor1D };
  readonly parameters: { readonly environment: Tensors; readonly key: KeyWords };
}

interface StepInput {
  readonly rows: {
    readonly row: tf.Tensor1D;
    readonly state: Tensors;
    readonly action: tf.Tensor;
  };
  readonly parameters: ResetInput['parameters'];
}

/** The step is [], the same in every row. */
type KeyWords = { readonly words: tf.Tensor1D; readonly step: tf.Tensor };

/**
 * The same environment, each reset and step of which is a program where the device compiles: for policies that
 * act on the host, between steps. Its parameters are the same in every row, and keys are those of the dynamics.
 */
export function compileSteps(environment: Environment): Environment {
  const use = uses.dynamics;
  const reset = compile(
    ({ rows, parameters: { environment: parameters, key } }: ResetInput) =>
      environment.reset(parameters, { ...key, ...rows, use }) as ResetResult<Tensors> & Tensors,
    { name: `reset of ${environment.id}`, fallback: 'eager' },
  );
  const step = compile(
    ({ rows: { row, state, action }, parameters: { environment: parameters, key } }: StepInput) =>
      environment.step(parameters, state, action, { ...key, row, use }) as StepResult<Tensors> &
        Tensors,
    { name: `step of ${environment.id}`, fallback: 'eager' },
  );
  return {
    ...environment,
    reset: (parameters, { words, row, step: at }) =>
      reset({ rows: { row }, parameters: { environment: parameters, key: { words, step: at } } }),
    step: (parameters, state, action, { words, row, step: at }) =>
      step({
        rows: { row, state, action },
        parameters: { environment: parameters, key: { words, step: at } },
      }),
  };
}
