import type { CudaDriver, DevicePointer } from '../../cuda/driver';
import type { KernelCache } from '../../cuda/kernel-cache';
import type { DeviceBlock, MemoryPool } from '../../cuda/memory-pool';
import type { CudaKernel } from '../../cuda/module';
import { packParameters, type Parameter, roundUp } from '../../cuda/parameters';
import {
  type Blocks,
  countParts,
  type CudaProgram,
  type Launch,
  type Member,
  type Region,
  rowsMultiple,
  type Step,
} from '../emit/cuda-plan';

/** Of shared memory, which the driver keeps of every block's and kernels declare besides. */
const reservedBytes = 2048;

/** A GPU that is ready to run programs. */
export interface CudaRuntime {
  readonly driver: CudaDriver;
  readonly pool: MemoryPool;
  readonly kernels: KernelCache;
}

/** A program on the GPU. */
export interface LoadedCudaProgram {
  /**
   * Enqueues everything and returns before it is done.
   * @param rows B
   */
  run(inputs: readonly DevicePointer[], outputs: readonly DevicePointer[], rows: number): void;
}

/**
 * Compiles a program unless it is in the cache, and loads it. Products and sums are not contracted but
 * where the text says so, hence elementwise arithmetic gives the same bits as on the CPU.
 * @param name in messages
 */
export function loadCuda(
  { driver, pool, kernels }: CudaRuntime,
  name: string,
  program: CudaProgram,
): LoadedCudaProgram {
  const { module } = kernels.load(program.source, { name: fileName(name), fmad: false });
  const ready = new Map<string, { kernel: CudaKernel; most: number }>();
  const kernelOf = (launch: Launch): { kernel: CudaKernel; most: number } => {
    const known = ready.get(launch.kernel);
    if (known) return known;
    const kernel = module.kernel(launch.kernel);
    const { threads, sharedBytes } = launch;
    const blocks = driver.blocksPerMultiprocessor(kernel, threads, sharedBytes);
    driver.preferSharedBytes(kernel, blocks * (sharedBytes + reservedBytes));
    const made = { kernel, most: Math.max(1, blocks) * driver.device.multiprocessors };
    ready.set(launch.kernel, made);
    return made;
  };
  const countBlocks = (launch: Launch, rows: number): number =>
    blocksOf(launch.blocks, rows, kernelOf(launch).most, launch.threads);

  const bytesOf = ({ fixed, perRow, perPart, perBlock }: Region, rows: number): number =>
    fixed +
    (perRow ? perRow.bytes * roundUp(perRow.rows ?? rows, rowsMultiple) : 0) +
    Math.max(0, ...perPart.map(({ bytes, parts }) => bytes * countParts(parts, rows).parts)) +
    Math.max(0, ...perBlock.map(({ bytes, launch }) => bytes * countBlocks(launch, rows)));

  const stepOffsets = placeSteps(program.members);

  return {
    run(inputs, outputs, rows) {
      const held: DeviceBlock[] = [];
      try {
        const regions = program.regions.map((region) => {
          const bytes = bytesOf(region, rows);
          if (bytes === 0) return 0;
          const block = pool.allocate(bytes);
          held.push(block);
          return block.pointer;
        });
        const parameters = packParameters(
          program.members.map((member) => parameterOf(member, { inputs, outputs, regions, rows })),
        );
        const view = new DataView(parameters.buffer);
        const runSteps = (steps: readonly Step[]): void => {
          for (const step of steps) {
            switch (step.kind) {
              case 'launch': {
                const { launch } = step;
                driver.launch(kernelOf(launch).kernel, {
                  grid: [countBlocks(launch, rows), 1, 1],
                  block: [launch.threads, 1, 1],
                  sharedBytes: launch.sharedBytes,
                  parameters,
                });
                break;
              }
              case 'loop': {
                const { length, reverse, loop } = step;
                for (let count = 0; count < length; count += 1) {
                  view.setInt32(stepOffsets.get(loop)!, reverse ? length - 1 - count : count, true);
                  runSteps(step.steps);
                }
                break;
              }
              case 'copy':
                driver.copyOnDevice(
                  outputs[step.output]!,
                  inputs[step.input]!,
                  step.bytesPerRow * rows,
                );
                break;
              default:
                step satisfies never;
            }
          }
        };
        runSteps(program.steps);
      } finally {
        // In the order of the device: what comes next waits until these kernels are done.
        held.forEach((block) => pool.release(block));
      }
    },
  };
}

function blocksOf(blocks: Blocks, rows: number, most: number, threads: number): number {
  switch (blocks.kind) {
    case 'fixed':
      return blocks.count;
    case 'parts':
      return Math.min(countParts(blocks.parts, rows).parts, most);
    case 'rows':
      return Math.max(1, Math.min(Math.ceil((rows * blocks.entries) / threads), most));
  }
}

interface Values {
  readonly inputs: readonly DevicePointer[];
  readonly outputs: readonly DevicePointer[];
  readonly regions: readonly DevicePointer[];
  readonly rows: number;
}

function parameterOf(member: Member, { inputs, outputs, regions, rows }: Values): Parameter {
  switch (member.kind) {
    case 'input':
      return { kind: 'pointer', value: inputs[member.index]! };
    case 'output':
      return { kind: 'pointer', value: outputs[member.index]! };
    case 'region':
      return { kind: 'pointer', value: regions[member.index]! };
    case 'rows':
      return { kind: 'int64', value: rows };
    case 'step':
      return { kind: 'int32', value: 0 };
  }
}

/** Where the steps of loops lie in the struct, whose other members have 8 bytes and come first. */
function placeSteps(members: readonly Member[]): Map<number, number> {
  const places = new Map<number, number>();
  let end = 0;
  for (const member of members) {
    if (member.kind === 'step') places.set(member.loop, end);
    end += member.kind === 'step' ? 4 : 8;
  }
  return places;
}

const fileName = (name: string): string => name.replace(/[^\w-]+/g, '-');
