import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import type * as koffiModule from 'koffi';

import { openDiskCache } from '../../disk-cache';
import { poolSource } from './pool-source';

/** A program ready to run. */
export interface NativeProgram {
  /**
   * @param arrays inputs, then outputs, in the order of the graph
   * @param rows B
   */
  run(arrays: readonly ArrayBufferView[], rows: number): void;
}

const flags = [
  '-O2',
  process.arch === 'arm64' ? '-mcpu=native' : '-march=native',
  '-std=gnu11',
  '-ffp-contract=off',
  '-fno-math-errno',
  '-fno-trapping-math',
  '-fvisibility=hidden',
  '-fPIC',
  '-shared',
  '-pthread',
  '-w',
];
const libraries = ['-lm', '-ldl'];

interface Compiler {
  readonly command: string;
  /** What it says of its version, and the processor it compiles for. */
  readonly identity: string;
}

let found: { readonly compiler: Compiler } | { readonly reason: string } | undefined;

/** The system's C compiler: `CC`, else `cc`; or why there is none that works. */
export function findCompiler(): { readonly compiler: Compiler } | { readonly reason: string } {
  return (found ??= probeCompiler());
}

function probeCompiler(): { readonly compiler: Compiler } | { readonly reason: string } {
  if (process.platform === 'win32') return { reason: 'not on Windows' };
  const command = process.env['CC'] || 'cc';
  let version: string;
  try {
    version = execFileSync(command, ['--version'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    return {
      reason: `no C compiler: '${command}' does not run (install gcc or clang, or name one by CC)`,
    };
  }
  return { compiler: { command, identity: [version, ...processorIdentity()].join('\n') } };
}

/** What -march=native depends on. */
function processorIdentity(): string[] {
  const model = `${process.arch} ${cpus()[0]?.model ?? ''}`;
  try {
    const info = readFileSync('/proc/cpuinfo', 'utf8');
    return [model, /^(?:flags|Features)\s*:.*$/m.exec(info)?.[0] ?? ''];
  } catch {
    return [model];
  }
}

const cache = (): ReturnType<typeof openDiskCache> => openDiskCache('native', '.so');

const keyOf = (source: string, { command, identity }: Compiler): string[] => [
  source,
  command,
  identity,
  [...flags, ...libraries].join(' '),
];

/** Where compiled objects lie that could not be put into the cache; kept while the process runs. */
const uncached = new Map<string, string>();

function requireCompiler(): Compiler {
  const result = findCompiler();
  if ('reason' in result) throw new Error(result.reason);
  return result.compiler;
}

/** The shared object of a source, from the cache or compiled now. @returns its path */
function objectOf(source: string): string {
  const compiler = requireCompiler();
  const known = knownObject(source, compiler);
  if (known) return known;
  const work = startWork(source);
  try {
    execFileSync(compiler.command, work.args, { stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (error) {
    throw compileFailure(compiler, work, error);
  }
  return finishWork(source, compiler, work);
}

/** The same without blocking, so that several are compiled at a time. */
export async function compileAhead(source: string): Promise<void> {
  const compiler = requireCompiler();
  if (knownObject(source, compiler)) return;
  const work = startWork(source);
  try {
    await promisify(execFile)(compiler.command, work.args);
  } catch (error) {
    throw compileFailure(compiler, work, error);
  }
  finishWork(source, compiler, work);
}

function knownObject(source: string, compiler: Compiler): string | null {
  const key = keyOf(source, compiler);
  if (cache().read(key)) return cache().pathOf(key);
  return uncached.get(source) ?? null;
}

function startWork(source: string) {
  const folder = mkdtempSync(join(tmpdir(), 'makertaker-'));
  const input = join(folder, 'program.c');
  const object = join(folder, 'program.so');
  writeFileSync(input, source, { mode: 0o600 });
  return { folder, object, args: [...flags, '-o', object, input, ...libraries] };
}

function finishWork(
  source: string,
  compiler: Compiler,
  { folder, object }: { readonly folder: string; readonly object: string },
): string {
  const path = cache().write(keyOf(source, compiler), readFileSync(object));
  if (path) {
    rmSync(folder, { recursive: true, force: true });
    return path;
  }
  uncached.set(source, object);
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return object;
}

function compileFailure(
  { command }: Compiler,
  { folder }: { readonly folder: string },
  error: unknown,
): Error {
  rmSync(folder, { recursive: true, force: true });
  const { stderr } = error as { stderr?: Buffer | string };
  const text = String(stderr ?? '');
  const line = text.split('\n').find((one) => /error|undefined/i.test(one)) ?? text.split('\n')[0];
  return new Error(`${command} does not compile a program: ${line || String(error)}`);
}

interface Pool {
  readonly open: koffiModule.KoffiFunc<(...given: unknown[]) => unknown>;
  readonly start: koffiModule.KoffiFunc<(...given: unknown[]) => unknown>;
  readonly memory: koffiModule.KoffiFunc<(...given: unknown[]) => unknown>;
  address(view: ArrayBufferView): bigint;
}

let pool: Pool | undefined;

/** The library that runs programs. @throws Error if it cannot be compiled or loaded */
export function openPool(): Pool {
  return (pool ??= loadPool());
}

function requireKoffi(): typeof koffiModule {
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- only where it is used
    return require('koffi') as typeof koffiModule;
  } catch {
    throw new Error('the package koffi, an optional dependency, is not installed');
  }
}

function loadPool(): Pool {
  const koffi = requireKoffi();
  const path = objectOf(poolSource);
  let library: ReturnType<typeof koffi.load>;
  try {
    library = koffi.load(path);
  } catch (error) {
    throw new Error(
      `${path} does not load (${(error as Error).message}); if its folder does not allow programs (noexec), name another by MAKERTAKER_CACHE`,
    );
  }
  return {
    open: library.func('int64_t mt_open(const char *path, char *reason, int64_t size)'),
    start: library.func(
      'int32_t mt_start(int64_t program, void *pointers, int64_t rows, int32_t threads)',
    ),
    memory: library.func('int64_t mt_memory()'),
    address: (view) => {
      // Small arrays live in the heap, where they move, until their buffer is looked at.
      void view.buffer;
      return koffi.address(view);
    },
  };
}

/** One thread under jest, whose workers are processes already. */
let threads = process.env['JEST_WORKER_ID'] ? 1 : availableParallelism();

/** @param count null: as many as the process may use */
export function setThreads(count: number | null): void {
  threads = count ?? (process.env['JEST_WORKER_ID'] ? 1 : availableParallelism());
}

export const threadCount = (): number => threads;

/** Bytes of memory that programs hold between runs. */
export const workspaceBytes = (): number => Number(openPool().memory());

const loaded = new Map<string, NativeProgram>();

/** Compiles a source unless it is in the cache, and loads it; once in a process. */
export function loadNative(source: string): NativeProgram {
  const known = loaded.get(source);
  if (known) return known;
  const program = openProgram(source);
  loaded.set(source, program);
  return program;
}

function openProgram(source: string): NativeProgram {
  const { open, start, address } = openPool();
  const path = objectOf(source);
  const reason = Buffer.alloc(512);
  const entry = open(path, reason, reason.length) as number | bigint;
  if (!entry) {
    const text = reason.toString('utf8').replace(/\0.*$/s, '');
    throw new Error(
      `a compiled program does not load: ${text}; if its folder does not allow programs (noexec), name another by MAKERTAKER_CACHE`,
    );
  }
  return {
    run(arrays, rows) {
      const pointers = new BigUint64Array(Math.max(9, arrays.length));
      arrays.forEach((array, index) => (pointers[index] = address(array)));
      const result = start(entry, pointers, rows, threads) as number;
      if (result !== 0) throw new Error(`a program over ${rows} rows found no memory`);
    },
  };
}
