import { packParameters } from '../../../engine/cuda/parameters';

describe('arguments of a kernel', () => {
  it('lie as the members of a struct in C++', () => {
    const bytes = packParameters([
      { kind: 'int32', value: -2 },
      { kind: 'pointer', value: 2 ** 47 + 256 },
      { kind: 'float32', value: 1.5 },
      { kind: 'int64', value: -1 },
      { kind: 'int32', value: 7 },
    ]);
    const view = new DataView(bytes.buffer);
    expect(bytes.length).toBe(40);
    expect(view.getInt32(0, true)).toBe(-2);
    expect(view.getBigUint64(8, true)).toBe(2n ** 47n + 256n);
    expect(view.getFloat32(16, true)).toBe(1.5);
    expect(view.getBigInt64(24, true)).toBe(-1n);
    expect(view.getInt32(32, true)).toBe(7);
  });

  it('are no bytes if there are none, and no more than needed', () => {
    expect(packParameters([])).toHaveLength(0);
    expect(packParameters([{ kind: 'int32', value: 1 }])).toHaveLength(4);
  });
});
