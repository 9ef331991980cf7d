import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { CudaError } from '../../../engine/cuda/cuda-error';
import { openKernelCache } from '../../../engine/cuda/kernel-cache';
import type { CudaModule } from '../../../engine/cuda/module';
import type { CompileOptions } from '../../../engine/cuda/nvrtc';

const options: CompileOptions = { name: 'kernel', fmad: false };
const before = { ...process.env };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'makertaker-kernels-'));
  process.env['MAKERTAKER_CACHE'] = folder;
});
afterEach(() => {
  process.env = { ...before };
  rmSync(folder, { recursive: true, force: true });
});

/** A compiler that answers with the source and counts, and a driver that takes all but what it is told. */
function createParts(version = '12.4') {
  const compiled: string[] = [];
  const refused = new Set<string>();
  const module: CudaModule = { kernel: (name) => ({ name, handle: 0n }), unload: () => undefined };
  return {
    compiled,
    refused,
    driver: {
      loadModule: (image: Uint8Array): CudaModule => {
        const text = Buffer.from(image).toString();
        if (refused.delete(text)) throw new CudaError('cuModuleLoadData', 200, 'INVALID', 'bad');
        return module;
      },
    },
    nvrtc: {
      architecture: { kind: 'cubin', name: 'sm_90' },
      describe: ({ fmad }: CompileOptions) => [`NVRTC ${version}`, `--fmad=${fmad}`],
      compile: (source: string) => {
        compiled.push(source);
        return Buffer.from(source);
      },
    },
  } as const;
}

describe('the cache of kernels', () => {
  it('compiles what it does not have', () => {
    const { driver, nvrtc, compiled } = createParts();
    expect(openKernelCache(driver, nvrtc).load('one', options)).toMatchObject({ cached: false });
    expect(openKernelCache(driver, nvrtc).load('one', options)).toMatchObject({
      cached: true,
      path: expect.stringMatching(/cuda.[0-9a-f]{64}\.cubin$/),
    });
    openKernelCache(driver, nvrtc).load('one', { ...options, fmad: true });
    const newer = createParts('13.0');
    openKernelCache(newer.driver, newer.nvrtc).load('one', options);
    expect([...compiled, ...newer.compiled]).toEqual(['one', 'one', 'one']);
  });

  it('compiles anew what is damaged or what the driver does not take', () => {
    const { driver, nvrtc, compiled, refused } = createParts();
    const cache = openKernelCache(driver, nvrtc);
    const { path } = cache.load('one', options);
    writeFileSync(path!, 'damaged');
    expect(cache.load('one', options).cached).toBe(false);
    refused.add('one');
    expect(cache.load('one', options).cached).toBe(false);
    expect(cache.load('one', options).cached).toBe(true);
    expect(compiled).toEqual(['one', 'one', 'one']);
  });

  it('throws what the driver says about a new image, and does not keep it', () => {
    const { driver, nvrtc, refused } = createParts();
    refused.add('one');
    expect(() => openKernelCache(driver, nvrtc).load('one', options)).toThrow(CudaError);
    expect(openKernelCache(driver, nvrtc).load('one', options).cached).toBe(false);
  });
});
