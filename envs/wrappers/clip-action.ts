import * as tf from '@tensorflow/tfjs';

import { InputError } from '../../engine/input-error';
import { defineEnvironment, type Environment } from '../environment';
import { box, centreOf, scaleOf } from '../space';

/**
 * Accepts any real action and clips it to the bounds of the environment, as Gymnasium's ClipAction:
 * the wrapped action space has no bounds, while centre and scale of each field stay what they were.
 * @throws InputError if the actions are discrete
 */
export function clipAction(environment: Environment): Environment {
  const { definition } = environment;
  const { actionSpace } = definition;
  if (actionSpace.kind !== 'box') {
    throw new InputError(`clipAction: ${definition.id} has ${actionSpace.kind} actions, not a box`);
  }
  const { fields } = actionSpace;
  return defineEnvironment({
    ...definition,
    actionSpace: box(
      fields.map((field) => ({
        ...field,
        centre: centreOf(field),
        scale: scaleOf(field),
        low: -Infinity,
        high: Infinity,
      })),
    ),
    transition: (parameters, state, action, key) => {
      const low = tf.tensor1d(fields.map((field) => field.low));
      const high = tf.tensor1d(fields.map((field) => field.high));
      const clipped = tf.minimum(tf.maximum(action, low), high);
      return definition.transition(parameters, state, clipped, key);
    },
  });
}
