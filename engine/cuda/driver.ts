import { type CudaError, cudaResult, formatBytes, messageOf } from './cuda-error';
import { bindDriver, type DriverCalls } from './driver-calls';
import { type CudaDevice, describeDevice, findDevice } from './device';
import { defaultStream, type KernelLaunch, launcher } from './launch';
import { type Library, loadDriverLibrary } from './libraries';
import {
  allowSharedBytes,
  type CudaKernel,
  type CudaModule,
  describeUse,
  type KernelUse,
  loadModule,
  preferSharedPercent,
} from './module';

/**
 * An address in the GPU's memory. A number holds it: unified addressing takes device addresses from the
 * process's own address space, which has 47 or 48 bits (`allocate` throws should one have more than 53).
 * Among the arguments of a kernel it is an unsigned integer of 64 bits.
 */
export type DevicePointer = number;

/**
 * One GPU. Everything is done in the order in which it was asked for (one stream), so that memory may be
 * freed or overwritten while a kernel that was launched earlier still has to read it. Lengths and sizes
 * are in bytes. A failure is a CudaError, that of a kernel often at a later call. It belongs to the
 * JavaScript thread that opened it.
 */
export interface CudaDriver {
  readonly device: CudaDevice;
  /** @param bytes at least 1 @returns uninitialised memory, aligned to 256 bytes */
  allocate(bytes: number): DevicePointer;
  /** Waits for the device. */
  free(pointer: DevicePointer): void;
  copyToDevice(to: DevicePointer, from: ArrayBufferView): void;
  /** Waits until what was launched before is done, and fills `to`. */
  copyToHost(to: ArrayBufferView, from: DevicePointer): void;
  /** The two must not overlap. */
  copyOnDevice(to: DevicePointer, from: DevicePointer, bytes: number): void;
  /** Fills with zero bytes. */
  clear(pointer: DevicePointer, bytes: number): void;
  /** @param image CUBIN, or PTX that ends with a zero byte */
  loadModule(image: Uint8Array): CudaModule;
  /** Returns before the kernel has run. @throws RangeError if the device has no such blocks */
  launch(kernel: CudaKernel, launch: KernelLaunch): void;
  use(kernel: CudaKernel): KernelUse;
  /** How many blocks of such a launch a multiprocessor runs at the same time; 0: it has not the room. */
  blocksPerMultiprocessor(kernel: CudaKernel, threads: number, sharedBytes: number): number;
  /**
   * How much of a multiprocessor's memory is to be shared memory while the kernel runs; the rest caches
   * what it reads. @param bytes of all the blocks that run at the same time
   */
  preferSharedBytes(kernel: CudaKernel, bytes: number): void;
  /** Waits, and holds the thread meanwhile. */
  synchronize(): void;
  /** Waits without holding the thread. @throws CudaError if something that was launched failed */
  synchronized(): Promise<void>;
  /** Bytes that could be allocated, by other programs as well. */
  freeMemory(): number;
  /** Nothing can be called afterwards; memory and modules are lost unless the process has another one. */
  close(): void;
}

export type OpenedDriver =
  { readonly driver: CudaDriver } | { readonly driver?: undefined; readonly reason: string };

/**
 * Opens the GPU numbered `MAKERTAKER_CUDA_DEVICE`, 0 by default, of those that `CUDA_VISIBLE_DEVICES`
 * lets the driver see.
 * @returns the reason, one line with what to do, if there is none
 */
export function openDriver(): OpenedDriver {
  const found = loadDriverLibrary();
  if (!found.library) return found;
  try {
    return { driver: openDevice(bindOrExplain(found.library)) };
  } catch (error) {
    return { reason: messageOf(error) };
  }
}

function bindOrExplain(library: Library): DriverCalls {
  try {
    return bindDriver(library);
  } catch (error) {
    throw new Error(
      `${library.path} is too old or no driver: update NVIDIA's driver (${messageOf(error)})`,
    );
  }
}

