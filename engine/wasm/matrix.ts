import * as tf from '@tensorflow/tfjs';

import { floatsOf, type Override, sizeOf, type WasmBackend } from './override';

const isFloatMatrix = ({ shape, dtype }: tf.TensorInfo): boolean =>
  shape.length === 2 && dtype === 'float32';

/**
 * Products of matrices as they stand go through XNNPACK, those of transposed ones through a plain
 * loop: so the operands are transposed first, or, where that moves less, the product.
 */
export const matMul: Override = {
  kernelName: 'BatchMatMul',
  replace: (original) => (call) => {
    const { a, b } = call.inputs as { a: tf.TensorInfo; b: tf.TensorInfo };
    const { transposeA, transposeB } = call.attrs as unknown as Record<string, boolean>;
    const backend = call.backend as WasmBackend;
    if (!(transposeA || transposeB) || !isFloatMatrix(a) || !isFloatMatrix(b))
      return original(call);
    const multiply = (left: tf.TensorInfo, right: tf.TensorInfo): tf.TensorInfo =>
      original({
        inputs: { a: left, b: right },
        attrs: { transposeA: false, transposeB: false },
        backend,
      }) as tf.TensorInfo;
    const temporary: tf.TensorInfo[] = [];
    const transposed = (matrix: tf.TensorInfo): tf.TensorInfo => {
      const result = transpose(backend, matrix);
      temporary.push(result);
      return result;
    };
    let product: tf.TensorInfo;
    if (transposeA && !transposeB && sizeOf(b.shape) < sizeOf(a.shape)) {
      const flipped = multiply(transposed(b), a);
      temporary.push(flipped);
      product = transpose(backend, flipped);
    } else {
      product = multiply(transposeA ? transposed(a) : a, transposeB ? transposed(b) : b);
    }
    temporary.forEach(({ dataId }) => backend.disposeData(dataId));
    return product;
  },
};

const transpose = (backend: WasmBackend, x: tf.TensorInfo): tf.TensorInfo =>
  tf.getKernel('Transpose', 'wasm').kernelFunc({
    inputs: { x },
    attrs: { perm: [1, 0] },
    backend,
  }) as tf.TensorInfo;

/** Sum or mean of float32 over leading axes, all of them included, added in float64. */
const reduceLeading = (kernelName: 'Sum' | 'Mean'): Override => ({
  kernelName,
  replace: (original) => (call) => {
    const { x } = call.inputs as { x: tf.TensorInfo };
    const { axis, keepDims } = call.attrs as unknown as {
      axis: number | number[];
      keepDims: boolean;
    };
    const axes = tf.util.parseAxisParam(axis, x.shape);
    const leading = axes.length > 0 && axes.every((value, index) => value === index);
    if (!leading || x.dtype !== 'float32') return original(call);
    const backend = call.backend as WasmBackend;
    const kept = x.shape.slice(axes.length);
    const rows = sizeOf(x.shape.slice(0, axes.length));
    const result = backend.makeOutput(keepDims ? [...axes.map(() => 1), ...kept] : kept, 'float32');
    const sums = columnSums(floatsOf(backend, x), rows, sizeOf(kept));
    floatsOf(backend, result).set(kernelName === 'Mean' ? sums.map((sum) => sum / rows) : sums);
    return result;
  },
});

/** Sums of the columns of a [rows, columns] matrix. */
function columnSums(source: Float32Array, rows: number, columns: number): Float64Array {
  const sums = new Float64Array(columns);
  const fours = rows - (rows % 4);
  for (let row = 0; row < fours; row += 4) {
    const first = row * columns;
    const second = first + columns;
    const third = second + columns;
    const fourth = third + columns;
    for (let column = 0; column < columns; column += 1) {
      sums[column]! +=
        source[first + column]! +
        source[second + column]! +
        (source[third + column]! + source[fourth + column]!);
    }
  }
  for (let row = fours; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1)
      sums[column]! += source[row * columns + column]!;
  }
  return sums;
}

export const sum = reduceLeading('Sum');
export const mean = reduceLeading('Mean');
