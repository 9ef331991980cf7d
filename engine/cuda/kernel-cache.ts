import { type DiskCache, openDiskCache } from '../disk-cache';
import { CudaError } from './cuda-error';
import type { CudaDriver } from './driver';
import type { CudaModule } from './module';
import type { CompileOptions, Nvrtc } from './nvrtc';

/** Compiles kernels once and keeps the images on disk, in the folder cuda of `cacheFolder()`. */
export interface KernelCache {
  /**
   * @param source CUDA C++
   * @throws CompileError, or CudaError if the driver does not take what NVRTC made
   */
  load(source: string, options: CompileOptions): LoadedKernels;
}

export interface LoadedKernels {
  readonly module: CudaModule;
  /** Whether the image came from disk. */
  readonly cached: boolean;
  /** Where the image lies; null if the folder took no file. */
  readonly path: string | null;
}

export function openKernelCache(
  driver: Pick<CudaDriver, 'loadModule'>,
  nvrtc: Pick<Nvrtc, 'compile' | 'describe' | 'architecture'>,
): KernelCache {
  const files = openDiskCache('cuda', `.${nvrtc.architecture.kind}`);
  return {
    load: (source, options) => {
      const key = [source, ...nvrtc.describe(options)];
      const kept = loadKept(driver, files, key);
      if (kept) return { module: kept, cached: true, path: files.pathOf(key) };
      const image = nvrtc.compile(source, options);
      const module = driver.loadModule(image);
      return { module, cached: false, path: files.write(key, image) };
    },
  };
}

/** @returns null if there is none, or the driver does not take it: it is compiled anew */
function loadKept(
  driver: Pick<CudaDriver, 'loadModule'>,
  files: DiskCache,
  key: readonly string[],
): CudaModule | null {
  const image = files.read(key);
  if (!image) return null;
  try {
    return driver.loadModule(image);
  } catch (error) {
    if (error instanceof CudaError) return null;
    throw error;
  }
}