function openDevice(calls: DriverCalls): CudaDriver {
  const { call, attempt, errorOf } = calls;
  const word = new BigUint64Array(1);
  call('cuInit', 0);
  const ordinal = findDevice(calls);
  const device = describeDevice(calls, ordinal);
  call('cuDevicePrimaryCtxRetain', word, ordinal);
  call('cuCtxSetCurrent', word[0]!);

  const freeMemory = (): number => {
    const free = new BigUint64Array(1);
    const total = new BigUint64Array(1);
    call('cuMemGetInfo_v2', free, total);
    return Number(free[0]);
  };

  const outOfMemory = (bytes: number, error: CudaError): CudaError => {
    const room = `${formatBytes(freeMemory())} of ${formatBytes(device.memoryBytes)} are free`;
    const advice = 'use fewer environments or shorter rollouts, or stop what else uses the GPU';
    const hint = `out of GPU memory: ${formatBytes(bytes)} were asked for, ${room}; ${advice}`;
    return error.withHint(hint);
  };

  return {
    device,
    freeMemory,
    launch: launcher(calls, device),
    allocate: (bytes) => {
      const code = attempt('cuMemAlloc_v2', word, bytes);
      if (code === cudaResult.success) return asPointer(word[0]!);
      const error = errorOf('cuMemAlloc_v2', code);
      throw error.isOutOfMemory ? outOfMemory(bytes, error) : error;
    },
    free: (pointer) => call('cuMemFree_v2', pointer),
    copyToDevice: (to, from) => {
      if (from.byteLength > 0) call('cuMemcpyHtoD_v2', to, from, from.byteLength);
    },
    copyToHost: (to, from) => {
      if (to.byteLength > 0) call('cuMemcpyDtoH_v2', to, from, to.byteLength);
    },
    copyOnDevice: (to, from, bytes) => {
      if (bytes > 0) call('cuMemcpyDtoD_v2', to, from, bytes);
    },
    clear: (pointer, bytes) => {
      if (bytes > 0) call('cuMemsetD8_v2', pointer, 0, bytes);
    },
    loadModule: (image) => loadModule(calls, image),
    use: ({ handle }) => describeUse(calls, handle),
    blocksPerMultiprocessor: (kernel, threads, sharedBytes) => {
      if (sharedBytes > device.maximumSharedBytesPerBlock) return 0;
      allowSharedBytes(calls, kernel, sharedBytes);
      const blocks = new Int32Array(1);
      call(
        'cuOccupancyMaxActiveBlocksPerMultiprocessor',
        ...[blocks, kernel.handle, threads, sharedBytes],
      );
      return blocks[0]!;
    },
    preferSharedBytes: (kernel, bytes) => {
      const share = Math.ceil((100 * bytes) / device.sharedBytesPerMultiprocessor);
      preferSharedPercent(calls, kernel, Math.min(100, share));
    },
    synchronize: () => call('cuCtxSynchronize'),
    synchronized: () => poll(calls),
    close: () => call('cuDevicePrimaryCtxRelease_v2', ordinal),
  };
}

function asPointer(address: bigint): DevicePointer {
  const pointer = Number(address);
  if (!Number.isSafeInteger(pointer))
    throw new Error(`the GPU's address ${address} has over 53 bits`);
  return pointer;
}

/** Asking is often answered at once; then it goes on with the pauses of a timer, to leave the processor alone. */
const eagerMilliseconds = 2;

/**
 * Asks from time to time: a wait by koffi's `async` would run on a thread that has no context, and there is
 * no way to give it one, since each such call may run on another thread.
 */
async function poll({ attempt, errorOf }: DriverCalls): Promise<void> {
  const start = performance.now();
  for (;;) {
    const code = attempt('cuStreamQuery', defaultStream);
    if (code === cudaResult.success) return;
    if (code !== cudaResult.notReady) throw errorOf('cuStreamQuery', code);
    const isEager = performance.now() - start < eagerMilliseconds;
    await new Promise((resolve) => (isEager ? setImmediate(resolve) : setTimeout(resolve, 1)));
  }
}
