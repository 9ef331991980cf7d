import * as tf from '@tensorflow/tfjs';

import type { Tensors } from '../../engine/tensors';

/** The tensors of a record, in the order of its keys, as one vector [P]. */
export function flatten(record: Tensors): tf.Tensor1D {
  return tf.tidy(() => tf.concat(Object.values(record).map((tensor) => tf.reshape(tensor, [-1]))));
}

/** The inverse of `flatten`: a vector [P] cut and shaped like the template. */
export function unflatten<Template extends Tensors>(
  vector: tf.Tensor1D,
  template: Template,
): Template {
  let start = 0;
  const entries = Object.entries(template).map(([name, like]) => {
    const part = tf.tidy(() => tf.reshape(tf.slice(vector, [start], [like.size]), like.shape));
    start += like.size;
    return [name, part];
  });
  return Object.fromEntries(entries) as Template;
}

/** The record with its keys in the order of another's, so that their vectors line up. */
export const inOrderOf = (template: Tensors, record: Tensors): Tensors =>
  Object.fromEntries(Object.keys(template).map((name) => [name, record[name]!]));
