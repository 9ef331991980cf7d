import * as tf from '@tensorflow/tfjs';

import { reverse, select, stridedSlice } from './wasm/booleans';
import { castToBool, comparisons, tanh } from './wasm/elementwise';
import { concat, gather, pack, slice, tile, unpack } from './wasm/layout';
import { matMul, mean, sum } from './wasm/matrix';
import type { Override } from './wasm/override';

/** The kernels of the WebAssembly backend that measured clearly slower than these, and those that are wrong. */
const overrides: readonly Override[] = [
  ...[matMul, sum, mean],
  ...[concat, pack, slice, unpack, gather, tile],
  ...[tanh, castToBool, ...comparisons],
  ...[select, reverse, stridedSlice],
];

let replaced = false;

/** Puts faster kernels in the place of slow ones of the WebAssembly backend; once is enough. */
export function replaceSlowWasmKernels(): void {
  if (replaced) return;
  replaced = true;
  for (const { kernelName, replace } of overrides) {
    const original = tf.getKernel(kernelName, 'wasm');
    if (!original) throw new Error(`the wasm backend has no kernel ${kernelName}`);
    tf.unregisterKernel(kernelName, 'wasm');
    tf.registerKernel({ ...original, kernelFunc: replace(original.kernelFunc) });
  }
}
