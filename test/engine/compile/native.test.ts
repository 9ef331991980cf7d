import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type * as native from '../../../engine/compile/run/native';
import type * as device from '../../../engine/devices/native';
import { describeNative } from './compare';

type Native = typeof native;
type NativeDevice = typeof device;

const before = { ...process.env };
const realCompiler = process.env['CC'] || 'cc';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'makertaker-test-'));
  process.env['MAKERTAKER_CACHE'] = join(folder, 'cache');
});
afterEach(() => {
  process.env = { ...before };
  rmSync(folder, { recursive: true, force: true });
});

/** The modules as a new process would have them: nothing found, nothing loaded. */
function fresh<Module>(load: () => Module): Module {
  let loaded: Module | undefined;
  jest.isolateModules(() => {
    loaded = load();
  });
  return loaded!;
}

/* eslint-disable @typescript-eslint/no-require-imports -- modules loaded anew */
const freshNative = (): Native =>
  fresh(() => require('../../../engine/compile/run/native') as Native);
const freshDevice = (): NativeDevice =>
  fresh(() => require('../../../engine/devices/native') as NativeDevice);
/* eslint-enable @typescript-eslint/no-require-imports */

/** A compiler by another name: a shell script, made the compiler by `CC`. */
function useCompiler(script: string): void {
  const path = join(folder, 'cc');
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  process.env['CC'] = path;
}

/** Notes each compilation, then does it. */
const useCountedCompiler = (): void =>
  useCompiler(
    `case "$*" in *--version*) ;; *) echo "$*" >> '${join(folder, 'log')}';; esac\nexec ${realCompiler} "$@"`,
  );

const compilations = (): number => {
  const log = join(folder, 'log');
  return existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').length : 0;
};

/** What the compiler was given to read and write, as far as it is still there. */
const leftovers = (): string[] =>
  readFileSync(join(folder, 'log'), 'utf8')
    .split(/\s+/)
    .filter((word) => word.includes('makertaker-') && existsSync(word));

/** y = factor · x + number of rows */
const sourceOf = (factor: number): string => `#include <stdint.h>
__attribute__((visibility("default"))) int32_t mt_run(void **p, int64_t n, const void *runtime) {
  float *x = p[0], *y = p[1];
  for (int64_t row = 0; row < n; row++) y[row] = ${factor}.0f * x[row] + (float)n;
  return 0;
}
`;

function runs({ loadNative }: Native, factor: number): number[] {
  const result = new Float32Array(3);
  loadNative(sourceOf(factor)).run([Float32Array.of(1, 2, 3), result], 3);
  return [...result];
}

const objects = (): string[] => {
  const kept = join(folder, 'cache', 'native');
  return readdirSync(kept)
    .filter((name) => name.endsWith('.so'))
    .map((name) => join(kept, name));
};

/** A new file in place of one that this process has mapped into its memory. */
function replace(path: string, bytes: Uint8Array | string): void {
  rmSync(path);
  writeFileSync(path, bytes, { mode: 0o600 });
}

