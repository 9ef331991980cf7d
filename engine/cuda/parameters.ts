import type { DevicePointer } from './driver';

/** One member of the struct that a kernel takes, in C++: `float *`, `int`, `long long`, `float`. */
export type Parameter =
  | { readonly kind: 'pointer'; readonly value: DevicePointer }
  | { readonly kind: 'int32'; readonly value: number }
  | { readonly kind: 'int64'; readonly value: number }
  | { readonly kind: 'float32'; readonly value: number };

const sizes = { pointer: 8, int32: 4, int64: 8, float32: 4 } as const;

/** Lays out a struct as C++ does: each member aligned to its size, the whole to the largest of them. */
export function packParameters(parameters: readonly Parameter[]): Uint8Array {
  const offsets: number[] = [];
  let end = 0;
  for (const { kind } of parameters) {
    const offset = roundUp(end, sizes[kind]);
    offsets.push(offset);
    end = offset + sizes[kind];
  }
  const alignment = Math.max(1, ...parameters.map(({ kind }) => sizes[kind]));
  const bytes = new Uint8Array(roundUp(end, alignment));
  const view = new DataView(bytes.buffer);
  parameters.forEach((parameter, index) => write(view, offsets[index]!, parameter));
  return bytes;
}

function write(view: DataView, offset: number, { kind, value }: Parameter): void {
  switch (kind) {
    case 'pointer':
      view.setBigUint64(offset, BigInt(value), true);
      break;
    case 'int32':
      view.setInt32(offset, value, true);
      break;
    case 'int64':
      view.setBigInt64(offset, BigInt(value), true);
      break;
    case 'float32':
      view.setFloat32(offset, value, true);
      break;
    default:
      kind satisfies never;
  }
}

/** @param multiple positive */
export function roundUp(length: number, multiple: number): number {
  return Math.ceil(length / multiple) * multiple;
}
