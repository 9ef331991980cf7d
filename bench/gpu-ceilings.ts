import type { CudaDevice } from '../engine/cuda/device';

/** What a GPU can do at most, by what its driver says of it. */
export interface Ceilings {
  /** Multiplications and additions of float32 in a second, without tensor cores. */
  readonly flopPerSecond: number;
  /** Of its memory, in a second. */
  readonly bytesPerSecond: number;
}

/** Lanes for float32 in a multiprocessor, by major compute capability, and where minors differ. */
const lanes: Readonly<Record<string, number>> = {
  7: 64,
  '8.0': 64,
  8: 128,
  9: 128,
  10: 128,
  11: 128,
  12: 128,
};

export function ceilingsOf(device: CudaDevice): Ceilings {
  const { computeCapability, multiprocessors, clockKilohertz } = device;
  const [major] = computeCapability;
  const perMultiprocessor = lanes[computeCapability.join('.')] ?? lanes[major] ?? 128;
  return {
    flopPerSecond: 2 * perMultiprocessor * multiprocessors * clockKilohertz * 1000,
    bytesPerSecond: (2 * device.memoryClockKilohertz * 1000 * device.memoryBusBits) / 8,
  };
}
