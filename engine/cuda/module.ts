import { cudaResult } from './cuda-error';
import type { DriverCalls } from './driver-calls';

/** A compiled image on the device. */
export interface CudaModule {
  /** @returns the same one each time @throws CudaError if the image has no kernel of that name */
  kernel(name: string): CudaKernel;
  /** Its kernels must not be launched any more. */
  unload(): void;
}

export interface CudaKernel {
  readonly name: string;
  /** CUfunction */
  readonly handle: bigint;
}

/** What the compiler gave a kernel. */
export interface KernelUse {
  /** 32-bit registers a thread */
  readonly registers: number;
  /** Bytes a thread of local memory: arrays that are indexed, and registers that were spilled. */
  readonly localBytes: number;
  /** Bytes a block that are declared in the kernel, besides those of the launch. */
  readonly sharedBytes: number;
  /** Threads that a block may have with those registers. */
  readonly maximumThreadsPerBlock: number;
}

/** @param image CUBIN, or PTX that ends with a zero byte */
export function loadModule({ call, attempt, errorOf }: DriverCalls, image: Uint8Array): CudaModule {
  const cell = new BigUint64Array(1);
  call('cuModuleLoadData', cell, image);
  const module = cell[0]!;
  const find = (name: string): CudaKernel => {
    const found = new BigUint64Array(1);
    const code = attempt('cuModuleGetFunction', found, module, name);
    if (code === cudaResult.success) return { name, handle: found[0]! };
    const error = errorOf('cuModuleGetFunction', code);
    throw code === cudaResult.notFound
      ? error.withHint(`the image holds no kernel named '${name}'`)
      : error;
  };
  const kernels = new Map<string, CudaKernel>();
  return {
    kernel: (name) => {
      const kernel = kernels.get(name) ?? find(name);
      kernels.set(name, kernel);
      return kernel;
    },
    unload: () => call('cuModuleUnload', module),
  };
}

/** CUfunction_attribute */
const kernelAttribute = {
  maximumThreadsPerBlock: 0,
  sharedBytes: 1,
  localBytes: 3,
  registers: 4,
} as const;

/** @param handle CUfunction */
export function describeUse({ call }: DriverCalls, handle: bigint): KernelUse {
  const cell = new Int32Array(1);
  const attribute = (name: keyof typeof kernelAttribute): number => {
    call('cuFuncGetAttribute', cell, kernelAttribute[name], handle);
    return cell[0]!;
  };
  return {
    registers: attribute('registers'),
    localBytes: attribute('localBytes'),
    sharedBytes: attribute('sharedBytes'),
    maximumThreadsPerBlock: attribute('maximumThreadsPerBlock'),
  };
}

/** CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES */
const dynamicSharedBytes = 8;

/** CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT */
const preferredSharedPercent = 9;

/** A wish, which the driver may not follow. @param percent of the most that a multiprocessor can have */
export function preferSharedPercent(
  { attempt }: DriverCalls,
  kernel: CudaKernel,
  percent: number,
): void {
  attempt('cuFuncSetAttribute', kernel.handle, preferredSharedPercent, percent);
}

const allowedBytes = new WeakMap<CudaKernel, number>();

/** Above 48 KiB a launch may only have as many bytes a block as the kernel was allowed before. */
export function allowSharedBytes({ call }: DriverCalls, kernel: CudaKernel, bytes: number): void {
  if (bytes <= (allowedBytes.get(kernel) ?? 0)) return;
  call('cuFuncSetAttribute', kernel.handle, dynamicSharedBytes, bytes);
  allowedBytes.set(kernel, bytes);
}
