import * as tf from '@tensorflow/tfjs';

import type { CudaRuntime } from '../compile/run/cuda';
import { formatBytes } from '../cuda/cuda-error';
import { openDriver } from '../cuda/driver';
import { openKernelCache } from '../cuda/kernel-cache';
import { createMemoryPool } from '../cuda/memory-pool';
import { formatVersion, openNvrtc } from '../cuda/nvrtc';
import { CudaBackend } from './cuda-backend';
import { registerCudaKernels } from './cuda-kernels';
import type { Device } from './device';

/** Compiled programs on an NVIDIA GPU, through its driver and NVRTC. */
export const cuda: Device<'cuda'> = {
  name: 'cuda',
  probe: () => {
    const { runtime, reason } = open();
    if (!runtime) return Promise.resolve({ available: false, reason });
    const { name, memoryBytes, computeCapability, driverVersion } = runtime.driver.device;
    return Promise.resolve({
      available: true,
      version: `${formatVersion(driverVersion)} (driver), NVRTC ${formatVersion(nvrtcVersion)}`,
      description: `${name}, compute capability ${formatVersion(computeCapability)}, ${formatBytes(memoryBytes)}`,
      hasGpu: true,
    });
  },
  start: async () => {
    const { runtime, reason } = open();
    if (!runtime) throw new Error(reason);
    if (!tf.findBackendFactory('cuda')) {
      tf.registerBackend('cuda', () => new CudaBackend(runtime));
      registerCudaKernels('cuda');
    }
    await tf.setBackend('cuda');
  },
};

type Opened =
  | { readonly runtime: CudaRuntime; readonly reason?: undefined }
  | { readonly runtime?: undefined; readonly reason: string };

let opened: Opened | undefined;
let nvrtcVersion: readonly [number, number] = [0, 0];

/** The GPU, opened once: later calls give the same answer. */
function open(): Opened {
  return (opened ??= openOnce());
}

function openOnce(): Opened {
  const { driver, reason: noDriver } = openDriver();
  if (!driver) return { reason: noDriver };
  const { nvrtc, reason: noCompiler } = openNvrtc(driver.device);
  if (!nvrtc) {
    driver.close();
    return { reason: noCompiler };
  }
  nvrtcVersion = nvrtc.version;
  return {
    runtime: {
      driver,
      pool: createMemoryPool(driver, poolOptions()),
      kernels: openKernelCache(driver, nvrtc),
    },
  };
}

/** Exact sizes let the tests' emulator see every access behind a tensor. */
const poolOptions = () =>
  process.env['MAKERTAKER_CUDA_EXACT_MEMORY'] ? { smallGranularity: 1, largeGranularity: 2 } : {};
