import { chooseArchitecture } from '../../../engine/cuda/architecture';
import { CompileError, type Nvrtc, openNvrtc } from '../../../engine/cuda/nvrtc';

const source = `
struct Scale { float *x; float by; int count; };
extern "C" __global__ void scale(Scale p) {
  int index = blockIdx.x * blockDim.x + threadIdx.x;
  if (index < p.count) p.x[index] = p.x[index] * p.by + 1.0f;
}`;

describe('architectures', () => {
  const supported = [75, 80, 86, 89, 90];
  it.each([
    [[9, 0], { kind: 'cubin', name: 'sm_90' }],
    [[8, 6], { kind: 'cubin', name: 'sm_86' }],
    [[8, 7], { kind: 'cubin', name: 'sm_86' }],
    [[12, 0], { kind: 'ptx', name: 'compute_90' }],
    [[10, 3], { kind: 'ptx', name: 'compute_90' }],
    [[7, 0], null],
  ] as const)('of a device of %p', (capability, architecture) => {
    expect(chooseArchitecture(capability, supported)).toEqual(architecture);
  });
});

/** The real NVRTC, which needs no GPU; not the emulator. */
function open(computeCapability: readonly [number, number]): ReturnType<typeof openNvrtc> {
  return openNvrtc({ computeCapability, driverVersion: [99, 0] });
}

const opened = open([9, 0]).nvrtc;
const found = opened && opened.version[0] < 99 ? opened : undefined;
const describeFound = found ? describe : describe.skip;

describeFound(`NVRTC${found ? '' : ' (skipped: it is not installed)'}`, () => {
  let nvrtc: Nvrtc;
  beforeAll(() => {
    nvrtc = found!;
  });

  it('compiles machine code for the device', () => {
    const image = nvrtc.compile(source, { name: 'scale', fmad: false });
    expect(Buffer.from(image.subarray(1, 4)).toString()).toBe('ELF');
    expect(Buffer.from(image).includes('scale')).toBe(true);
  });

  it('compiles PTX for a device that it does not know yet, with contraction or without', () => {
    const next = open([31, 0]).nvrtc!;
    expect(next.architecture.kind).toBe('ptx');
    const read = (fmad: boolean): string =>
      Buffer.from(next.compile(source, { name: 'scale', fmad })).toString();
    expect(read(true)).toMatch(/fma\.rn\.f32/);
    expect(read(false)).not.toMatch(/fma\.rn\.f32/);
    expect(read(false).endsWith('\0')).toBe(true);
  });

  it('gives the reason if it does not know a device any more', () => {
    expect(open([3, 0])).toEqual({
      reason: expect.stringMatching(
        /^NVRTC \d+\.\d+ does not know compute capability 3\.0, only \d/,
      ),
    });
  });

  it('says where the first mistake is', () => {
    const compile = () =>
      nvrtc.compile('__device__ int x;\n__device__ int y = z;', { name: 'broken', fmad: false });
    expect(compile).toThrow(CompileError);
    expect(compile).toThrow(
      'kernel broken does not compile: broken.cu(2): error: identifier "z" is undefined',
    );
  });

  it('does not know every option', () => {
    const options = { name: 'scale', fmad: false, options: ['--no-such-option'] };
    expect(() => nvrtc.compile(source, options)).toThrow(/does not compile: .*no-such-option/);
  });

  it('names what decides the image', () => {
    const options = { name: 'scale', fmad: true, options: ['--maxrregcount=64'] };
    expect(nvrtc.describe(options)).toEqual([
      expect.stringMatching(/^NVRTC \d+\.\d+$/),
      '--gpu-architecture=sm_90',
      '--std=c++17',
      '--fmad=true',
      '--maxrregcount=64',
    ]);
  });
});
