import { dirname, sep } from 'node:path';

import * as tf from '@tensorflow/tfjs';
import { setWasmPaths, version_wasm } from '@tensorflow/tfjs-backend-wasm';

import { replaceSlowWasmKernels } from '../wasm-kernels';
import type { Device } from './device';

/** TensorFlow.js in WebAssembly with SIMD. */
export const wasm: Device<'wasm'> = {
  name: 'wasm',
  hasThreads: false,
  probe: () =>
    Promise.resolve({
      available: true,
      version: version_wasm,
      description: 'TensorFlow.js in WebAssembly, one thread',
      hasGpu: false,
    }),
  start: async () => {
    setWasmPaths(dirname(require.resolve('@tensorflow/tfjs-backend-wasm')) + sep);
    replaceSlowWasmKernels();
    await tf.setBackend('wasm');
  },
};
