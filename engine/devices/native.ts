import * as tf from '@tensorflow/tfjs';

import { findCompiler, openPool, setThreads, threadCount } from '../compile/run/native';
import { registerRandomKernels } from '../random-kernels';
import type { Device } from './device';

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

/** The `cpu` backend's arrays and kernels under another name. */
function registerBackend(): void {
  if (registered) return;
  registered = true;
  const cpu = tf.findBackend('cpu');
  const Backend = cpu.constructor as new () => tf.KernelBackend & { firstUse: boolean };
  tf.registerBackend('native', () => {
    const backend = new Backend();
    // Else the first tensor prints advice to install tfjs-node.
    backend.firstUse = false;
    return backend;
  });
  for (const kernel of tf.getKernelsForBackend('cpu')) {
    if (!tf.getKernel(kernel.kernelName, 'native')) {
      tf.registerKernel({ ...kernel, backendName: 'native' });
    }
  }
  registerRandomKernels('native');
}
