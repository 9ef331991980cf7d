import * as tf from '@tensorflow/tfjs';

import type { CudaRuntime } from '../compile/run/cuda';
import { openDriver } from '../cuda/driver';
import { openKernelCache } from '../cuda/kernel-cache';
import { createMemoryPool, type PoolOptions } from '../cuda/memory-pool';
import { formatVersion, openNvrtc } from '../cuda/nvrtc';
import { CudaBackend } from './cuda-backend';
import { registerCudaKernels } from './cuda-kernels';

export type OpenedRuntime =
  | { readonly runtime: CudaRuntime; readonly nvrtcVersion: string }
  | { readonly runtime?: undefined; readonly reason: string };

let opened: OpenedRuntime | undefined;

/** The GPU with its compiler, opened once: later calls give the same answer. */
export function openCuda(): OpenedRuntime {
  return (opened ??= openOnce());
}

function openOnce(): OpenedRuntime {
  const found = openDriver();
  if (!found.driver) return found;
  const { driver } = found;
  const compiler = openNvrtc(driver.device);
  if (!compiler.nvrtc) {
    driver.close();
    return compiler;
  }
  const { nvrtc } = compiler;
  return {
    nvrtcVersion: formatVersion(nvrtc.version),
    runtime: {
      driver,
      pool: createMemoryPool(driver, poolOptions()),
      kernels: openKernelCache(driver, nvrtc),
    },
  };
}

/** Makes the backend and its kernels known to TensorFlow.js under the name `cuda`. */
export function registerCudaBackend(runtime: CudaRuntime): void {
  tf.registerBackend('cuda', () => new CudaBackend(runtime));
  registerCudaKernels('cuda');
}

/** Exact sizes let the tests' emulator see every access behind a tensor. */
const poolOptions = (): PoolOptions =>
  process.env['MAKERTAKER_CUDA_EXACT_MEMORY'] ? { smallGranularity: 1, largeGranularity: 2 } : {};
