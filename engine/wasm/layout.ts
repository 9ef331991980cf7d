import type * as tf from '@tensorflow/tfjs';

import { type Override, sizeOf, type WasmBackend, wordsOf } from './override';

/*
 * The backend's own kernels move data with one call per run of adjacent elements, which for columns
 * of a [B, k] tensor is one call per element. These are plain loops.
 */

/** Runs of at least this many elements are left to the backend. */
const longRun = 256;

/** Copies `width` adjacent elements out of every `sourceStride` into every `targetStride`. */
function copyColumns(
  source: Int32Array | Uint8Array,
  sourceStart: number,
  sourceStride: number,
  target: Int32Array | Uint8Array,
  targetStart: number,
  targetStride: number,
  width: number,
  count: number,
): void {
  let from = sourceStart;
  let to = targetStart;
  for (let row = 0; row < count; row += 1) {
    for (let column = 0; column < width; column += 1) target[to + column] = source[from + column]!;
    from += sourceStride;
    to += targetStride;
  }
}

/** Side by side: each input is [count, width_i], the result [count, Σ width_i]. */
function interleave(
  backend: WasmBackend,
  inputs: readonly tf.TensorInfo[],
  widths: readonly number[],
  count: number,
  shape: number[],
): tf.TensorInfo {
  const result = backend.makeOutput(shape, inputs[0]!.dtype);
  const target = wordsOf(backend, result);
  const stride = widths.reduce((sum, width) => sum + width, 0);
  let start = 0;
  inputs.forEach((input, index) => {
    const width = widths[index]!;
    copyColumns(wordsOf(backend, input), 0, width, target, start, stride, width, count);
    start += width;
  });
  return result;
}

const listOf = (inputs: tf.NamedTensorInfoMap): tf.TensorInfo[] =>
  Array.from(inputs as unknown as ArrayLike<tf.TensorInfo>);

export const concat: Override = {
  kernelName: 'Concat',
  replace: (original) => (call) => {
    const tensors = listOf(call.inputs as tf.NamedTensorInfoMap).filter(
      ({ shape }) => sizeOf(shape) > 0,
    );
    const first = tensors[0];
    if (!first || first.dtype === 'string') return original(call);
    const axis = positiveAxis(call.attrs!['axis'] as number, first.shape.length);
    const widths = tensors.map(({ shape }) => sizeOf(shape.slice(axis)));
    const count = sizeOf(first.shape.slice(0, axis));
    if (count === 1 || Math.max(...widths) >= longRun) return original(call);
    const shape = [...first.shape];
    shape[axis] = tensors.reduce((sum, tensor) => sum + tensor.shape[axis]!, 0);
    return interleave(call.backend as WasmBackend, tensors, widths, count, shape);
  },
};

export const pack: Override = {
  kernelName: 'Pack',
  replace: (original) => (call) => {
    const tensors = listOf(call.inputs as tf.NamedTensorInfoMap);
    const { shape, dtype } = tensors[0]!;
    const axis = positiveAxis(call.attrs!['axis'] as number, shape.length + 1);
    const count = sizeOf(shape.slice(0, axis));
    const width = sizeOf(shape.slice(axis));
    if (dtype === 'string' || count <= 1 || width === 0 || width >= longRun) return original(call);
    const whole = [...shape.slice(0, axis), tensors.length, ...shape.slice(axis)];
    return interleave(
      call.backend as WasmBackend,
      tensors,
      tensors.map(() => width),
      count,
      whole,
    );
  },
};

