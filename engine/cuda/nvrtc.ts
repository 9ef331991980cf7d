import type { LibraryHandle } from 'koffi';
import koffi from 'koffi';

import { type Architecture, chooseArchitecture } from './architecture';
import type { Version } from './device';
import { type Library, loadNvrtcLibrary } from './libraries';

/** NVIDIA's run-time compiler, for one device. It needs no GPU. */
export interface Nvrtc {
  readonly version: Version;
  /** The library's file, or its bare name if the system's loader found it. */
  readonly path: string;
  readonly architecture: Architecture;
  /**
   * Everything besides the source that decides what the image is: NVRTC's version, architecture and
   * options; for the key of a cache.
   */
  describe(options: CompileOptions): readonly string[];
  /**
   * Compiles; holds the thread, for a tenth of a second and more.
   * @param source CUDA C++; kernels are `extern "C"`, or they are not found by their names
   * @returns an image for `CudaDriver.loadModule`
   * @throws CompileError
   */
  compile(source: string, options: CompileOptions): Uint8Array;
}

export interface CompileOptions {
  /** In the messages: NAME.cu. */
  readonly name: string;
  /** Whether a·b + c may be rounded once instead of twice; not in code that has to agree with other devices. */
  readonly fmad: boolean;
  /** Further options of NVRTC, --maxrregcount=64 for instance. */
  readonly options?: readonly string[];
}

/** What NVRTC did not compile: a mistake in the source, hence of the program that wrote it. */
export class CompileError extends Error {
  override readonly name = 'CompileError';
  /** @param log all that NVRTC said */
  constructor(
    message: string,
    readonly log: string,
    readonly source: string,
  ) {
    super(message);
  }
}

export type OpenedNvrtc =
  { readonly nvrtc: Nvrtc } | { readonly nvrtc?: undefined; readonly reason: string };

/** What has to be known of the device; a driver's `device` is one. */
export interface CompileTarget {
  readonly computeCapability: Version;
  readonly driverVersion: Version;
}

/**
 * Finds the compiler, which does not come with the driver.
 * @returns the reason, one line with what to do, if there is none or it does not know the device
 */
export function openNvrtc({ computeCapability, driverVersion }: CompileTarget): OpenedNvrtc {
  const found = loadNvrtcLibrary(driverVersion[0]);
  if (!found.library) return found;
  const { library } = found;
  const calls = bindNvrtc(library.handle);
  if (!calls) return { reason: `${library.path} is older than 11.2: install a newer NVRTC` };
  const version = readVersion(calls);
  const supported = readArchitectures(calls);
  const architecture = chooseArchitecture(computeCapability, supported);
  if (!architecture) {
    const oldest = formatVersion([Math.floor(supported[0]! / 10), supported[0]! % 10]);
    return {
      reason: `NVRTC ${formatVersion(version)} does not know compute capability ${formatVersion(computeCapability)}, only ${oldest} and newer: install an older one (pip install nvidia-cuda-nvrtc-cu12)`,
    };
  }
  const allOptions = ({ fmad, options = [] }: CompileOptions): string[] => [
    `--gpu-architecture=${architecture.name}`,
    '--std=c++17',
    `--fmad=${fmad}`,
    ...options,
  ];
  return {
    nvrtc: {
      version,
      path: library.path,
      architecture,
      describe: (options) => [`NVRTC ${formatVersion(version)}`, ...allOptions(options)],
      compile: (source, options) =>
        compile(calls, library, architecture, source, options.name, allOptions(options)),
    },
  };
}

export const formatVersion = ([major, minor]: Version): string => `${major}.${minor}`;

/** Functions and their parameters; a program is a pointer of 64 bits. */
const parameters = {
  nvrtcVersion: ['void *', 'void *'],
  nvrtcGetNumSupportedArchs: ['void *'],
  nvrtcGetSupportedArchs: ['void *'],
  nvrtcCreateProgram: ['void *', 'str', 'str', 'int', 'void *', 'void *'],
  nvrtcDestroyProgram: ['void *'],
  nvrtcCompileProgram: ['uint64', 'int', 'void *'],
  nvrtcGetProgramLogSize: ['uint64', 'void *'],
  nvrtcGetProgramLog: ['uint64', 'void *'],
  nvrtcGetCUBINSize: ['uint64', 'void *'],
  nvrtcGetCUBIN: ['uint64', 'void *'],
  nvrtcGetPTXSize: ['uint64', 'void *'],
  nvrtcGetPTX: ['uint64', 'void *'],
} as const satisfies Record<string, readonly string[]>;

