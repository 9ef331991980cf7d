import * as tf from '@tensorflow/tfjs';

import { findCompiler, openPool, setThreads, threadCount } from '../compile/run/native';
import { registerRandomKernels } from '../random-kernels';
import type { Device } from './device';
import { createNativeBackend } from './native-backend';

/** Compiled programs on the CPU; what is called outside of them runs on the kernels of device `cpu`. */
export const native: Device<'native'> = {
  name: 'native',
  hasThreads: true,
  probe: () => {
    const result = findCompiler();
    if ('reason' in result) return Promise.resolve({ available: false, reason: result.reason });
    try {
      openPool();
    } catch (error) {
      return Promise.resolve({ available: false, reason: (error as Error).message });
    }
    const { command, identity } = result.compiler;
    return Promise.resolve({
      available: true,
      version: identity.split('\n')[0]!,
      description: `programs compiled by ${command}, up to ${threadCount()} thread${threadCount() > 1 ? 's' : ''}`,
      hasGpu: false,
    });
  },
  start: async (threads) => {
    setThreads(threads);
    registerBackend();
    await tf.setBackend('native');
  },
};

let registered = false;

/** The kernels of the `cpu` backend under another name. */
function registerBackend(): void {
  if (registered) return;
  registered = true;
  tf.registerBackend('native', createNativeBackend);
  for (const kernel of tf.getKernelsForBackend('cpu')) {
    if (!tf.getKernel(kernel.kernelName, 'native')) {
      tf.registerKernel({ ...kernel, backendName: 'native' });
    }
  }
  registerRandomKernels('native');
}
