import * as tf from '@tensorflow/tfjs';

/** Reads one number of a result, for which the device must have finished it. */
export function awaitDevice(result: tf.Tensor): void {
  tf.tidy(() => tf.slice(tf.reshape(result, [-1]), [0], [1]).dataSync());
}
