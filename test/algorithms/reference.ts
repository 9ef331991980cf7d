/** Independent float64 arithmetic on plain arrays, against which the tensor code is tested. */
import * as tf from '@tensorflow/tfjs';

import type { Tensors } from '../../engine/tensors';
import type { Activation } from '../../algorithms/policies/network';

/** A network's or policy's parameters, row-major. */
export type Plain = Readonly<Record<string, readonly number[]>>;

export const plain = (record: Tensors): Plain =>
  Object.fromEntries(
    Object.entries(record).map(([name, tensor]) => [name, Array.from(tensor.dataSync())]),
  );

/** Uniforms in [−1, 1): mulberry32. */
export function numbersFrom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let z = Math.imul(state ^ (state >>> 15), 1 | state);
    z = (z + Math.imul(z ^ (z >>> 7), 61 | z)) ^ z;
    return ((z ^ (z >>> 14)) >>> 0) / 2 ** 31 - 1;
  };
}

/** float32 numbers, so that a tensor holds exactly what the reference computes with. */
export const float32s = (count: number, next: () => number, scale = 1): number[] =>
  Array.from({ length: count }, () => Math.fround(scale * next()));

/** A record like the template, filled with random numbers. */
export function randomLike(template: Tensors, next: () => number, scale = 1): Tensors {
  return Object.fromEntries(
    Object.entries(template).map(([name, { size, shape }]) => [
      name,
      tf.tensor(float32s(size, next, scale), shape),
    ]),
  );
}

/** start + h · direction, entry by entry. */
export const moved = (start: Plain, direction: Plain, h: number): Plain =>
  Object.fromEntries(
    Object.entries(start).map(([name, values]) => [
      name,
      values.map((value, index) => value + h * direction[name]![index]!),
    ]),
  );

/** The multilayer perceptron for one row. */
export function forward(
  sizes: readonly number[],
  activation: Activation,
  parameters: Plain,
  observation: readonly number[],
): number[] {
  let x = [...observation];
  for (let layer = 0; layer + 1 < sizes.length; layer += 1) {
    const weights = parameters[`layer${layer}/weights`]!;
    const bias = parameters[`layer${layer}/bias`]!;
    const columns = sizes[layer + 1]!;
    const y = Array.from({ length: columns }, (_, j) =>
      x.reduce((sum, value, i) => sum + value * weights[i * columns + j]!, bias[j]!),
    );
    const bend = activation === 'tanh' ? Math.tanh : (v: number) => Math.max(0, v);
    x = layer + 2 < sizes.length ? y.map(bend) : y;
  }
  return x;
}

/** log softmax over the allowed entries; −∞ elsewhere. */
export function logSoftmax(logits: readonly number[], allowed?: readonly boolean[]): number[] {
  const open = logits.map((x, i) => (allowed && !allowed[i] ? -Infinity : x));
  const top = Math.max(...open);
  const total = Math.log(open.reduce((sum, x) => sum + Math.exp(x - top), 0));
  return open.map((x) => x - top - total);
}

/** KL(p ‖ q) of two lists of log-probabilities. */
export const categoricalDivergence = (logP: readonly number[], logQ: readonly number[]): number =>
  logP.reduce((sum, x, i) => (x === -Infinity ? sum : sum + Math.exp(x) * (x - logQ[i]!)), 0);

/** KL between diagonal Gaussians. */
export const gaussianDivergence = (
  mean: readonly number[],
  logStd: readonly number[],
  nextMean: readonly number[],
  nextLogStd: readonly number[],
): number =>
  mean.reduce((sum, m, i) => {
    const [s, t] = [Math.exp(logStd[i]!), Math.exp(nextLogStd[i]!)];
    return sum + Math.log(t / s) + (s * s + (m - nextMean[i]!) ** 2) / (2 * t * t) - 0.5;
  }, 0);

export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i += 1) {
    const bound = tolerance * (1 + Math.abs(expected[i]!));
    if (!(Math.abs(actual[i]! - expected[i]!) <= bound)) {
      throw new Error(`entry ${i}: ${actual[i]} is not within ${bound} of ${expected[i]}`);
    }
  }
}

/** The bits of every tensor, for comparisons that allow no rounding. */
export const bitsOf = (tensors: readonly tf.Tensor[]): string =>
  tensors
    .map((tensor) => {
      const data = tensor.dataSync();
      return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex');
    })
    .join('|');
