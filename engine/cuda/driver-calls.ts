import koffi from 'koffi';

import { CudaError, cudaResult, explainResult } from './cuda-error';
import type { Library } from './libraries';

/** The driver's functions that are used, by the names that its library exports, and their parameters. */
const parameters = {
  cuGetErrorName: ['int', 'void *'],
  cuGetErrorString: ['int', 'void *'],
  cuInit: ['uint'],
  cuDriverGetVersion: ['void *'],
  cuDeviceGetCount: ['void *'],
  cuDeviceGet: ['void *', 'int'],
  cuDeviceGetName: ['void *', 'int', 'int'],
  cuDeviceGetAttribute: ['void *', 'int', 'int'],
  cuDeviceTotalMem_v2: ['void *', 'int'],
  cuDevicePrimaryCtxRetain: ['void *', 'int'],
  cuDevicePrimaryCtxRelease_v2: ['int'],
  cuCtxSetCurrent: ['uint64'],
  cuCtxSynchronize: [],
  cuStreamQuery: ['uint64'],
  cuMemAlloc_v2: ['void *', 'size_t'],
  cuMemFree_v2: ['uint64'],
  cuMemcpyHtoD_v2: ['uint64', 'void *', 'size_t'],
  cuMemcpyDtoH_v2: ['void *', 'uint64', 'size_t'],
  cuMemcpyDtoD_v2: ['uint64', 'uint64', 'size_t'],
  cuMemsetD8_v2: ['uint64', 'uchar', 'size_t'],
  cuMemGetInfo_v2: ['void *', 'void *'],
  cuModuleLoadData: ['void *', 'void *'],
  cuModuleUnload: ['uint64'],
  cuModuleGetFunction: ['void *', 'uint64', 'str'],
  cuFuncSetAttribute: ['uint64', 'int', 'int'],
  cuFuncGetAttribute: ['void *', 'int', 'uint64'],
  cuOccupancyMaxActiveBlocksPerMultiprocessor: ['void *', 'uint64', 'int', 'size_t'],
  cuLaunchKernel: [
    'uint64',
    ...['uint', 'uint', 'uint'],
    ...['uint', 'uint', 'uint'],
    'uint',
    'uint64',
    'void *',
    'void *',
  ],
} as const satisfies Record<string, readonly string[]>;

export type DriverFunction = keyof typeof parameters;

/** Typed arrays stand for pointers: koffi passes their memory, which the function reads or fills in place. */
export type DriverArgument = number | bigint | string | ArrayBufferView | null;

type DriverCall = (...given: readonly DriverArgument[]) => number;

export interface DriverCalls {
  /**
   * Calls a function of the driver.
   * @throws CudaError if it does not succeed
   */
  call(name: DriverFunction, ...given: readonly DriverArgument[]): void;
  /** As `call`, but gives back the result (CUresult) and does not throw. */
  attempt(name: DriverFunction, ...given: readonly DriverArgument[]): number;
  /** The error for a result, explained. */
  errorOf(name: DriverFunction, code: number): CudaError;
}

/** @throws Error that names the function which a driver is too old to have */
export function bindDriver({ handle }: Library): DriverCalls {
  const bind = (name: DriverFunction): DriverCall =>
    handle.func(name, 'int', [...parameters[name]]) as DriverCall;
  const functions = Object.fromEntries(
    (Object.keys(parameters) as DriverFunction[]).map((name) => [name, bind(name)]),
  ) as Record<DriverFunction, DriverCall>;

  const cell = new BigUint64Array(1);
  const describe = (name: 'cuGetErrorName' | 'cuGetErrorString', code: number): string | null => {
    if (functions[name](code, cell) !== cudaResult.success || cell[0] === 0n) return null;
    return koffi.decode.string(cell[0]);
  };

  const errorOf = (name: DriverFunction, code: number): CudaError => {
    const codeName = describe('cuGetErrorName', code) ?? `error ${code}`;
    const text = describe('cuGetErrorString', code) ?? 'unknown error';
    return new CudaError(name, code, codeName, explainResult(code, text));
  };

  return {
    errorOf,
    attempt: (name, ...given) => functions[name](...given),
    call: (name, ...given) => {
      const code = functions[name](...given);
      if (code !== cudaResult.success) throw errorOf(name, code);
    },
  };
}
