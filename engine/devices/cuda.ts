import * as tf from '@tensorflow/tfjs';

import { silenceCpuBackend } from './cpu';
import type * as Runtime from './cuda-runtime';
import type { Device } from './device';

/** Compiled programs on an NVIDIA GPU, through its driver and NVRTC. */
export const cuda: Device<'cuda'> = {
  name: 'cuda',
  hasThreads: false,
  probe: () => {
    const opened = open();
    if (!opened.runtime) return Promise.resolve({ available: false, reason: opened.reason });
    const { name, memoryBytes, computeCapability, driverVersion } = opened.runtime.driver.device;
    const gibibytes = Number((memoryBytes / 2 ** 30).toPrecision(3));
    return Promise.resolve({
      available: true,
      version: `${driverVersion.join('.')} (driver), NVRTC ${opened.nvrtcVersion}`,
      description: `programs on ${name}, compute capability ${computeCapability.join('.')}, ${gibibytes} GiB`,
      hasGpu: true,
    });
  },
  start: async () => {
    const opened = open();
    if (!opened.runtime) throw new Error(opened.reason);
    // What cannot be compiled runs there.
    silenceCpuBackend();
    if (!tf.findBackendFactory('cuda')) load().registerCudaBackend(opened.runtime);
    await tf.setBackend('cuda');
  },
};

/** What needs the foreign-function library, which does not load on every system. */
// eslint-disable-next-line @typescript-eslint/no-require-imports -- only where it is used
const load = () => require('./cuda-runtime') as typeof Runtime;

function open(): Runtime.OpenedRuntime {
  try {
    return load().openCuda();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { reason: `koffi does not load: ${reason.split('\n')[0]!}` };
  }
}
