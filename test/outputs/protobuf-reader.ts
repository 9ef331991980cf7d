/** A field of a message as it stands on the wire. */
export interface WireField {
  readonly number: number;
  /** Varints as numbers; 64-bit, 32-bit and length-delimited fields as bytes. */
  readonly value: number | Buffer;
}

/** Reads a message's fields in order: a second implementation of the wire format, for the tests. */
export function readFields(bytes: Buffer): WireField[] {
  const fields: WireField[] = [];
  let position = 0;
  const varint = (): number => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes.readUInt8(position++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number(value);
    }
  };
  const take = (length: number): Buffer => {
    if (position + length > bytes.length) throw new RangeError('a field ends after its message');
    position += length;
    return bytes.subarray(position - length, position);
  };
  while (position < bytes.length) {
    const key = varint();
    const number = Math.floor(key / 8);
    switch (key % 8) {
      case 0:
        fields.push({ number, value: varint() });
        break;
      case 1:
        fields.push({ number, value: take(8) });
        break;
      case 2:
        fields.push({ number, value: take(varint()) });
        break;
      case 5:
        fields.push({ number, value: take(4) });
        break;
      default:
        throw new RangeError(`wire type ${key % 8}`);
    }
  }
  return fields;
}

/** All values of one field number. */
export const valuesOf = (bytes: Buffer, number: number): (number | Buffer)[] =>
  readFields(bytes)
    .filter((field) => field.number === number)
    .map((field) => field.value);

/** The only value of a field, as bytes. */
export function bytesOf(bytes: Buffer, ...path: number[]): Buffer {
  return path.reduce((inner, number) => {
    const values = valuesOf(inner, number);
    if (values.length !== 1) throw new RangeError(`${values.length} fields ${number}`);
    return values[0] as Buffer;
  }, bytes);
}

/** The values of a packed repeated double. */
export const doublesOf = (bytes: Buffer): number[] =>
  Array.from({ length: bytes.length / 8 }, (_, index) => bytes.readDoubleLE(8 * index));
