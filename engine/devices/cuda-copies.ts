import type * as tf from '@tensorflow/tfjs';

import { absoluteAxis, isDType, sizeOf } from '../compile/traced';
import type { CudaBackend } from './cuda-backend';
import type { KernelCall } from './cuda-eager';

/** Kernels that only give numbers another shape, or put whole stretches of memory together. */
type Copy = (backend: CudaBackend, call: KernelCall) => tf.TensorInfo[] | null;

/** @returns null if it takes arithmetic, or numbers that do not lie side by side */
export function copiesOf(backend: CudaBackend, call: KernelCall): tf.TensorInfo[] | null {
  return copies[call.kernelName]?.(backend, call) ?? null;
}

/** The same numbers under another shape. */
function share(backend: CudaBackend, input: tf.TensorInfo, shape: number[]): tf.TensorInfo[] {
  backend.incRef(input.dataId);
  return [{ dataId: input.dataId, shape, dtype: input.dtype }];
}

const bytesPer = (dtype: tf.DataType): number => (dtype === 'bool' ? 1 : 4);

/** A new tensor of numbers that lie side by side from a place on. */
function stretch(
  backend: CudaBackend,
  { dataId, dtype }: tf.TensorInfo,
  from: number,
  shape: number[],
): tf.TensorInfo {
  const result = { dataId: backend.allocate(shape, dtype), shape, dtype };
  const bytes = sizeOf(shape) * bytesPer(dtype);
  if (bytes > 0) {
    backend.runtime.driver.copyOnDevice(
      backend.pointerOf(result.dataId),
      backend.pointerOf(dataId) + from * bytesPer(dtype),
      bytes,
    );
  }
  return result;
}

/** Tensors one behind the other. */
function join(
  backend: CudaBackend,
  inputs: readonly tf.TensorInfo[],
  shape: number[],
): tf.TensorInfo[] {
  const { dtype } = inputs[0]!;
  const dataId = backend.allocate(shape, dtype);
  let to = backend.pointerOf(dataId);
  for (const input of inputs) {
    const bytes = sizeOf(input.shape) * bytesPer(dtype);
    if (bytes > 0) backend.runtime.driver.copyOnDevice(to, backend.pointerOf(input.dataId), bytes);
    to += bytes;
  }
  return [{ dataId, shape, dtype }];
}

/** Whether what stands before an axis has one entry, so that parts along it lie side by side. */
const isOutermost = (shape: readonly number[], axis: number): boolean =>
  sizeOf(shape.slice(0, axis)) === 1;

const fill = (
  backend: CudaBackend,
  shape: number[],
  dtype: tf.DataType,
  value: number,
): tf.TensorInfo[] | null => {
  if (!isDType(dtype)) return null;
  const size = sizeOf(shape);
  if (value === 0 && !Object.is(value, -0)) {
    const dataId = backend.allocate(shape, dtype);
    if (size > 0) backend.runtime.driver.clear(backend.pointerOf(dataId), size * bytesPer(dtype));
    return [{ dataId, shape, dtype }];
  }
  const array = { float32: Float32Array, int32: Int32Array, bool: Uint8Array }[dtype];
  return [{ dataId: backend.write(new array(size).fill(value), shape, dtype), shape, dtype }];
};

