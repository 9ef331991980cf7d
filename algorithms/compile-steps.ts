import type * as tf from '@tensorflow/tfjs';

import { compile } from '../engine/compile/compile';
import { type Key, uses } from '../engine/random';
import type { Tensors } from '../engine/tensors';
import type { Environment, ResetResult, StepResult } from '../envs/environment';

interface ResetInput {
  readonly rows: {
    readonly row: tf.Tensor1D;
    /** Parameters that are not the same in every row. */
    readonly environment?: Tensors;
  };
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

/** The start of episodes as one program where the device compiles. @returns as the environment's own reset */
export function compileReset(
  environment: Environment,
): (parameters: Tensors, key: Key, ofRows?: Tensors) => ResetResult<Tensors> {
  const reset = compile(
    ({
      rows: { row, environment: ofRows },
      parameters: { environment: shared, key },
    }: ResetInput) =>
      environment.reset(
        { ...shared, ...ofRows },
        { ...key, row, use: uses.dynamics },
      ) as ResetResult<Tensors> & Tensors,
    { name: `reset of ${environment.id}`, fallback: 'eager' },
  );
  return (parameters, { words, row, step }, ofRows) =>
    reset({
      rows: { row, ...(ofRows ? { environment: ofRows } : {}) },
      parameters: { environment: parameters, key: { words, step } },
    });
}

/**
 * The same environment, each reset and step of which is a program where the device compiles: for policies that
 * act on the host, between steps. Its parameters are the same in every row.
 */
export function compileSteps(environment: Environment): Environment {
  const step = compile(
    ({ rows: { row, state, action }, parameters: { environment: parameters, key } }: StepInput) =>
      environment.step(parameters, state, action, {
        ...key,
        row,
        use: uses.dynamics,
      }) as StepResult<Tensors> & Tensors,
    { name: `step of ${environment.id}`, fallback: 'eager' },
  );
  return {
    ...environment,
    reset: compileReset(environment),
    step: (parameters, state, action, { words, row, step: at }) =>
      step({
        rows: { row, state, action },
        parameters: { environment: parameters, key: { words, step: at } },
      }),
  };
}
