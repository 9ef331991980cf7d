import type * as tf from '@tensorflow/tfjs';

import { type Override, type WasmBackend, wordsOf } from './override';

/**
 * Kernels of the backend that move four bytes an element whatever the type: of booleans, which have one byte
 * each, they read and write beyond the end, and another tensor's memory is overwritten.
 * They are given integers, and what comes out is written back as the type it should have.
 * @param moved the inputs whose elements come out
 */
const byWords = (kernelName: string, moved: readonly string[]): Override => ({
  kernelName,
  replace: (original) => (call) => {
    const backend = call.backend as WasmBackend;
    const { dtype } = call.inputs[moved[0]!] as tf.TensorInfo;
    if (dtype === 'float32' || dtype === 'string') return original(call);
    const asIntegers = dtype === 'bool' ? moved : [];
    const copies = Object.fromEntries(
      asIntegers.map((name) => [
        name,
        copyAs(backend, call.inputs[name] as tf.TensorInfo, 'int32'),
      ]),
    );
    const result = original({ ...call, inputs: { ...call.inputs, ...copies } }) as tf.TensorInfo;
    Object.values(copies).forEach(({ dataId }) => backend.disposeData(dataId));
    if (result.dtype === dtype) return result;
    const named = copyAs(backend, result, dtype);
    backend.disposeData(result.dataId);
    return named;
  },
});

/** The same words under another type. */
function copyAs(backend: WasmBackend, x: tf.TensorInfo, dtype: tf.DataType): tf.TensorInfo {
  const copy = backend.makeOutput(x.shape, dtype);
  backend.typedArrayFromHeap(copy).set(wordsOf(backend, x));
  return copy;
}

export const select = byWords('Select', ['t', 'e']);
export const reverse = byWords('Reverse', ['x']);
/** It calls its result float32 besides. */
export const stridedSlice = byWords('StridedSlice', ['x']);
