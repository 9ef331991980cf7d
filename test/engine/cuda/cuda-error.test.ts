import { CudaError, explainResult, formatBytes, messageOf } from '../../../engine/cuda/cuda-error';

describe('errors of CUDA', () => {
  it('say what to do, which call and which result', () => {
    const hint = explainResult(222, 'the provided PTX was compiled with an unsupported toolchain.');
    const error = new CudaError(
      'cuModuleLoadData',
      222,
      'CUDA_ERROR_UNSUPPORTED_PTX_VERSION',
      hint,
    );
    expect(error.message).toBe(
      "the kernel's PTX is newer than the driver: update NVIDIA's driver, or use an older NVRTC (cuModuleLoadData: CUDA_ERROR_UNSUPPORTED_PTX_VERSION)",
    );
    expect(error.withHint('other').message).toMatch(/^other \(cuModuleLoadData: /);
  });

  it("keep CUDA's words where nothing better is known", () => {
    expect(explainResult(801, 'operation not supported')).toBe('operation not supported');
  });

  it.each([
    [0, '0 bytes'],
    [1023, '1023 bytes'],
    [1024, '1 KiB'],
    [1.5 * 1024 ** 3, '1.5 GiB'],
    [2 ** 51, '2048 TiB'],
  ])('write %p bytes as %p', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it('are read from whatever was thrown', () => {
    expect(messageOf(new Error('one\ntwo'))).toBe('one');
    expect(messageOf({ message: 'plain' })).toBe('plain');
    expect(messageOf(undefined)).toBe('undefined');
  });
});
