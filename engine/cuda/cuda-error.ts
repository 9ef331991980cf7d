/** Results of the driver that something is known about. */
export const cudaResult = {
  success: 0,
  outOfMemory: 2,
  noDevice: 100,
  notFound: 500,
  notReady: 600,
} as const;

/** A call of NVIDIA's driver that failed. */
export class CudaError extends Error {
  override readonly name = 'CudaError';
  /**
   * @param call name of the driver's function
   * @param code its result (CUresult)
   * @param codeName CUDA's name of the result
   * @param hint what it means and what to do, one line
   */
  constructor(
    readonly call: string,
    readonly code: number,
    readonly codeName: string,
    readonly hint: string,
  ) {
    super(`${hint} (${call}: ${codeName})`);
  }

  /** The same error with more known of it. */
  withHint(hint: string): CudaError {
    return new CudaError(this.call, this.code, this.codeName, hint);
  }

  get isOutOfMemory(): boolean {
    return this.code === cudaResult.outOfMemory;
  }
}

const update = "update NVIDIA's driver";
const findLaunch = 'CUDA_LAUNCH_BLOCKING=1 shows at which launch';

const hints: Readonly<Record<number, string>> = {
  [cudaResult.outOfMemory]: 'out of GPU memory',
  34: "libcuda is the toolkit's stub and not the driver's: leave it out of LD_LIBRARY_PATH",
  46: 'the GPU is held by another process (exclusive compute mode)',
  [cudaResult.noDevice]:
    'there is no NVIDIA GPU, or none is visible: look at nvidia-smi and CUDA_VISIBLE_DEVICES',
  101: 'there is no GPU of that number: look at nvidia-smi, CUDA_VISIBLE_DEVICES and MAKERTAKER_CUDA_DEVICE',
  200: `the driver cannot read the compiled kernel: ${update}, or use an older NVRTC`,
  209: `the compiled kernel is for another architecture, or too new for the driver: ${update}`,
  214: 'the GPU found an error in its memory that it could not correct: restart the machine',
  218: `the driver cannot compile the kernel's PTX: ${update}, or use an older NVRTC`,
  221: "the driver's PTX compiler (libnvidia-ptxjitcompiler) is missing: install the whole driver",
  222: `the kernel's PTX is newer than the driver: ${update}, or use an older NVRTC`,
  700: `a kernel read or wrote outside of its buffers; ${findLaunch}`,
  701: 'a kernel needs more registers or shared memory than the GPU has for such a block',
  702: 'a kernel ran too long for a GPU that also drives a display',
  715: `a kernel ran into an illegal instruction; ${findLaunch}`,
  716: `a kernel read or wrote at an address that is not aligned to the size; ${findLaunch}`,
  719: `a kernel failed; ${findLaunch}`,
  802: 'the GPU is not ready: on machines with NVSwitch nvidia-fabricmanager has to run',
  803: "the driver's library and its kernel module are of different versions: restart the machine",
  804: `the toolkit's compatibility driver does not run on this GPU: ${update}`,
  999: 'the driver failed without saying why: look at dmesg, and restart the machine after an update',
};

/** @param text CUDA's own words for it */
export function explainResult(code: number, text: string): string {
  const hint = hints[code];
  if (!hint) return text;
  // What comes after a colon was added by the driver to its fixed words.
  const detail = text.includes(': ') ? text.slice(text.indexOf(': ') + 2) : '';
  return detail ? `${hint}: ${detail}` : hint;
}

const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** For people: 1610612736 is '1.5 GiB'. */
export function formatBytes(bytes: number): string {
  const step = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  const rounded = Number((bytes / 1024 ** step).toPrecision(4));
  return `${rounded} ${units[step]!}`;
}

/** First line of what was thrown; also by a native module, whose errors may be of another realm. */
export function messageOf(thrown: unknown): string {
  const { message } = Object(thrown) as { readonly message?: unknown };
  return (typeof message === 'string' ? message : String(thrown)).split('\n')[0]!.trim();
}
