import { CudaError } from '../../../engine/cuda/cuda-error';
import { type CudaDriver, openDriver } from '../../../engine/cuda/driver';
import { loadDriverLibrary, loadNvrtcLibrary } from '../../../engine/cuda/libraries';
import type { CudaModule } from '../../../engine/cuda/module';
import { type CompileOptions, CompileError, openNvrtc } from '../../../engine/cuda/nvrtc';
import { type Parameter, packParameters } from '../../../engine/cuda/parameters';
import { describeEmulated, emulate } from './emulate';

const source = `
struct Saxpy { float *y; const float *x; float a; int count; };
extern "C" __global__ void __launch_bounds__(256) saxpy(Saxpy p) {
  int index = blockIdx.x * blockDim.x + threadIdx.x;
  if (index < p.count) p.y[index] = p.a * p.x[index] + p.y[index];
}

struct Sum { float *sums; const float *values; int count; };
extern "C" __global__ void sum(Sum p) {
  extern __shared__ float partial[];
  int index = blockIdx.x * blockDim.x + threadIdx.x;
  partial[threadIdx.x] = index < p.count ? p.values[index] : 0.0f;
  __syncthreads();
  for (int half = blockDim.x / 2; half > 0; half /= 2) {
    if (threadIdx.x < half) partial[threadIdx.x] += partial[threadIdx.x + half];
    __syncthreads();
  }
  if (threadIdx.x == 0) p.sums[blockIdx.x] = partial[0];
}

extern "C" __global__ void warpSum(Sum p) {
  __shared__ float partial[32];
  float value = threadIdx.x < p.count ? __ldg(p.values + threadIdx.x) : 0.0f;
  for (int lanes = 16; lanes > 0; lanes /= 2) value += __shfl_xor_sync(0xffffffffu, value, lanes);
  if (threadIdx.x % 32 == 0) partial[threadIdx.x / 32] = value;
  int any = __syncthreads_or(threadIdx.x == 5);
  if (threadIdx.x == 0) {
    float all = 0.0f;
    for (unsigned warp = 0; warp < blockDim.x / 32; warp += 1) all += partial[warp];
    p.sums[0] = all + 1000.0f * any;
  }
}
`;

