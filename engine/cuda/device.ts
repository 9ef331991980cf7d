import { cudaResult } from './cuda-error';
import type { DriverCalls } from './driver-calls';

export interface CudaDevice {
  readonly name: string;
  /** Of the architecture: [9, 0] is sm_90. */
  readonly computeCapability: Version;
  readonly memoryBytes: number;
  readonly multiprocessors: number;
  /** The most a block may have if the kernel asks for it, which `launch` does. */
  readonly maximumSharedBytesPerBlock: number;
  readonly sharedBytesPerMultiprocessor: number;
  readonly maximumThreadsPerBlock: number;
  /** Of multiprocessors and of memory at their fastest, kHz; 0: the driver does not say. */
  readonly clockKilohertz: number;
  readonly memoryClockKilohertz: number;
  /** Bits that memory gives at a time; it gives them twice in a cycle of its clock. */
  readonly memoryBusBits: number;
  /** The CUDA version that the driver supports, not the driver's own number. */
  readonly driverVersion: Version;
}

export type Version = readonly [major: number, minor: number];

/**
 * The driver's number for the GPU that `MAKERTAKER_CUDA_DEVICE` names, 0 by default, of those that
 * `CUDA_VISIBLE_DEVICES` lets it see.
 * @throws Error with one line that says what to do
 */
export function findDevice({ call, errorOf }: DriverCalls): number {
  const number = deviceNumber();
  const cell = new Int32Array(1);
  call('cuDeviceGetCount', cell);
  const count = cell[0]!;
  if (count === 0) throw errorOf('cuDeviceGetCount', cudaResult.noDevice);
  if (number >= count) {
    const visible =
      count === 1 ? 'one GPU is visible, number 0' : `GPUs 0 to ${count - 1} are visible`;
    throw new Error(`MAKERTAKER_CUDA_DEVICE: there is no GPU ${number}: ${visible}`);
  }
  call('cuDeviceGet', cell, number);
  return cell[0]!;
}

function deviceNumber(): number {
  const chosen = process.env['MAKERTAKER_CUDA_DEVICE'] ?? '0';
  if (!/^\d+$/.test(chosen)) {
    throw new Error(
      `MAKERTAKER_CUDA_DEVICE: '${chosen}' is not the number of a GPU, 0 for instance`,
    );
  }
  return Number(chosen);
}

/** CUdevice_attribute */
const deviceAttribute = {
  maximumThreadsPerBlock: 1,
  clockKilohertz: 13,
  multiprocessors: 16,
  memoryClockKilohertz: 36,
  memoryBusBits: 37,
  capabilityMajor: 75,
  capabilityMinor: 76,
  sharedBytesPerMultiprocessor: 81,
  maximumSharedBytesPerBlock: 97,
} as const;

/** @param ordinal the driver's number (CUdevice) */
export function describeDevice({ call, attempt }: DriverCalls, ordinal: number): CudaDevice {
  const cell = new Int32Array(1);
  const attribute = (name: keyof typeof deviceAttribute): number => {
    call('cuDeviceGetAttribute', cell, deviceAttribute[name], ordinal);
    return cell[0]!;
  };
  const attributeOrZero = (name: keyof typeof deviceAttribute): number => {
    const code = attempt('cuDeviceGetAttribute', cell, deviceAttribute[name], ordinal);
    return code === cudaResult.success ? cell[0]! : 0;
  };
  const name = Buffer.alloc(256);
  call('cuDeviceGetName', name, name.length, ordinal);
  const bytes = new BigUint64Array(1);
  call('cuDeviceTotalMem_v2', bytes, ordinal);
  call('cuDriverGetVersion', cell);
  const version = cell[0]!;
  return {
    name: name.toString('utf8', 0, name.indexOf(0)),
    computeCapability: [attribute('capabilityMajor'), attribute('capabilityMinor')],
    memoryBytes: Number(bytes[0]),
    multiprocessors: attribute('multiprocessors'),
    maximumSharedBytesPerBlock: attribute('maximumSharedBytesPerBlock'),
    sharedBytesPerMultiprocessor: attribute('sharedBytesPerMultiprocessor'),
    maximumThreadsPerBlock: attribute('maximumThreadsPerBlock'),
    clockKilohertz: attributeOrZero('clockKilohertz'),
    memoryClockKilohertz: attributeOrZero('memoryClockKilohertz'),
    memoryBusBits: attributeOrZero('memoryBusBits'),
    driverVersion: [Math.floor(version / 1000), Math.floor((version % 1000) / 10)],
  };
}
