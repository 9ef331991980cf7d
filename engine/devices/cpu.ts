import * as tf from '@tensorflow/tfjs';

import type { Device } from './device';

/** Else its first tensor prints advice to install tfjs-node. */
export function silenceCpuBackend(): void {
  (tf.findBackend('cpu') as tf.KernelBackend & { firstUse: boolean }).firstUse = false;
}

/** TensorFlow.js in plain JavaScript: the slowest, and the one the others are compared with. */
export const cpu: Device<'cpu'> = {
  name: 'cpu',
  hasThreads: false,
  probe: () =>
    Promise.resolve({
      available: true,
      version: tf.version.tfjs,
      description: 'TensorFlow.js in JavaScript, one thread',
      hasGpu: false,
    }),
  start: async () => {
    silenceCpuBackend();
    await tf.setBackend('cpu');
  },
};