export const slice: Override = {
  kernelName: 'Slice',
  replace: (original) => (call) => {
    const { x } = call.inputs as { x: tf.TensorInfo };
    const begin = call.attrs!['begin'] as number | number[];
    const size = call.attrs!['size'] as number | number[];
    if (x.shape.length !== 2 || !Array.isArray(begin) || !Array.isArray(size))
      return original(call);
    const [rows, columns] = x.shape as [number, number];
    const [firstRow, firstColumn = 0] = begin as [number, number?];
    const count = size[0]! < 0 ? rows - firstRow : size[0]!;
    const width = (size[1] ?? -1) < 0 ? columns - firstColumn : size[1]!;
    if (x.dtype === 'string' || width === columns || width >= longRun) return original(call);
    const backend = call.backend as WasmBackend;
    const result = backend.makeOutput([count, width], x.dtype);
    const start = firstRow * columns + firstColumn;
    copyColumns(
      wordsOf(backend, x),
      start,
      columns,
      wordsOf(backend, result),
      0,
      width,
      width,
      count,
    );
    return result;
  },
};

export const unpack: Override = {
  kernelName: 'Unpack',
  replace: (original) => (call) => {
    const { value } = call.inputs as { value: tf.TensorInfo };
    const axis = positiveAxis(call.attrs!['axis'] as number, value.shape.length);
    const count = sizeOf(value.shape.slice(0, axis));
    const width = sizeOf(value.shape.slice(axis + 1));
    const parts = value.shape[axis]!;
    if (value.dtype === 'string' || count <= 1 || width >= longRun) return original(call);
    const backend = call.backend as WasmBackend;
    const shape = value.shape.filter((_, index) => index !== axis);
    return Array.from({ length: parts }, (_, part) => {
      const result = backend.makeOutput(shape, value.dtype);
      const target = wordsOf(backend, result);
      copyColumns(
        wordsOf(backend, value),
        part * width,
        parts * width,
        target,
        0,
        width,
        width,
        count,
      );
      return result;
    });
  },
};

export const gather: Override = {
  kernelName: 'GatherV2',
  replace: (original) => (call) => {
    const { x, indices } = call.inputs as { x: tf.TensorInfo; indices: tf.TensorInfo };
    const { axis, batchDims } = call.attrs as unknown as { axis: number; batchDims: number };
    if (axis !== 0 || batchDims > 0 || x.dtype === 'string' || indices.dtype !== 'int32')
      return original(call);
    const backend = call.backend as WasmBackend;
    const rows = x.shape[0]!;
    const width = sizeOf(x.shape.slice(1));
    const result = backend.makeOutput([...indices.shape, ...x.shape.slice(1)], x.dtype);
    const source = wordsOf(backend, x);
    const target = wordsOf(backend, result);
    const places = wordsOf(backend, indices);
    for (let row = 0; row < places.length; row += 1) {
      const place = places[row]!;
      if (place < 0 || place >= rows)
        throw new RangeError(`gather: index ${place} is not in [0, ${rows})`);
      const from = place * width;
      const to = row * width;
      for (let column = 0; column < width; column += 1)
        target[to + column] = source[from + column]!;
    }
    return result;
  },
};

/** Repeats along one axis: every run of x.shape[axis] · … elements `times` over. */
export function repeat(
  backend: WasmBackend,
  x: tf.TensorInfo,
  axis: number,
  times: number,
): tf.TensorInfo {
  const shape = x.shape.map((size, index) => (index === axis ? size * times : size));
  const run = sizeOf(x.shape.slice(axis));
  const count = sizeOf(x.shape.slice(0, axis));
  const result = backend.makeOutput(shape, x.dtype);
  const source = wordsOf(backend, x);
  const target = wordsOf(backend, result);
  let to = 0;
  for (let row = 0; row < count; row += 1) {
    const from = row * run;
    for (let time = 0; time < times; time += 1) {
      for (let place = 0; place < run; place += 1) target[to + place] = source[from + place]!;
      to += run;
    }
  }
  return result;
}

export const tile: Override = {
  kernelName: 'Tile',
  replace: (original) => (call) => {
    const { x } = call.inputs as { x: tf.TensorInfo };
    const reps = call.attrs!['reps'] as number[];
    const axes = reps.flatMap((times, axis) => (times === 1 ? [] : [axis]));
    if (axes.length !== 1 || x.dtype === 'string') return original(call);
    return repeat(call.backend as WasmBackend, x, axes[0]!, reps[axes[0]!]!);
  },
};

const positiveAxis = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);
