import type * as tf from '@tensorflow/tfjs';

export const arrayTypes = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const;

export type NumberArray = Float32Array | Int32Array | Uint8Array;

/** A backend whose tensors are typed arrays in memory, which programs read and write without a copy. */
export interface ArrayBackend extends tf.KernelBackend {
  /** The array of a tensor, for reading during a call. */
  valuesOf(dataId: object): ArrayLike<number>;
  /** An array for a result; what it holds is not defined. */
  newArray(dtype: keyof typeof arrayTypes, length: number): NumberArray;
}
