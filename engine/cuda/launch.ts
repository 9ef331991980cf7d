import koffi from 'koffi';

import { cudaResult, formatBytes } from './cuda-error';
import type { CudaDevice } from './device';
import type { DriverCalls } from './driver-calls';
import { allowSharedBytes, type CudaKernel } from './module';

export type Extent = readonly [x: number, y: number, z: number];

/** How a kernel is run. */
export interface KernelLaunch {
  /** Blocks: up to 2^31 − 1, 65,535, 65,535. */
  readonly grid: Extent;
  /** Threads a block: up to 1024, 1024, 64, and their product up to the device's maximum. */
  readonly block: Extent;
  /** Bytes of `extern __shared__` memory a block. */
  readonly sharedBytes: number;
  /** The kernel's arguments as they lie in memory; for one struct, exactly the struct. */
  readonly parameters: Uint8Array;
}

const mostBlocks: Extent = [2 ** 31 - 1, 65535, 65535];
const mostThreads: Extent = [1024, 1024, 64];

/** Since CUDA 12.1 on architectures from 7.0; 4096 before. */
const mostParameterBytes = 32764;

/** cuLaunchKernel's list: this tag and the buffer, this tag and the size's address, the end. */
const bufferTag = 1n;
const sizeTag = 2n;
const end = 0n;

/** The stream that everything is put on. */
export const defaultStream = 0;

/** @returns `CudaDriver.launch` */
export function launcher(
  calls: DriverCalls,
  device: CudaDevice,
): (kernel: CudaKernel, launch: KernelLaunch) => void {
  // The driver copies the arguments before it returns, so that one buffer serves every launch.
  const buffer = new Uint8Array(mostParameterBytes);
  const size = new BigUint64Array(1);
  const list = BigUint64Array.of(
    ...[bufferTag, koffi.address(buffer)],
    ...[sizeTag, koffi.address(size)],
    end,
  );

  return (kernel, launch) => {
    checkLaunch(kernel, launch, device);
    const { grid, block, sharedBytes, parameters } = launch;
    allowSharedBytes(calls, kernel, sharedBytes);
    buffer.set(parameters);
    size[0] = BigInt(parameters.length);
    const code = calls.attempt(
      'cuLaunchKernel',
      kernel.handle,
      ...grid,
      ...block,
      ...[sharedBytes, defaultStream, null, list],
    );
    if (code === cudaResult.success) return;
    // It may be the error of a kernel that was launched earlier.
    const error = calls.errorOf('cuLaunchKernel', code);
    throw error.withHint(`at the launch of ${kernel.name}: ${error.hint}`);
  };
}

function checkLaunch(kernel: CudaKernel, launch: KernelLaunch, device: CudaDevice): void {
  const { grid, block, sharedBytes, parameters } = launch;
  const threads = block[0] * block[1] * block[2];
  const fits = (extent: Extent, most: Extent): boolean =>
    extent.every((length, axis) => Number.isInteger(length) && length > 0 && length <= most[axis]!);
  if (!fits(grid, mostBlocks)) refuse(kernel, `a grid of ${grid.join(' × ')} blocks`);
  if (!fits(block, mostThreads) || threads > device.maximumThreadsPerBlock) {
    refuse(kernel, `blocks of ${block.join(' × ')} threads`);
  }
  if (!(sharedBytes >= 0 && sharedBytes <= device.maximumSharedBytesPerBlock)) {
    const most = formatBytes(device.maximumSharedBytesPerBlock);
    refuse(kernel, `blocks with ${sharedBytes} bytes of shared memory, only ${most}`);
  }
  if (parameters.length > mostParameterBytes) {
    refuse(kernel, `it with ${parameters.length} bytes of arguments, only ${mostParameterBytes}`);
  }
}

function refuse(kernel: CudaKernel, what: string): never {
  throw new RangeError(`kernel ${kernel.name}: the GPU cannot run ${what}`);
}
