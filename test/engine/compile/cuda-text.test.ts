import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as tf from '@tensorflow/tfjs';

import { parityCases, parityProgram } from '../../../bench/parity';
import type { CudaProgram, Launch, Step } from '../../../engine/compile/emit/cuda-plan';
import { printCuda } from '../../../engine/compile/emit/cuda-program';
import type { CudaTarget } from '../../../engine/compile/emit/cuda-tile';
import type { DeviceBackend } from '../../../engine/compile/run/device';
import type { Schedule } from '../../../engine/compile/schedule';
import { openNvrtc } from '../../../engine/cuda/nvrtc';

const targets: Record<'sm_80' | 'sm_90', CudaTarget> = {
  sm_80: { sharedBytesPerBlock: 163 * 1024, sharedBytesPerMultiprocessor: 164 * 1024 },
  sm_90: { sharedBytesPerBlock: 227 * 1024, sharedBytesPerMultiprocessor: 228 * 1024 },
};

/** Schedules of programs by name, caught where a device would load them. */
async function catchSchedules(names: RegExp): Promise<Map<string, Schedule>> {
  const schedules = new Map<string, Schedule>();
  const caught = new Error('caught');
  await tf.setBackend('cpu');
  const Backend = tf.backend().constructor as new () => tf.KernelBackend;
  const catcher = Object.assign(new Backend(), {
    loadProgram(name: string, schedule: Schedule) {
      schedules.set(name, schedule);
      throw caught;
    },
    runProgram: () => [],
  }) satisfies DeviceBackend;
  tf.registerBackend('cuda', () => catcher);
  for (const kernel of tf.getKernelsForBackend('cpu')) {
    tf.registerKernel({ ...kernel, backendName: 'cuda' });
  }
  await tf.setBackend('cuda');
  for (const one of parityCases().filter(({ name }) => names.test(name))) {
    await parityProgram(one)
      .compare(2)
      .catch((error: unknown) => {
        if (error !== caught) throw error;
      });
  }
  return schedules;
}

const launchesOf = (steps: readonly Step[]): Launch[] =>
  steps.flatMap((step) =>
    step.kind === 'launch' ? [step.launch] : step.kind === 'loop' ? launchesOf(step.steps) : [],
  );

const passesOf = ({ steps }: CudaProgram): Launch[] =>
  launchesOf(steps).filter(({ kernel }) => kernel.startsWith('pass'));

let schedules: Map<string, Schedule>;
beforeAll(async () => {
  schedules = await catchSchedules(/random|advantages|64 × 64|128|256|rollout of market|Adam/);
});

const print = (name: string, target: CudaTarget): CudaProgram =>
  printCuda(schedules.get(name)!, target);

const fisher = 'Fisher-vector product, 64 × 64';

describe('the tiles of a Fisher-vector product', () => {
  it.each(['sm_80', 'sm_90'] as const)('leave room for two blocks on %s', (architecture) => {
    const target = targets[architecture];
    const [pass] = passesOf(print(fisher, target));
    expect(pass!.threads).toBe(128);
    expect(2 * (pass!.sharedBytes + 1024)).toBeLessThan(target.sharedBytesPerMultiprocessor);
  });

  it('are smaller or in global memory where there is less shared memory', () => {
    const program = (bytes: number) =>
      print('Fisher-vector product, 128 × 128', {
        sharedBytesPerBlock: bytes,
        sharedBytesPerMultiprocessor: bytes + 1024,
      });
    const rows = (bytes: number): number => {
      const { blocks } = passesOf(program(bytes))[0]!;
      return blocks.kind === 'parts' ? blocks.parts.rowsPerTile : 0;
    };
    expect([rows(227 * 1024), rows(99 * 1024)]).toEqual([64, 32]);
    const spilled = program(48 * 1024);
    expect(passesOf(spilled)[0]!.sharedBytes).toBe(0);
    expect(spilled.regions.find(({ name }) => name === 'spill')!.perBlock).toHaveLength(1);
  });
});

/** The real NVRTC, not the emulator. */
const nvrtcFor = (capability: readonly [number, number]) => {
  const { nvrtc } = openNvrtc({ computeCapability: capability, driverVersion: [99, 0] }) as {
    nvrtc?: Extract<ReturnType<typeof openNvrtc>, { nvrtc: object }>['nvrtc'];
  };
  return nvrtc && nvrtc.version[0] < 99 ? nvrtc : null;
};

const describeNvrtc = nvrtcFor([9, 0]) ? describe : describe.skip;

describeNvrtc(`NVRTC${nvrtcFor([9, 0]) ? '' : ' (skipped: it is not installed)'}`, () => {
  it.each([
    ['random numbers', 'sm_80'],
    ['advantages', 'sm_80'],
    ['rollout of market-making', 'sm_80'],
    [fisher, 'sm_80'],
    [fisher, 'sm_90'],
    ['TRPO update, 64 × 64', 'sm_90'],
    ['Adam on minibatches', 'sm_90'],
  ] as const)('compiles the program %s for %s', (name, architecture) => {
    const nvrtc = nvrtcFor(architecture === 'sm_80' ? [8, 0] : [9, 0])!;
    const { source } = print(name, targets[architecture]);
    const image = nvrtc.compile(source, { name: 'program', fmad: false });
    expect(Buffer.from(image.subarray(1, 4)).toString()).toBe('ELF');
  });
});

const nvcc = ['/usr/local/cuda/bin/nvcc', `${process.env['CUDA_HOME'] ?? ''}/bin/nvcc`].find(
  (path) => existsSync(path),
);
const describeNvcc = nvcc ? describe : describe.skip;

describeNvcc(`registers${nvcc ? '' : ' (skipped: there is no nvcc)'}`, () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'makertaker-nvcc-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([fisher, 'rollout of market-making'])(
    'of the program %s are enough: none are spilled',
    (name) => {
      const file = join(folder, 'program.cu');
      writeFileSync(file, print(name, targets.sm_90).source);
      const { stderr, status } = spawnSync(
        nvcc!,
        [
          ...['-arch=sm_90', '-std=c++17', '-fmad=false', '-w', '-cubin', '-Xptxas', '-v'],
          ...['-o', join(folder, 'program.cubin'), file],
        ],
        { encoding: 'utf8' },
      );
      expect(status).toBe(0);
      const spills = [...stderr.matchAll(/(\d+) bytes spill stores/g)].map(([, bytes]) => bytes);
      expect(spills.length).toBeGreaterThan(0);
      expect(new Set(spills)).toEqual(new Set(['0']));
    },
  );
});
