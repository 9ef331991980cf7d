import fc from 'fast-check';

import { InputError } from '../../engine/input-error';
import { type ArrayData, decodeSafetensors, encodeSafetensors } from '../../outputs/safetensors';

/** A file as the format describes it, put together by hand. */
function fileOf(header: string, body: readonly number[] = [], length = header.length): Uint8Array {
  const bytes = Buffer.concat([Buffer.alloc(8), Buffer.from(header), Buffer.from(body)]);
  bytes.writeBigUInt64LE(BigInt(length), 0);
  return bytes;
}

const refusal = (file: Uint8Array): string => {
  try {
    decodeSafetensors(file, 'file');
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  return 'accepted';
};

const example: Record<string, ArrayData> = {
  flag: { dtype: 'bool', shape: [3], data: Uint8Array.of(1, 0, 1) },
  'policy/weights': {
    dtype: 'float32',
    shape: [2, 2],
    data: Float32Array.of(1, -0, NaN, Infinity),
  },
  count: { dtype: 'int32', shape: [], data: Int32Array.of(-7) },
  sum: { dtype: 'float64', shape: [1], data: Float64Array.of(Math.PI) },
  bytes: { dtype: 'uint8', shape: [2], data: Uint8Array.of(0, 255) },
  nothing: { dtype: 'float32', shape: [0, 4], data: new Float32Array(0) },
};

describe('encodeSafetensors', () => {
  it('writes the documented layout', () => {
    const file = encodeSafetensors({
      a: { dtype: 'float32', shape: [1], data: Float32Array.of(1) },
    });
    const header = '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}  ';
    expect(Buffer.from(file)).toEqual(Buffer.from(fileOf(header, [0, 0, 0x80, 0x3f])));
  });

  it('aligns every array to its element size', () => {
    const file = Buffer.from(encodeSafetensors(example));
    const length = Number(file.readBigUInt64LE(0));
    expect(length % 8).toBe(0);
    const header = JSON.parse(file.subarray(8, 8 + length).toString());
    for (const { dtype, data_offsets } of Object.values<{ dtype: string; data_offsets: number[] }>(
      header,
    )) {
      const size = { F64: 8, F32: 4, I32: 4, U8: 1, BOOL: 1 }[dtype]!;
      expect((8 + length + data_offsets[0]!) % size).toBe(0);
    }
  });

  it('refuses a shape that the data does not have', () => {
    const array = { dtype: 'float32', shape: [2], data: new Float32Array(3) } as const;
    expect(() => encodeSafetensors({ array })).toThrow('has 3 elements');
  });
});

describe('decodeSafetensors', () => {
  it('gives back every array and the metadata, bit for bit', () => {
    const file = encodeSafetensors(example, { made: 'here' });
    const { arrays, metadata } = decodeSafetensors(file, 'file');
    expect(metadata).toEqual({ made: 'here' });
    expect(Object.keys(arrays).sort()).toEqual(Object.keys(example).sort());
    for (const [name, { dtype, shape, data }] of Object.entries(example)) {
      expect(arrays[name]).toMatchObject({ dtype, shape });
      expect(Buffer.from(arrays[name]!.data.buffer)).toEqual(Buffer.from(data.buffer));
    }
    expect(Buffer.from(encodeSafetensors(arrays, metadata))).toEqual(Buffer.from(file));
  });

  it('round-trips any names and float bits', () => {
    const words = fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), { maxLength: 8 });
    const name = fc.string().filter((text) => text !== '__metadata__');
    fc.assert(
      fc.property(fc.dictionary(name, words), (entries) => {
        const arrays = Object.fromEntries(
          Object.entries(entries).map(([key, bits]) => [
            key,
            {
              dtype: 'float32' as const,
              shape: [bits.length],
              data: new Float32Array(Int32Array.from(bits).buffer),
            },
          ]),
        );
        const decoded = decodeSafetensors(encodeSafetensors(arrays), 'file').arrays;
        for (const [key, bits] of Object.entries(entries)) {
          expect([...new Int32Array(decoded[key]!.data.buffer)]).toEqual(bits);
        }
      }),
    );
  });

  it('refuses every truncation', () => {
    const file = encodeSafetensors(example);
    for (let length = 0; length < file.length; length += 1) {
      expect(refusal(file.subarray(0, length))).toMatch(/^file: truncated/);
    }
  });

  const entry = '"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}';
  it.each([
    ['no JSON', fileOf('{"a":'), 'its header is not JSON'],
    ['another start', fileOf('[1]'), 'does not start with {'],
    ['a huge header', fileOf('{}', [], 2 ** 40), 'longer than the format allows'],
    ['an unknown dtype', fileOf(`{${entry.replace('F32', 'F13')}}`, [0, 0, 0, 0]), 'dtype "F13"'],
    [
      'a wrong size',
      fileOf(`{${entry.replace('[1]', '[2]')}}`, [0, 0, 0, 0]),
      'needs 8 bytes but has 4',
    ],
    [
      'a negative size',
      fileOf(`{${entry.replace('[1]', '[-1]')}}`, [0, 0, 0, 0]),
      'is not a list of sizes',
    ],
    ['descending offsets', fileOf(`{${entry.replace('[0,4]', '[4,0]')}}`), 'not two ascending'],
    ['an unknown key', fileOf(`{${entry.replace('"shape"', '"x":1,"shape"')}}`), 'unknown key x'],
    [
      'overlap',
      fileOf(`{${entry},${entry.replace('"a"', '"b"')}}`, [0, 0, 0, 0]),
      'overlaps another',
    ],
    [
      'a hole',
      fileOf(`{${entry.replace('[0,4]', '[4,8]')}}`, Array(8).fill(0)),
      'belong to no array',
    ],
    ['a tail', fileOf(`{${entry}}`, Array(5).fill(0)), '1 bytes after the last array'],
    ['other metadata', fileOf('{"__metadata__":{"a":1}}'), 'not a record of strings'],
    [
      'BOOL of 2',
      fileOf('{"a":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]}}', [2]),
      'other than 0 and 1',
    ],
  ])('refuses %s', (_, file, reason) => {
    expect(refusal(file)).toContain(reason);
  });
});