const copies: Readonly<Record<string, Copy>> = {
  Identity: (backend, { inputs }) => share(backend, inputs['x']!, [...inputs['x']!.shape]),
  Reshape: (backend, { inputs, attributes }) => {
    const x = inputs['x']!;
    const wanted = attributes['shape'] as number[];
    const known = sizeOf(wanted.filter((size) => size !== -1));
    const rest = known === 0 ? 0 : sizeOf(x.shape) / known;
    return share(
      backend,
      x,
      wanted.map((size) => (size === -1 ? rest : size)),
    );
  },
  ExpandDims: (backend, { inputs, attributes }) => {
    const x = inputs['input']!;
    const at = absoluteAxis(attributes['dim'] as number, x.shape.length + 1);
    return share(backend, x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)]);
  },
  Cast: (backend, { inputs, attributes }) => {
    const x = inputs['x']!;
    return attributes['dtype'] === x.dtype ? share(backend, x, [...x.shape]) : null;
  },
  ZerosLike: (backend, { inputs }) => fill(backend, [...inputs['x']!.shape], inputs['x']!.dtype, 0),
  OnesLike: (backend, { inputs }) => fill(backend, [...inputs['x']!.shape], inputs['x']!.dtype, 1),
  Fill: (backend, { attributes }) => {
    const { shape, value, dtype } = attributes as {
      shape: number[];
      value: number;
      dtype?: tf.DataType;
    };
    return typeof value === 'string'
      ? null
      : fill(backend, shape, dtype ?? 'float32', Number(value));
  },
  Slice: (backend, { inputs, attributes }) => {
    const x = inputs['x']!;
    const { begin, size } = attributes as { begin: number[] | number; size: number[] | number };
    const from = x.shape.map((_, axis) =>
      Array.isArray(begin) ? (begin[axis] ?? 0) : axis === 0 ? begin : 0,
    );
    const sizes = x.shape.map((whole, axis) => {
      const given = Array.isArray(size) ? size[axis] : axis === 0 ? size : undefined;
      return given === undefined || given < 0 ? whole - from[axis]! : given;
    });
    const cut = sizes.findIndex((one, axis) => one !== x.shape[axis]);
    if (cut < 0) return share(backend, x, sizes);
    const isWhole = sizes.every((one, axis) => axis <= cut || one === x.shape[axis]);
    if (!isWhole || !isOutermost(x.shape, cut)) return null;
    return [stretch(backend, x, from[cut]! * sizeOf(x.shape.slice(cut + 1)), sizes)];
  },
  Concat: (backend, { inputs, attributes }) => {
    const parts = Object.values(inputs);
    const axis = absoluteAxis(attributes['axis'] as number, parts[0]!.shape.length);
    if (!isOutermost(parts[0]!.shape, axis)) return null;
    const shape = [...parts[0]!.shape];
    shape[axis] = parts.reduce((sum, part) => sum + part.shape[axis]!, 0);
    return join(backend, parts, shape);
  },
  Pack: (backend, { inputs, attributes }) => {
    const parts = Object.values(inputs);
    const { shape } = parts[0]!;
    const axis = absoluteAxis(attributes['axis'] as number, shape.length + 1);
    if (!isOutermost(shape, axis)) return null;
    return join(backend, parts, [...shape.slice(0, axis), parts.length, ...shape.slice(axis)]);
  },
  Unpack: (backend, { inputs, attributes }) => {
    const value = inputs['value']!;
    const axis = absoluteAxis(attributes['axis'] as number, value.shape.length);
    if (!isOutermost(value.shape, axis)) return null;
    const shape = value.shape.filter((_, place) => place !== axis);
    return Array.from({ length: value.shape[axis]! }, (_, index) =>
      stretch(backend, value, index * sizeOf(shape), [...shape]),
    );
  },
  SplitV: (backend, { inputs, attributes }) => {
    const x = inputs['x']!;
    const axis = absoluteAxis(attributes['axis'] as number, x.shape.length);
    if (!isOutermost(x.shape, axis)) return null;
    const whole = x.shape[axis]!;
    const given = attributes['numOrSizeSplits'] as number | number[];
    const listed = Array.isArray(given) ? given : new Array<number>(given).fill(whole / given);
    const known = listed.filter((size) => size !== -1).reduce((sum, size) => sum + size, 0);
    let from = 0;
    return listed.map((size) => {
      const shape = [...x.shape];
      shape[axis] = size === -1 ? whole - known : size;
      const part = stretch(backend, x, from, shape);
      from += sizeOf(shape);
      return part;
    });
  },
};