describeEmulated('the driver', () => {
  let driver: CudaDriver;
  let module: CudaModule;

  beforeAll(() => {
    driver = open();
    module = compile(driver, source);
  });
  afterAll(() => driver.close());

  it('describes the device', () => {
    expect(driver.device).toMatchObject({
      name: 'Emulated GPU',
      computeCapability: [9, 0],
      driverVersion: [99, 0],
      multiprocessors: 4,
      clockKilohertz: 1_000_000,
      memoryBusBits: 256,
      maximumThreadsPerBlock: 1024,
      maximumSharedBytesPerBlock: 227 * 1024,
    });
  });

  it('copies in all directions, parts of arrays as well', () => {
    const first = driver.allocate(16);
    const second = driver.allocate(16);
    driver.copyToDevice(first, Float32Array.of(0, 1, 2, 3, 4).subarray(1));
    driver.clear(second, 16);
    driver.copyOnDevice(second, first + 4, 8);
    const result = new Float32Array(6).fill(-1);
    driver.copyToHost(result.subarray(1, 5), second);
    expect([...result]).toEqual([-1, 2, 3, 0, 0, -1]);
    driver.copyToHost(new Float32Array(0), second);
    driver.copyToDevice(second, new Uint8Array(0));
    driver.free(first);
    driver.free(second);
  });

  it('runs a kernel whose last block is not full', async () => {
    const count = 1000;
    const x = place(
      driver,
      Float32Array.from({ length: count }, (_, index) => index),
    );
    const y = place(driver, new Float32Array(count).fill(0.5));
    driver.launch(module.kernel('saxpy'), {
      grid: [4, 1, 1],
      block: [256, 1, 1],
      sharedBytes: 0,
      parameters: packParameters([
        { kind: 'pointer', value: y },
        { kind: 'pointer', value: x },
        { kind: 'float32', value: 2 },
        { kind: 'int32', value: count },
      ]),
    });
    await driver.synchronized();
    expect([...read(driver, y, count)]).toEqual(
      Array.from({ length: count }, (_, index) => 2 * index + 0.5),
    );
    driver.free(x);
    driver.free(y);
  });

  it('runs a reduction with barriers, in over 48 KiB of shared memory', () => {
    const values = Float32Array.from({ length: 500 }, (_, index) => index % 7);
    const x = place(driver, values);
    const sums = driver.allocate(8);
    driver.launch(module.kernel('sum'), {
      grid: [2, 1, 1],
      block: [256, 1, 1],
      sharedBytes: 100 * 1024,
      parameters: sumParameters(sums, x, 500),
    });
    driver.synchronize();
    const total = (part: Float32Array): number => part.reduce((left, right) => left + right, 0);
    expect([...read(driver, sums, 2)]).toEqual([
      total(values.subarray(0, 256)),
      total(values.subarray(256)),
    ]);
    driver.free(x);
    driver.free(sums);
  });

  it('runs shuffles between lanes and votes of a block', () => {
    const x = place(
      driver,
      Float32Array.from({ length: 96 }, (_, index) => index),
    );
    const sums = driver.allocate(4);
    driver.launch(module.kernel('warpSum'), {
      grid: [1, 1, 1],
      block: [96, 1, 1],
      sharedBytes: 0,
      parameters: sumParameters(sums, x, 96),
    });
    expect([...read(driver, sums, 1)]).toEqual([(95 * 96) / 2 + 1000]);
    driver.free(x);
    driver.free(sums);
  });

  it('tells what a kernel uses and how many blocks fit', () => {
    const kernel = module.kernel('warpSum');
    expect(driver.use(kernel)).toMatchObject({ sharedBytes: 128, maximumThreadsPerBlock: 1024 });
    expect(driver.blocksPerMultiprocessor(kernel, 256, 0)).toBe(8);
    expect(driver.blocksPerMultiprocessor(kernel, 256, 100 * 1024)).toBe(2);
    expect(driver.blocksPerMultiprocessor(kernel, 256, 1024 ** 2)).toBe(0);
  });

  it('says how much memory was asked for and how much is free', () => {
    const failure = errorOf(() => driver.allocate(3 * 1024 ** 3));
    expect(failure).toBeInstanceOf(CudaError);
    expect(failure.message).toMatch(
      /^out of GPU memory: 3 GiB were asked for, .* of 1 GiB are free; /,
    );
    expect((failure as CudaError).isOutOfMemory).toBe(true);
  });

  it('gives the same kernel for the same name', () => {
    expect(module.kernel('sum')).toBe(module.kernel('sum'));
  });

  it('names the kernel that an image does not hold', () => {
    expect(() => module.kernel('absent')).toThrow(
      "the image holds no kernel named 'absent' (cuModuleGetFunction: CUDA_ERROR_NOT_FOUND)",
    );
  });

  it('refuses images that are none, double frees and copies over the end', () => {
    expect(() => driver.loadModule(Buffer.alloc(64))).toThrow(/cuModuleLoadData: .*INVALID_IMAGE/);
    const pointer = driver.allocate(8);
    expect(() => driver.copyToDevice(pointer, new Float32Array(3))).toThrow(/12 bytes/);
    driver.free(pointer);
    expect(() => driver.free(pointer)).toThrow(/twice/);
  });

  it.each([
    ['grid', { grid: [0, 1, 1] }, /saxpy: the GPU cannot run a grid of 0 × 1 × 1/],
    ['block', { block: [1024, 2, 1] }, /cannot run blocks of 1024 × 2 × 1/],
    ['shared memory', { sharedBytes: 1e6 }, /1000000 bytes of shared memory, only 227 KiB/],
    [
      'arguments',
      { parameters: new Uint8Array(16) },
      /takes 24 bytes of arguments and was given 16/,
    ],
  ] as const)('refuses a launch whose %s the kernel cannot have', (_, change, message) => {
    const launch = {
      grid: [1, 1, 1],
      block: [32, 1, 1],
      sharedBytes: 0,
      parameters: new Uint8Array(24),
    } as const;
    expect(() => driver.launch(module.kernel('saxpy'), { ...launch, ...change })).toThrow(message);
  });

  it('is loaded from the files that were chosen', () => {
    const { libcuda, nvrtc } = emulate()!;
    expect(loadDriverLibrary()).toMatchObject({ library: { path: libcuda, companions: [] } });
    expect(loadNvrtcLibrary()).toMatchObject({ library: { path: nvrtc, companions: [] } });
  });

  it('gives the reason if the number of the GPU is wrong', () => {
    process.env['MAKERTAKER_CUDA_DEVICE'] = '7';
    expect(openDriver()).toEqual({ reason: expect.stringMatching(/no GPU 7: one GPU is visible/) });
    process.env['MAKERTAKER_CUDA_DEVICE'] = 'first';
    expect(openDriver()).toEqual({ reason: expect.stringMatching(/'first' is not the number/) });
    delete process.env['MAKERTAKER_CUDA_DEVICE'];
  });
});

const describeChecked = process.env['EMULATOR_CHECKS'] === '0' ? describe.skip : describeEmulated;

