import * as tf from '@tensorflow/tfjs';

import { InputError } from '../engine/input-error';
import { disposeTree, type Tensors } from '../engine/tensors';
import type { Environment } from '../envs/environment';

/**
 * The environment's parameters, some of which have another value in training.
 * @throws InputError for a change of what is no numeric parameter of the environment
 */
export function trainingParametersOf(
  environment: Environment,
  changes: Readonly<Record<string, number>> = {},
): Tensors {
  const parameters = { ...environment.parameters() };
  const numeric = Object.keys(parameters).filter((name) => parameters[name]!.rank === 0);
  for (const [name, value] of Object.entries(changes)) {
    if (!numeric.includes(name)) {
      disposeTree(parameters);
      throw new InputError(
        `training.parameters.${name}: ${environment.id} has no such parameter; expected ${numeric.join(', ')}`,
      );
    }
    parameters[name]!.dispose();
    parameters[name] = tf.scalar(value);
  }
  return parameters;
}
