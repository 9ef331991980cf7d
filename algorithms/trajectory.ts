import * as tf from '@tensorflow/tfjs';

import type { Tensors } from '../engine/tensors';

/** T steps of B environments; every leaf has T, B in front. */
export interface Trajectory extends Record<string, tf.Tensor> {
  /** [T, B, O] not normalised */
  readonly observation: tf.Tensor3D;
  /** raw policy actions [T, B, A] float32, [T, B] or [T, B, heads] int32 */
  readonly action: tf.Tensor;
  /** [T, B] */
  readonly reward: tf.Tensor2D;
  /** [T, B] bool */
  readonly terminated: tf.Tensor2D;
  readonly truncated: tf.Tensor2D;
  /** [T, B] return and length of the episodes that ended in this step, 0 elsewhere */
  readonly endedReturn: tf.Tensor2D;
  readonly endedLength: tf.Tensor2D;
}

/**
 * V of what follows each step: of the next row, of the final observation where an episode was cut.
 * @param lastObservation [B, O] what is observed after the last step
 * @param value [T·B] V of the observations
 * @returns [T, B]
 */
export function nextValues(
  trajectory: Trajectory,
  lastObservation: tf.Tensor2D,
  value: tf.Tensor1D,
  predict: (observation: tf.Tensor) => tf.Tensor1D,
): tf.Tensor2D {
  const [steps, rows] = trajectory.reward.shape;
  const after = tf.concat([tf.slice(value, [rows]), predict(lastObservation)]);
  const following = tf.reshape(after, [steps, rows]) as tf.Tensor2D;
  const last = trajectory['finalObservation'];
  if (!last) return following;
  return tf.where(
    trajectory.truncated,
    tf.reshape(predict(asRows(last)), [steps, rows]),
    following,
  );
}

/** What tells which steps ended an episode, all of one shape. */
export interface EndedEpisodes {
  readonly terminated: tf.Tensor;
  readonly truncated: tf.Tensor;
  readonly endedReturn: tf.Tensor;
  readonly endedLength: tf.Tensor;
}

/** Mean and deviation of the returns and mean length of the episodes that ended; NaN if none did. */
export function episodeStatistics({
  terminated,
  truncated,
  endedReturn,
  endedLength,
}: EndedEpisodes): Tensors {
  const ended = tf.cast(tf.logicalOr(terminated, truncated), 'float32');
  const episodes = tf.sum(ended);
  const mean = tf.div(tf.sum(endedReturn), episodes);
  const squares = tf.sum(tf.mul(ended, tf.square(tf.sub(endedReturn, mean))));
  return {
    return: mean,
    returnStd: tf.sqrt(tf.div(squares, episodes)),
    episodeLength: tf.div(tf.sum(endedLength), episodes),
    episodes,
  };
}

/** [T, B, …] → [T·B, …] */
export function asRows(x: tf.Tensor): tf.Tensor {
  const [steps, rows, ...rest] = x.shape;
  return tf.reshape(x, [steps! * rows!, ...rest]);
}
