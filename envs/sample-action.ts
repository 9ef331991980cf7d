import * as tf from '@tensorflow/tfjs';

import { categorical, type Key, maskedLogit, normals, uniforms } from '../engine/random';
import { centreOf, type Field, optionsOf, scaleOf, type Space } from './space';

/**
 * Random actions: uniform between finite bounds, normal about the centre and clipped where a bound
 * is infinite, uniform over the allowed choices where actions are discrete.
 * @param draw the first of the draws that are used: one for a box or a discrete space, one a head else
 * @param actionMask [B, Σ n] bool; absent: every choice is allowed
 * @returns box [B, A] float32, discrete [B] int32, multi-discrete [B, heads] int32
 */
export function sampleAction(
  space: Space,
  key: Key,
  draw: number,
  actionMask?: tf.Tensor2D,
): tf.Tensor {
  return tf.tidy(() => {
    if (space.kind === 'box') return sampleBox(space.fields, key, draw);
    const options = optionsOf(space);
    const allowed = actionMask ? tf.split(actionMask, [...options], 1) : [];
    const choices = options.map((count, head) => {
      const open = allowed[head] ?? tf.ones([key.row.size, count], 'bool');
      const logits = tf.where(open, tf.zeros(open.shape), tf.fill(open.shape, maskedLogit));
      return categorical(key, draw + head, logits as tf.Tensor2D);
    });
    return space.kind === 'discrete' ? choices[0]! : tf.stack(choices, 1);
  });
}

function sampleBox(fields: readonly Field[], key: Key, draw: number): tf.Tensor {
  const bounded = fields.every(({ low, high }) => Number.isFinite(high - low));
  if (bounded) {
    const low = tf.tensor1d(fields.map((field) => field.low));
    const width = tf.tensor1d(fields.map((field) => field.high - field.low));
    return tf.add(low, tf.mul(width, uniforms(key, draw, fields.length)));
  }
  const centre = tf.tensor1d(fields.map(centreOf));
  const scale = tf.tensor1d(fields.map(scaleOf));
  const raw = tf.add(centre, tf.mul(scale, normals(key, draw, fields.length)));
  return tf.minimum(
    tf.maximum(raw, tf.tensor1d(fields.map((field) => field.low))),
    tf.tensor1d(fields.map((field) => field.high)),
  );
}