type NvrtcFunction = keyof typeof parameters;
type Argument = number | bigint | string | ArrayBufferView | null;
/** @returns nvrtcResult, 0 for success */
type NvrtcCall = (...given: readonly Argument[]) => number;
type NvrtcCalls = Readonly<Record<NvrtcFunction, NvrtcCall>>;

/** @returns null if the library lacks one of them */
function bindNvrtc(handle: LibraryHandle): NvrtcCalls | null {
  try {
    return Object.fromEntries(
      (Object.keys(parameters) as NvrtcFunction[]).map((name) => [
        name,
        handle.func(name, 'int', [...parameters[name]]) as NvrtcCall,
      ]),
    ) as Record<NvrtcFunction, NvrtcCall>;
  } catch {
    return null;
  }
}

function readVersion(calls: NvrtcCalls): Version {
  const [major, minor] = [new Int32Array(1), new Int32Array(1)];
  calls.nvrtcVersion(major, minor);
  return [major[0]!, minor[0]!];
}

/** Ascending. */
function readArchitectures(calls: NvrtcCalls): readonly number[] {
  const count = new Int32Array(1);
  calls.nvrtcGetNumSupportedArchs(count);
  const architectures = new Int32Array(count[0]!);
  calls.nvrtcGetSupportedArchs(architectures);
  return [...architectures].sort((left, right) => left - right);
}

function compile(
  calls: NvrtcCalls,
  library: Library,
  { kind }: Architecture,
  source: string,
  name: string,
  options: readonly string[],
): Uint8Array {
  const program = new BigUint64Array(1);
  check(calls.nvrtcCreateProgram(program, source, `${name}.cu`, 0, null, null));
  try {
    const texts = options.map((option) => Buffer.from(`${option}\0`));
    const pointers = BigUint64Array.from(texts, (text) => koffi.address(text));
    const code = calls.nvrtcCompileProgram(program[0]!, texts.length, pointers);
    if (code !== 0) throw explain(code, readLog(calls, program[0]!), source, name, library);
    return kind === 'cubin'
      ? readBytes(calls.nvrtcGetCUBINSize, calls.nvrtcGetCUBIN, program[0]!)
      : readBytes(calls.nvrtcGetPTXSize, calls.nvrtcGetPTX, program[0]!);
  } finally {
    calls.nvrtcDestroyProgram(program);
  }
}

/** nvrtcResult */
const builtinsFailed = 7;

function explain(
  code: number,
  log: string,
  source: string,
  name: string,
  { path }: Library,
): CompileError {
  if (code === builtinsFailed) {
    const hint = `NVRTC (${path}) does not find libnvrtc-builtins of its own version: put it beside it`;
    return new CompileError(hint, log, source);
  }
  const lines = log.split('\n').filter((line) => line.trim() !== '');
  const first = lines.find((line) => /\berror\b/.test(line)) ?? lines[0] ?? `NVRTC's error ${code}`;
  return new CompileError(`kernel ${name} does not compile: ${first.trim()}`, log, source);
}

function check(code: number): void {
  if (code !== 0) throw new Error(`NVRTC's error ${code}`);
}

function readLog(calls: NvrtcCalls, program: bigint): string {
  const bytes = readBytes(calls.nvrtcGetProgramLogSize, calls.nvrtcGetProgramLog, program);
  return Buffer.from(bytes).toString('utf8').replace(/\0+$/, '').trim();
}

function readBytes(readSize: NvrtcCall, read: NvrtcCall, program: bigint): Uint8Array {
  const size = new BigUint64Array(1);
  check(readSize(program, size));
  const bytes = new Uint8Array(Number(size[0]));
  check(read(program, bytes));
  return bytes;
}
