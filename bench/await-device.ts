import * as tf from '@tensorflow/tfjs';

import type { CudaBackend } from '../engine/devices/cuda-backend';

/** Waits until the device has computed a tensor, and with it all that was asked of it before. */
export function awaitDevice(tensor: tf.Tensor): void {
  switch (tf.engine().backendName) {
    case 'native':
      // There programs have run when they return; a reader would keep their arrays from being used again.
      return;
    case 'cuda':
      // A copy to the host would be measured as well.
      (tf.backend() as CudaBackend).runtime.driver.synchronize();
      return;
    default:
      tensor.dataSync();
  }
}
