import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

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
  schedules = await catchSchedules(/product, (64|128)|rollout of market/);
});

const print = (name: string, target: CudaTarget): CudaProgram =>
  printCuda(schedules.get(name)!, target);

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
