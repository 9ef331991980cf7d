import type * as tf from '@tensorflow/tfjs';

import { repeat } from './layout';
import { floatsOf, type Override, type WasmBackend } from './override';

/**
 * The hyperbolic tangent as x·P(x²)/Q(x²) with P and Q of degree four in x², fitted to the least
 * largest relative error on [0, 9.01] (2.1e-8; beyond, tanh is one in float32), and evaluated in
 * float64: right to one unit in the last place, near zero too, which 2σ(2x) − 1 is not.
 */
function fillTanh(source: Float32Array, target: Float32Array): void {
  const size = source.length;
  for (let place = 0; place < size; place += 1) {
    let v = source[place]!;
    v = v > 9.01 ? 9.01 : v < -9.01 ? -9.01 : v;
    const s = v * v;
    target[place] =
      (v *
        ((((1.33353921246e-8 * s + 2.05952387154e-5) * s + 0.00349474977324) * s + 0.133803209037) *
          s +
          0.999999979424)) /
      ((((7.76869023215e-7 * s + 0.000328426165471) * s + 0.02587379621) * s + 0.467136363963) * s +
        1);
  }
}

export const tanh: Override = {
  kernelName: 'Tanh',
  replace: (original) => (call) => {
    const { x } = call.inputs as { x: tf.TensorInfo };
    if (x.dtype !== 'float32') return original(call);
    const backend = call.backend as WasmBackend;
    const result = backend.makeOutput(x.shape, 'float32');
    fillTanh(floatsOf(backend, x), floatsOf(backend, result));
    return result;
  },
};

/**
 * Comparisons of a matrix with a column take ten times as long as those of equal shapes: the column
 * is repeated first. Of the leading axes, which the backend broadcasts fast, it needs no repetition.
 */
const withColumn = (kernelName: string): Override => ({
  kernelName,
  replace: (original) => (call) => {
    const { a, b } = call.inputs as { a: tf.TensorInfo; b: tf.TensorInfo };
    const backend = call.backend as WasmBackend;
    const left = repeatColumn(backend, a, b.shape);
    const right = repeatColumn(backend, b, a.shape);
    const result = original({ ...call, inputs: { a: left, b: right } });
    if (left !== a) backend.disposeData(left.dataId);
    if (right !== b) backend.disposeData(right.dataId);
    return result;
  },
});

/** [n, 1] → [n, k] if the other operand is [n, k]. */
function repeatColumn(
  backend: WasmBackend,
  x: tf.TensorInfo,
  other: readonly number[],
): tf.TensorInfo {
  const [rows, columns] = x.shape;
  const isColumn = x.shape.length === 2 && columns === 1 && x.dtype !== 'string';
  const fits = other.length === 2 && other[0] === rows && other[1]! > 1;
  return isColumn && fits ? repeat(backend, x, 1, other[1]!) : x;
}

export const comparisons: readonly Override[] = [
  'Less',
  'LessEqual',
  'Greater',
  'GreaterEqual',
  'Equal',
  'NotEqual',
  'LogicalAnd',
  'Minimum',
  'Maximum',
].map(withColumn);

/** The backend's own copies the lowest byte of a number, so that 256 is false and 0.3 as well. */
export const castToBool: Override = {
  kernelName: 'Cast',
  replace: (original) => (call) => {
    const { x } = call.inputs as { x: tf.TensorInfo };
    if (call.attrs!['dtype'] !== 'bool' || x.dtype === 'bool') return original(call);
    const backend = call.backend as WasmBackend;
    const result = backend.makeOutput(x.shape, 'bool');
    const source = backend.typedArrayFromHeap(x);
    const target = backend.typedArrayFromHeap(result);
    for (let place = 0; place < target.length; place += 1)
      target[place] = source[place] === 0 ? 0 : 1;
    return result;
  },
};
