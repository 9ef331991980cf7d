import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { cacheFolder, hashKey, openDiskCache } from '../../engine/disk-cache';

const key = ['source', '-O2', 'x86-64'];
const bytes = Uint8Array.from([1, 2, 3, 250]);
const before = { ...process.env };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'makertaker-cache-'));
  process.env['MAKERTAKER_CACHE'] = join(folder, 'cache');
});
afterEach(() => {
  process.env = { ...before };
  rmSync(folder, { recursive: true, force: true });
});

describe('disk cache', () => {
  it('gives back what was written, to another one as well', () => {
    expect(openDiskCache('kernels', '.bin').read(key)).toBeNull();
    const path = openDiskCache('kernels', '.bin').write(key, bytes);
    expect(path).toBe(openDiskCache('kernels', '.bin').pathOf(key));
    expect(path).toMatch(/cache.kernels.[0-9a-f]{64}\.bin$/);
    expect([...openDiskCache('kernels', '.bin').read(key)!]).toEqual([...bytes]);
    expect(openDiskCache('kernels', '.bin').read(['source', '-O3', 'x86-64'])).toBeNull();
  });

  it('is private and leaves no temporary files', () => {
    const path = openDiskCache('kernels', '.bin').write(key, bytes)!;
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
    expect(readdirSync(dirname(path))).toHaveLength(2);
  });

  it('does not take damaged bytes, and a second write mends them', () => {
    const cache = openDiskCache('kernels', '.bin');
    const path = cache.write(key, bytes)!;
    truncateSync(path, 2);
    expect(cache.read(key)).toBeNull();
    cache.write(key, bytes);
    expect(cache.read(key)).not.toBeNull();
    writeFileSync(`${path}.sha256`, '');
    expect(cache.read(key)).toBeNull();
  });

  it('does not take files that others may write', () => {
    const cache = openDiskCache('kernels', '.bin');
    chmodSync(cache.write(key, bytes)!, 0o666);
    expect(cache.read(key)).toBeNull();
  });

  it('goes on without a folder', () => {
    writeFileSync(join(folder, 'file'), '');
    process.env['MAKERTAKER_CACHE'] = join(folder, 'file');
    const cache = openDiskCache('kernels', '.bin');
    expect(cache.write(key, bytes)).toBeNull();
    expect(cache.read(key)).toBeNull();
  });

  it('tells the parts of a key apart', () => {
    expect(hashKey(['ab', 'c'])).not.toBe(hashKey(['a', 'bc']));
    expect(hashKey(['ab', ''])).not.toBe(hashKey(['ab']));
  });

  it("lies in the user's folder for caches", () => {
    delete process.env['MAKERTAKER_CACHE'];
    process.env['XDG_CACHE_HOME'] = folder;
    expect(cacheFolder()).toBe(join(folder, 'makertaker'));
    process.env['XDG_CACHE_HOME'] = 'relative';
    expect(cacheFolder()).not.toContain('relative');
    expect(existsSync(join(folder, 'makertaker'))).toBe(false);
  });
});
