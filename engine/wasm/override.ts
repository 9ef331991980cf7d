import type * as tf from '@tensorflow/tfjs';

/** A kernel that takes the place of one of the WebAssembly backend's, which it may fall back on. */
export interface Override {
  readonly kernelName: string;
  replace(original: tf.KernelFunc): tf.KernelFunc;
}

/** What the overrides use of the WebAssembly backend. */
export interface WasmBackend extends tf.KernelBackend {
  makeOutput(shape: number[], dtype: tf.DataType): tf.TensorInfo;
  typedArrayFromHeap(tensor: tf.TensorInfo): Float32Array | Int32Array | Uint8Array;
}

/** The elements of a tensor as words to be copied, whatever they mean. A later allocation detaches the view. */
export function wordsOf(backend: WasmBackend, tensor: tf.TensorInfo): Int32Array | Uint8Array {
  const values = backend.typedArrayFromHeap(tensor);
  return values instanceof Float32Array
    ? new Int32Array(values.buffer, values.byteOffset, values.length)
    : values;
}

/** The elements of a float32 tensor. A later allocation detaches the view. */
export const floatsOf = (backend: WasmBackend, tensor: tf.TensorInfo): Float32Array =>
  backend.typedArrayFromHeap(tensor) as Float32Array;

export const sizeOf = (shape: readonly number[]): number =>
  shape.reduce((product, size) => product * size, 1);
