import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

import type { CudaProgram, Launch, Step } from '../../../engine/compile/emit/cuda-plan';
import { printCuda } from '../../../engine/compile/emit/cuda-program';
import type { CudaTarget } from '../../../engine/compile/emit/cuda-tile';
import type { Schedule } from '../../../engine/compile/schedule';
import { catchSchedules, targets } from './catch-schedules';

const launchesOf = (steps: readonly Step[]): Launch[] =>
  steps.flatMap((step) =>
    step.kind === 'launch' ? [step.launch] : step.kind === 'loop' ? launchesOf(step.steps) : [],
  );

const passesOf = ({ steps }: CudaProgram): Launch[] =>
  launchesOf(steps).filter(({ kernel }) => kernel.startsWith('pass'));

let schedules: Map<string, Schedule>;
beforeAll(async () => {
  schedules = await catchSchedules(/product, (64|128)|TRPO|rollout of market/);
});

const print = (name: string, target: CudaTarget): CudaProgram =>
  printCuda(schedules.get(name)!, target);

const passTexts = (name: string, target: CudaTarget): string[] =>
  print(name, target)
    .source.split('extern "C" __global__')
    .filter((kernel) => / pass\d+\(/.test(kernel));

const fisher = 'Fisher-vector product, 64 × 64';

describe('the tiles of a Fisher-vector product', () => {
  it.each([
    ['sm_80', { threads: 128, blocks: 2 }],
    ['sm_90', { threads: 128, blocks: 2 }],
  ] as const)('leave room for eight warps on %s', (architecture, { threads, blocks }) => {
    const { sharedBytesPerMultiprocessor } = targets[architecture];
    const [forward, product] = passesOf(print(fisher, targets[architecture]));
    expect([forward!.threads, product!.threads]).toEqual([128, threads]);
    const fit = ({ sharedBytes }: Launch) =>
      Math.floor(sharedBytesPerMultiprocessor / (sharedBytes + 1024));
    expect(fit(forward!)).toBeGreaterThanOrEqual(2);
    expect(fit(product!)).toBe(blocks);
  });

  it('are smaller or in global memory where there is less shared memory', () => {
    const program = (bytes: number) =>
      print('Fisher-vector product, 128 × 128', {
        sharedBytesPerBlock: bytes,
        sharedBytesPerMultiprocessor: bytes + 1024,
      });
    const rows = (bytes: number): number => {
      const { blocks } = passesOf(program(bytes)).at(-1)!;
      return blocks.kind === 'parts' ? blocks.parts.rowsPerTile : 0;
    };
    expect([rows(227 * 1024), rows(99 * 1024)]).toEqual([64, 32]);
    const spilled = program(48 * 1024);
    expect(passesOf(spilled).at(-1)!.sharedBytes).toBe(0);
    expect(spilled.regions.find(({ name }) => name === 'spill')!.perBlock).toHaveLength(1);
  });
});

describe('the product of a Fisher-vector product', () => {
  const passes = (target: CudaTarget): string[] => passTexts(fisher, target);

  it('copies what earlier passes stored into shared memory before it multiplies', () => {
    const product = passes(targets.sm_90).at(-1)!;
    const copied = [...product.matchAll(/copy_four\(c(\d+) /g)].map(([, id]) => id);
    expect(copied.length).toBeGreaterThanOrEqual(2);
    for (const id of copied) {
      expect(product).toContain(`const float *const x = c${id} + r;`);
      expect(product).not.toContain(`x = (m${id} + row0)`);
    }
    // Every copy is waited for, and a barrier tells the other threads.
    expect(product).toMatch(/copy_four\(c[^}]*await_copies\(\);\s*__syncthreads\(\);/);
  });

  it('reads it from global memory where shared memory is small', () => {
    const small = { sharedBytesPerBlock: 48 * 1024, sharedBytesPerMultiprocessor: 100 * 1024 };
    expect(passes(small).at(-1)!).not.toContain('copy_four(c');
  });
});

it('shares the columns of wide values out over all threads of a block', () => {
  // Slopes of activations that products read as well.
  expect(passTexts('TRPO update, 64 × 64', targets.sm_90).join('')).toMatch(
    /for \(int e = threadIdx\.x; e < \d+; e \+= 128\) \{\s*const int r = e % 64, c = e \/ 64;/,
  );
});

const inPath = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'nvcc'));
const nvcc = [
  '/usr/local/cuda/bin/nvcc',
  `${process.env['CUDA_HOME'] ?? ''}/bin/nvcc`,
  ...inPath,
].find((path) => existsSync(path));
const describeNvcc = nvcc ? describe : describe.skip;

describeNvcc(`registers${nvcc ? '' : ' (skipped: there is no nvcc)'}`, () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'makertaker-nvcc-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([fisher, 'rollout of market-making'])(
    'of the program %s are enough: nothing is spilled or lies in local memory',
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
      const used = [...stderr.matchAll(/(\d+) bytes stack frame, (\d+) bytes spill stores/g)];
      expect(used.length).toBeGreaterThan(0);
      expect(new Set(used.flatMap(([, ...bytes]) => bytes))).toEqual(new Set(['0']));
    },
  );
});
