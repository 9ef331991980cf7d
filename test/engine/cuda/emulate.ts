import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Files to give in `MAKERTAKER_LIBCUDA` and `MAKERTAKER_NVRTC`; one library stands for both. */
export interface Emulator {
  readonly libcuda: string;
  readonly nvrtc: string;
}

const sources = join(__dirname, 'emulator');

/**
 * A driver and an NVRTC that run CUDA kernels on the CPU, one thread after another. It looks at every
 * read and write for its bounds and alignment and for races (`EMULATOR_CHECKS=0` in the environment
 * turns that off), fills new memory with NaN, and wants every thread of a block at each barrier. Kernels
 * have the form `extern "C" __global__ void name(Struct parameters)`.
 * @returns null if there is no C++ compiler or this is not Linux; the library is kept in the system's folder
 * for temporary files
 */
export function buildEmulator(): Emulator | null {
  if (process.platform !== 'linux') return null;
  const names = readdirSync(sources).sort();
  const hash = createHash('sha256');
  for (const name of names) hash.update(name).update(readFileSync(join(sources, name)));
  const digest = hash.digest('hex');
  const user = process.getuid?.() ?? 0;
  const folder = join(tmpdir(), `makertaker-emulator-${user}-${digest.slice(0, 16)}`);
  const library = join(folder, 'libemulator.so');
  if (!existsSync(library) && !build(names, folder, parseInt(digest.slice(0, 6), 16))) return null;
  return { libcuda: library, nvrtc: library };
}

/** Builds it and makes this process use it. @returns null if there is no C++ compiler */
export function emulate(): Emulator | null {
  const emulator = buildEmulator();
  if (emulator) {
    process.env['MAKERTAKER_LIBCUDA'] = emulator.libcuda;
    process.env['MAKERTAKER_NVRTC'] = emulator.nvrtc;
  }
  return emulator;
}

/** `describe`, or `describe.skip` with the reason in the name. */
export function describeEmulated(name: string, tests: () => void): void {
  if (buildEmulator()) describe(name, tests);
  else describe.skip(`${name} (skipped: the emulator needs Linux and a C++ compiler)`, tests);
}

/** Built elsewhere and renamed, since tests run at the same time. */
function build(names: readonly string[], folder: string, version: number): boolean {
  const compiler = process.env['CXX'] || 'c++';
  if (spawnSync(compiler, ['--version'], { stdio: 'ignore' }).status !== 0) return false;
  const workspace = mkdtempSync(`${folder}-`);
  const cpp = names.filter((name) => name.endsWith('.cpp')).map((name) => join(sources, name));
  const options = ['-std=c++17', '-O2', '-shared', '-fPIC', '-U_FORTIFY_SOURCE'];
  const output = join(workspace, 'libemulator.so');
  const { status, stderr } = spawnSync(
    compiler,
    [...options, `-DEMULATOR_VERSION=${version}`, ...cpp, '-o', output, '-ldl'],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`the CUDA emulator does not compile:\n${stderr}`);
  for (const name of names.filter((each) => each.endsWith('.h'))) {
    copyFileSync(join(sources, name), join(workspace, name));
  }
  try {
    renameSync(workspace, folder);
  } catch {
    // Another process was faster.
    rmSync(workspace, { recursive: true, force: true });
  }
  return existsSync(join(folder, 'libemulator.so'));
}