describeNative('compiled objects', () => {
  it('are kept: another process loads them without a compiler', () => {
    useCountedCompiler();
    expect(runs(freshNative(), 2)).toEqual([5, 7, 9]);
    // The program and the library that runs it.
    expect(compilations()).toBe(2);
    expect(runs(freshNative(), 2)).toEqual([5, 7, 9]);
    expect(compilations()).toBe(2);
    expect(runs(freshNative(), 3)).toEqual([6, 9, 12]);
    expect(compilations()).toBe(3);
  });

  it('are compiled once in a process, however often they are loaded', () => {
    useCountedCompiler();
    const native = freshNative();
    for (let call = 0; call < 3; call += 1) runs(native, 2);
    expect(compilations()).toBe(2);
  });

  it('lie in a private folder under the hash of what went into them, and nothing else is left', () => {
    useCountedCompiler();
    runs(freshNative(), 2);
    const kept = join(folder, 'cache', 'native');
    expect(statSync(kept).mode & 0o777).toBe(0o700);
    const names = readdirSync(kept).sort();
    expect(names).toHaveLength(4);
    for (const name of names) {
      expect(name).toMatch(/^[0-9a-f]{64}\.so(\.sha256)?$/);
      expect(statSync(join(kept, name)).mode & 0o777).toBe(0o600);
    }
    expect(leftovers()).toEqual([]);
  });

  it.each<[string, (path: string) => void]>([
    ['truncated', (path) => replace(path, readFileSync(path).subarray(0, 1000))],
    ['overwritten', (path) => replace(path, 'no object')],
    ['without a seal', (path) => rmSync(`${path}.sha256`)],
    ['writable by others', (path) => chmodSync(path, 0o666)],
  ])('are compiled again if they are %s', (_, damage) => {
    useCountedCompiler();
    runs(freshNative(), 2);
    objects().forEach(damage);
    expect(runs(freshNative(), 2)).toEqual([5, 7, 9]);
    expect(compilations()).toBe(4);
    expect(runs(freshNative(), 2)).toEqual([5, 7, 9]);
    expect(compilations()).toBe(4);
  });

  it('of another compiler are not taken', () => {
    useCountedCompiler();
    runs(freshNative(), 2);
    useCompiler(
      `case "$*" in *--version*) echo another 1.0; exit;; esac\necho "$*" >> '${join(folder, 'log')}'\nexec ${realCompiler} "$@"`,
    );
    runs(freshNative(), 2);
    expect(compilations()).toBe(4);
  });

  it('run without a cache where its folder takes no files, and leave nothing behind', () => {
    useCountedCompiler();
    writeFileSync(join(folder, 'cache'), 'a file where the folder would be');
    const native = freshNative();
    expect(runs(native, 2)).toEqual([5, 7, 9]);
    expect(runs(native, 2)).toEqual([5, 7, 9]);
    expect(compilations()).toBe(2);
  });

  it('are compiled ahead, several at a time', async () => {
    useCountedCompiler();
    const native = freshNative();
    await Promise.all([2, 3, 4].map((factor) => native.compileAhead(sourceOf(factor))));
    expect(compilations()).toBe(3);
    expect([2, 3, 4].map((factor) => runs(native, factor))).toEqual([
      [5, 7, 9],
      [6, 9, 12],
      [7, 11, 15],
    ]);
    // The library is all that was missing.
    expect(compilations()).toBe(4);
  });
});

describeNative('a compiler that does not work', () => {
  const reasonOf = async (): Promise<string> => {
    const probe = await freshDevice().native.probe();
    if (probe.available) throw new Error('it is available');
    return probe.reason;
  };

  it('is named where it does not run', async () => {
    process.env['CC'] = '/bin/false';
    expect(await reasonOf()).toBe(
      "no C compiler: '/bin/false' does not run (install gcc or clang, or name one by CC)",
    );
    process.env['CC'] = join(folder, 'nowhere');
    expect(await reasonOf()).toMatch(/no C compiler: '.*nowhere' does not run/);
  });

  it('is named with its complaint where it does not compile', async () => {
    useCompiler(
      `case "$*" in *--version*) echo 1.0; exit;; esac\necho "$*" >> '${join(folder, 'log')}'\necho 'In file included from x:' >&2\necho 'program.c:1:10: fatal error: dlfcn.h: No such file' >&2\nexit 1`,
    );
    expect(await reasonOf()).toMatch(
      /cc does not compile a program: program\.c:1:10: fatal error: dlfcn\.h: No such file$/,
    );
    await expect(freshNative().compileAhead(sourceOf(2))).rejects.toThrow(/fatal error: dlfcn\.h/);
    expect(compilations()).toBe(2);
    expect(leftovers()).toEqual([]);
  });

  it('that writes what does not load leads to a hint at the folder', async () => {
    useCompiler(
      `case "$*" in *--version*) echo 1.0; exit;; esac\nwhile [ "$1" != -o ]; do shift; done\necho nonsense > "$2"`,
    );
    expect(await reasonOf()).toMatch(/does not load .*noexec.*MAKERTAKER_CACHE/);
  });

  it('for one program alone leads to the same hint, and to the error of the compiler', () => {
    const native = freshNative();
    expect(() => native.loadNative('int x;')).toThrow(
      /a compiled program does not load: .*mt_run.*noexec.*MAKERTAKER_CACHE/,
    );
    expect(() => native.loadNative('int x = nothing;')).toThrow(
      /does not compile a program: .*error: .nothing. undeclared/,
    );
  });

  it('reports that memory ran out', () => {
    const source = sourceOf(2).replace('return 0;', 'return 1;');
    const program = freshNative().loadNative(source);
    expect(() => program.run([new Float32Array(3), new Float32Array(3)], 3)).toThrow(
      'a program over 3 rows found no memory',
    );
  });
});
