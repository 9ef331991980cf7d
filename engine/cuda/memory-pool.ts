import { CudaError } from './cuda-error';
import type { CudaDriver, DevicePointer } from './driver';
import { roundUp } from './parameters';

/** Memory of the GPU that several may share: it is given back when all have released it. */
export interface DeviceBlock {
  readonly pointer: DevicePointer;
  /** As was asked for; there may be more behind them. */
  readonly bytes: number;
}

export interface PoolStatistics {
  /** In blocks that are not released, rounded up to their size classes. */
  readonly bytesInUse: number;
  /** Taken from the driver: those in use, and those kept to be used again. */
  readonly bytesReserved: number;
  /** The most that were in use at one time. */
  readonly peakBytes: number;
}

/**
 * Keeps released memory to hand it out again: the driver takes long to allocate, and waits for the
 * device to free. Everything on the device happens in order, so that a released block can be used
 * again at once, even while kernels that were launched earlier have yet to read it.
 */
export interface MemoryPool {
  /**
   * @param bytes 0 as well
   * @returns a block held once, uninitialised, aligned to 256 bytes
   * @throws CudaError if the GPU has too little memory, also after everything kept was given back
   */
  allocate(bytes: number): DeviceBlock;
  /** Holds it once more. @returns the same block */
  retain(block: DeviceBlock): DeviceBlock;
  /** @throws Error if nobody holds it any more */
  release(block: DeviceBlock): void;
  /** Gives what is kept back to the driver. */
  trim(): void;
  statistics(): PoolStatistics;
}

export interface PoolOptions {
  /** Small blocks are rounded up to a multiple of it; 1 lets an emulator see every write behind a block. */
  readonly smallGranularity?: number;
  /** The same for blocks of at least half of it. */
  readonly largeGranularity?: number;
}

type Source = Pick<CudaDriver, 'allocate' | 'free'>;

export function createMemoryPool(
  driver: Source,
  { smallGranularity = 512, largeGranularity = 2 * 1024 ** 2 }: PoolOptions = {},
): MemoryPool {
  const holders = new Map<DeviceBlock, number>();
  const kept = new Map<number, DevicePointer[]>();
  let bytesInUse = 0;
  let bytesReserved = 0;
  let peakBytes = 0;

  const sizeClass = (bytes: number): number =>
    bytes < largeGranularity / 2
      ? roundUp(Math.max(bytes, 1), smallGranularity)
      : roundUp(bytes, largeGranularity);

  const trim = (): void => {
    for (const [size, pointers] of kept) {
      for (let pointer = pointers.pop(); pointer !== undefined; pointer = pointers.pop()) {
        driver.free(pointer);
        bytesReserved -= size;
      }
      kept.delete(size);
    }
  };

  const reserve = (size: number): DevicePointer => {
    const pointer = allocateOrTrim(driver, size, () => {
      if (bytesReserved === bytesInUse) return false;
      trim();
      return true;
    });
    bytesReserved += size;
    return pointer;
  };

  return {
    trim,
    allocate: (bytes) => {
      const size = sizeClass(bytes);
      const block = { pointer: kept.get(size)?.pop() ?? reserve(size), bytes };
      holders.set(block, 1);
      bytesInUse += size;
      peakBytes = Math.max(peakBytes, bytesInUse);
      return block;
    },
    retain: (block) => {
      holders.set(block, held(holders, block) + 1);
      return block;
    },
    release: (block) => {
      const remaining = held(holders, block) - 1;
      if (remaining > 0) {
        holders.set(block, remaining);
        return;
      }
      holders.delete(block);
      const size = sizeClass(block.bytes);
      bytesInUse -= size;
      const pointers = kept.get(size);
      if (pointers) pointers.push(block.pointer);
      else kept.set(size, [block.pointer]);
    },
    statistics: () => ({ bytesInUse, bytesReserved, peakBytes }),
  };
}

function held(holders: ReadonlyMap<DeviceBlock, number>, block: DeviceBlock): number {
  const count = holders.get(block);
  if (count === undefined) throw new Error(`${block.bytes} bytes on the GPU are released already`);
  return count;
}

/** @param trim whether it gave memory back */
function allocateOrTrim(driver: Source, bytes: number, trim: () => boolean): DevicePointer {
  try {
    return driver.allocate(bytes);
  } catch (error) {
    if (!(error instanceof CudaError && error.isOutOfMemory && trim())) throw error;
    return driver.allocate(bytes);
  }
}