describeChecked('the emulator finds', () => {
  let driver: CudaDriver;
  beforeAll(() => {
    driver = open();
  });
  afterAll(() => driver.close());

  /** Runs a body with `p.values`, ten floats, and `p.sums`, 32 of them, in a block of 32 threads. */
  const run = (body: string, block = 32): Error => {
    const module = compile(
      driver,
      `struct P { float *sums; const float *values; int count; };
extern "C" __global__ void tried(P p) { __shared__ float shared[64]; int i = threadIdx.x; ${body} }`,
    );
    const values = place(driver, new Float32Array(10).fill(1));
    const sums = driver.allocate(128);
    try {
      return errorOf(() => {
        driver.launch(module.kernel('tried'), {
          grid: [2, 1, 1],
          block: [block, 1, 1],
          sharedBytes: 0,
          parameters: sumParameters(sums, values, 10),
        });
      });
    } finally {
      module.unload();
      driver.free(values);
      driver.free(sums);
    }
  };

  it.each([
    [
      'a read over the end',
      'float x = p.values[i]; if (x == 2) p.sums[i] = x;',
      /outside of its buffers.*thread \(\d+, 0, 0\): a read of 4 bytes at byte \d+ of a buffer of 40/,
    ],
    ['a null pointer', '*(float *)(long long)(i * 4) = 1;', /next to null/],
    [
      'a missing barrier',
      'shared[i] = i; if (blockIdx.x == 0) p.sums[i] = shared[31 - i];',
      /that another thread (wrote|reads), without a barrier between/,
    ],
    [
      'a write over a read',
      'float x = p.values[i % 4]; if (i % 20 == 7) ((float *)p.values)[3] = x;',
      /a (write|read) of 4 bytes that another thread (reads|wrote)/,
    ],
    ['blocks that write the same', 'p.sums[i] = 1;', /another block of the launch wrote/],
    [
      'a thread that ended before a barrier',
      'if (i == 3) return; __syncthreads();',
      /31 of 32 threads/,
    ],
    [
      'threads at different barriers',
      'if (i < 3) {\n__syncthreads(); } else {\n__syncthreads(); }',
      /different barriers/,
    ],
    [
      'an address that is not aligned',
      'float4 x = *(float4 *)(p.values + 1); if (x.x + x.y + x.z + x.w == 2) p.sums[i] = 1;',
      /not aligned to the size/,
    ],
    ['a division by zero', 'p.sums[i] = i / (p.count - 10);', /division by zero/],
    ['a lane that ended', 'if (i == 3) return; __shfl_xor_sync(~0u, i, 1);', /have ended/],
  ])('%s', (_, body, message) => {
    expect(run(body).message).toMatch(message);
  });

  it('nothing wrong with barriers of a warp and shared memory that was waited for', () => {
    const body = `shared[i] = i; __syncwarp(); float x = shared[i ^ 1]; __syncwarp(); shared[i] = x;
      __syncthreads(); if (blockIdx.x == 0) p.sums[i] = shared[31 - i];`;
    expect(() => run(body)).toThrow('nothing was thrown');
  });

  it('NaN in memory that nothing was written to', () => {
    const pointer = driver.allocate(4);
    expect([...read(driver, pointer, 1)]).toEqual([NaN]);
    driver.free(pointer);
  });

  it('mistakes in the source', () => {
    const failure = errorOf(() => compile(driver, 'int x = y;', { name: 'broken', fmad: false }));
    expect(failure).toBeInstanceOf(CompileError);
    expect(failure.message).toMatch(/^kernel broken does not compile: broken.cu:1.*'y' was not/);
  });
});

function open(): CudaDriver {
  emulate();
  const opened = openDriver();
  if (!opened.driver) throw new Error(opened.reason);
  return opened.driver;
}

function compile(
  driver: CudaDriver,
  text: string,
  options: CompileOptions = { name: 'test', fmad: false },
): CudaModule {
  const opened = openNvrtc(driver.device);
  if (!opened.nvrtc) throw new Error(opened.reason);
  return driver.loadModule(opened.nvrtc.compile(text, options));
}

function place(driver: CudaDriver, values: Float32Array): number {
  const pointer = driver.allocate(values.byteLength);
  driver.copyToDevice(pointer, values);
  return pointer;
}

function read(driver: CudaDriver, pointer: number, count: number): Float32Array {
  const values = new Float32Array(count);
  driver.copyToHost(values, pointer);
  return values;
}

function sumParameters(sums: number, values: number, count: number): Uint8Array {
  const parameters: readonly Parameter[] = [
    { kind: 'pointer', value: sums },
    { kind: 'pointer', value: values },
    { kind: 'int32', value: count },
  ];
  return packParameters(parameters);
}

function errorOf(action: () => void): Error {
  try {
    action();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}
