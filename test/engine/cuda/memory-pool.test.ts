import { CudaError } from '../../../engine/cuda/cuda-error';
import { createMemoryPool } from '../../../engine/cuda/memory-pool';

const MiB = 1024 ** 2;

/** Memory that is only counted: 16 MiB of it. */
function createSource() {
  const sizes = new Map<number, number>();
  let next = 4096;
  const total = (): number => [...sizes.values()].reduce((sum, size) => sum + size, 0);
  return {
    sizes,
    allocate: (bytes: number): number => {
      if (total() + bytes > 16 * MiB)
        throw new CudaError('cuMemAlloc_v2', 2, 'OUT', 'out of memory');
      next += 2 ** 32;
      sizes.set(next, bytes);
      return next;
    },
    free: (pointer: number): void => {
      expect(sizes.delete(pointer)).toBe(true);
    },
  };
}

describe('the memory pool', () => {
  it('rounds up to size classes and hands released blocks out again', () => {
    const source = createSource();
    const pool = createMemoryPool(source);
    const block = pool.allocate(100);
    expect(block.bytes).toBe(100);
    expect(source.sizes.get(block.pointer)).toBe(512);
    pool.release(block);
    expect(pool.allocate(512).pointer).toBe(block.pointer);
    expect(pool.allocate(0).pointer).not.toBe(block.pointer);
    expect(source.sizes.get(pool.allocate(513).pointer)).toBe(1024);
    expect(source.sizes.get(pool.allocate(MiB).pointer)).toBe(2 * MiB);
    expect(source.sizes.get(pool.allocate(2 * MiB + 1).pointer)).toBe(4 * MiB);
  });

  it('keeps a block until all have released it', () => {
    const source = createSource();
    const pool = createMemoryPool(source);
    const block = pool.allocate(8);
    expect(pool.retain(block)).toBe(block);
    pool.release(block);
    expect(pool.allocate(8).pointer).not.toBe(block.pointer);
    pool.release(block);
    expect(pool.allocate(8).pointer).toBe(block.pointer);
    expect(() => pool.release(block)).toThrow('8 bytes on the GPU are released already');
    expect(() => pool.retain(block)).toThrow(/released already/);
  });

  it('counts', () => {
    const pool = createMemoryPool(createSource());
    const blocks = [1, 600, 5 * MiB].map((bytes) => pool.allocate(bytes));
    const all = 512 + 1024 + 6 * MiB;
    expect(pool.statistics()).toEqual({ bytesInUse: all, bytesReserved: all, peakBytes: all });
    for (const block of blocks) pool.release(block);
    expect(pool.statistics()).toEqual({ bytesInUse: 0, bytesReserved: all, peakBytes: all });
    pool.trim();
    expect(pool.statistics()).toEqual({ bytesInUse: 0, bytesReserved: 0, peakBytes: all });
  });

  it('gives kept memory back before it gives up', () => {
    const source = createSource();
    const pool = createMemoryPool(source);
    pool.release(pool.allocate(10 * MiB));
    const block = pool.allocate(12 * MiB);
    expect([...source.sizes]).toEqual([[block.pointer, 12 * MiB]]);
    expect(() => pool.allocate(6 * MiB)).toThrow(CudaError);
    expect(pool.statistics()).toMatchObject({ bytesInUse: 12 * MiB, bytesReserved: 12 * MiB });
  });

  it('can keep to the bytes that were asked for', () => {
    const source = createSource();
    const pool = createMemoryPool(source, { smallGranularity: 1, largeGranularity: 1 });
    expect(source.sizes.get(pool.allocate(5).pointer)).toBe(5);
    expect(source.sizes.get(pool.allocate(0).pointer)).toBe(1);
  });
});
