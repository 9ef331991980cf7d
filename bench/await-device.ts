import * as tf from '@tensorflow/tfjs';

/** Waits until the device has computed a tensor, and with it all that was asked of it before. */
export function awaitDevice(tensor: tf.Tensor): void {
  // There programs have run when they return; a reader would keep their arrays from being used again.
  if (tf.engine().backendName !== 'native') tensor.dataSync();
}
