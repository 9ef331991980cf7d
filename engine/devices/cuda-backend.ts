import * as tf from '@tensorflow/tfjs';

import type { CudaProgram } from '../compile/emit/cuda-plan';
import { printCuda } from '../compile/emit/cuda-program';
import { fewRows, type Tuning } from '../compile/emit/cuda-tile';
import type { DType, Graph } from '../compile/graph';
import { type CudaRuntime, loadCuda, type LoadedCudaProgram } from '../compile/run/cuda';
import type { DeviceBackend } from '../compile/run/device';
import type { Schedule } from '../compile/schedule';
import { isDType, sizeOf } from '../compile/traced';
import type { DeviceBlock } from '../cuda/memory-pool';

/** A program and the tensors it makes. */
export interface CudaDeviceProgram {
  readonly outputs: Graph['outputs'];
  /** Compiled when it first runs on so many rows. */
  readonly forFewRows: () => LoadedCudaProgram;
  readonly forManyRows: () => LoadedCudaProgram;
}

/** A tensor's data on the GPU. */
interface Stored {
  /** null: no numbers at all. */
  readonly block: DeviceBlock | null;
  readonly dtype: DType;
  readonly size: number;
  references: number;
}

type Numbers = Float32Array | Int32Array | Uint8Array;

const arrays = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const;
const bytesOf = (dtype: DType, size: number): number => size * (dtype === 'bool' ? 1 : 4);

/**
 * A TensorFlow.js backend whose tensors lie on the GPU: float32 and int32 as they are, bool as bytes.
 * Writing uploads, reading waits for the device and downloads. Memory that is let go may be used again
 * at once, as everything on the device happens in the order in which it was asked for.
 */
export class CudaBackend extends tf.KernelBackend implements DeviceBackend {
  private readonly data: tf.DataStorage<Stored>;
  /** Of programs that are loaded from now on. */
  tuning: Tuning = {};

  constructor(readonly runtime: CudaRuntime) {
    super();
    this.data = new tf.DataStorage(this, tf.engine());
  }

  override write(values: tf.BackendValues | null, shape: number[], dtype: tf.DataType): object {
    const dataId = {};
    this.move(dataId, values, shape, dtype, 1);
    return dataId;
  }

  override move(
    dataId: object,
    values: tf.BackendValues | null,
    shape: number[],
    dtype: tf.DataType,
    refCount: number,
  ): void {
    const stored = this.reserve(shape, dtype, refCount);
    if (values && stored.block) {
      this.runtime.driver.copyToDevice(stored.block.pointer, numbersOf(values, stored.dtype));
    }
    this.data.set(dataId, stored);
  }

  /** Data without values yet. */
  allocate(shape: readonly number[], dtype: tf.DataType): object {
    const dataId = {};
    this.data.set(dataId, this.reserve(shape, dtype, 1));
    return dataId;
  }

  private reserve(shape: readonly number[], dtype: tf.DataType, references: number): Stored {
    if (!isDType(dtype)) {
      throw new Error(`device cuda has no tensors of type ${dtype}: use device cpu for them`);
    }
    const size = sizeOf(shape);
    const block = size > 0 ? this.runtime.pool.allocate(bytesOf(dtype, size)) : null;
    return { block, dtype, size, references };
  }

  /** The address of a tensor's numbers; 0 if there are none. */
  pointerOf(dataId: object): number {
    return this.data.get(dataId).block?.pointer ?? 0;
  }

  override readSync(dataId: object): tf.BackendValues {
    return this.download(this.data.get(dataId));
  }

  private download({ block, dtype, size }: Stored): Numbers {
    const values: Numbers = new arrays[dtype](size);
    if (block) this.runtime.driver.copyToHost(values, block.pointer);
    return values;
  }

  override async read(dataId: object): Promise<tf.BackendValues> {
    const stored = this.data.get(dataId);
    const { block } = stored;
    // Else it could be let go while the device is waited for.
    if (block) this.runtime.pool.retain(block);
    try {
      await this.runtime.driver.synchronized();
      return this.download(stored);
    } finally {
      if (block) this.runtime.pool.release(block);
    }
  }

  override refCount(dataId: object): number {
    return this.data.has(dataId) ? this.data.get(dataId).references : 0;
  }

  override incRef(dataId: object): void {
    this.data.get(dataId).references += 1;
  }

  decRef(dataId: object): void {
    if (this.data.has(dataId)) this.data.get(dataId).references -= 1;
  }

  override disposeData(dataId: object, force = false): boolean {
    if (!this.data.has(dataId)) return true;
    const stored = this.data.get(dataId);
    stored.references -= 1;
    if (!force && stored.references > 0) return false;
    if (stored.block) this.runtime.pool.release(stored.block);
    this.data.delete(dataId);
    return true;
  }

  override numDataIds(): number {
    return this.data.numDataIds();
  }

  override floatPrecision(): 32 {
    return 32;
  }

  override epsilon(): number {
    return 1e-7;
  }

  override memory(): { unreliable: boolean } & Record<string, number | boolean> {
    const { bytesInUse, bytesReserved } = this.runtime.pool.statistics();
    return {
      unreliable: false,
      numBytesInGPU: bytesInUse,
      numBytesInGPUAllocated: bytesReserved,
      numBytesInGPUFree: this.runtime.driver.freeMemory(),
    };
  }

  /** Milliseconds on the device, the wait for it included. */
  override async time(work: () => void): Promise<tf.BackendTimingInfo> {
    await this.runtime.driver.synchronized();
    const start = performance.now();
    work();
    await this.runtime.driver.synchronized();
    return { kernelMs: performance.now() - start } as tf.BackendTimingInfo;
  }

  override dispose(): void {
    this.runtime.pool.trim();
  }

  loadProgram(name: string, schedule: Schedule): CudaDeviceProgram {
    const { device } = this.runtime.driver;
    const [few, many] = [true, false].map((isSmall) =>
      printCuda(schedule, {
        sharedBytesPerBlock: device.maximumSharedBytesPerBlock,
        sharedBytesPerMultiprocessor: device.sharedBytesPerMultiprocessor,
        isSmall,
        tuning: this.tuning,
      }),
    ) as [CudaProgram, CudaProgram];
    const load = (program: CudaProgram): (() => LoadedCudaProgram) => {
      let loaded: LoadedCudaProgram | undefined;
      return () => (loaded ??= loadCuda(this.runtime, name, program));
    };
    const forManyRows = load(many);
    return {
      outputs: schedule.graph.outputs,
      forManyRows,
      forFewRows: few.source === many.source ? forManyRows : load(few),
    };
  }

  runProgram(
    { outputs, forFewRows, forManyRows }: CudaDeviceProgram,
    inputs: readonly tf.TensorInfo[],
    rows: number,
  ): tf.TensorInfo[] {
    const results = outputs.map(({ dtype, shape: general }): tf.TensorInfo => {
      const shape = general.map((size) => (size < 0 ? rows : size));
      return { dataId: this.allocate(shape, dtype), shape, dtype };
    });
    const program = rows <= fewRows ? forFewRows() : forManyRows();
    program.run(
      inputs.map(({ dataId }) => this.pointerOf(dataId)),
      results.map(({ dataId }) => this.pointerOf(dataId)),
      rows,
    );
    return results;
  }
}

/** Numbers as they lie on the device. */
function numbersOf(values: tf.BackendValues, dtype: DType): Numbers {
  const type = arrays[dtype];
  if (values instanceof type) return values;
  return type.from(Array.from(values as ArrayLike<number | boolean>, Number));
}
