import type * as tf from '@tensorflow/tfjs';

import type { Builder } from './builder';
import type { DType, Node, Space } from './graph';

/** A tensor of the function being recorded. */
export interface Traced {
  readonly node: Node;
  readonly shape: readonly number[];
  /** Axis of the batch; −1: none. */
  readonly axis: number;
}

/** What lowering a kernel needs to know of the recording. */
export interface Recording {
  readonly builder: Builder;
  readonly batch: Space;
  /** B while recording. */
  readonly rows: number;
  /** The node of the batch's size. */
  count(factor: number, power: 1 | -1): Node;
  /** Rows chosen by an index, the same for every tensor they are chosen from. */
  spaceOf(index: Node, size: number): Space;
}

/** Lowers one kernel of TensorFlow.js to nodes. */
export type Lowering = (
  recording: Recording,
  inputs: readonly Traced[],
  attributes: Readonly<Record<string, unknown>>,
) => Traced | Traced[];

/** Something that a recorded function may not do; the message names the operation. */
export class CompileError extends Error {
  override readonly name = 'CompileError';
}

export const sizeOf = (shape: readonly number[]): number =>
  shape.reduce((product, size) => product * size, 1);

/** The shape of one row. */
export const rowShape = ({ shape, axis }: Pick<Traced, 'shape' | 'axis'>): number[] =>
  shape.filter((_, index) => index !== axis);

/** How many columns the shape asks for; the node may have a single one instead, which then stands for all. */
export const columnsOf = (traced: Pick<Traced, 'shape' | 'axis'>): number =>
  sizeOf(rowShape(traced));

/** The node with all the columns of its shape. */
export function expanded({ builder }: Recording, traced: Traced): Node {
  const columns = columnsOf(traced);
  const { node } = traced;
  if (node.columns === columns) return node;
  return node.op === 'constant'
    ? builder.make(node, { ...node, columns })
    : builder.pick([node], new Int32Array(columns));
}

/** The batch axis that a shape without rows of its own seems to have. */
export const guessAxis = ({ rows }: Recording, shape: readonly number[]): number =>
  shape.indexOf(rows);

export const isDType = (dtype: tf.DataType): dtype is DType =>
  dtype === 'float32' || dtype === 'int32' || dtype === 'bool';

/** Row-major strides. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis -= 1) {
    strides[axis] = strides[axis + 1]! * shape[axis + 1]!;
  }
  return strides;
}

/** For each place of a shape in row-major order, a number made of its coordinates. */
export function eachPlace(
  shape: readonly number[],
  placeOf: (coordinates: readonly number[]) => number,
): Int32Array {
  const places = new Int32Array(sizeOf(shape));
  const coordinates = new Array<number>(shape.length).fill(0);
  for (let place = 0; place < places.length; place += 1) {
    places[place] = placeOf(coordinates);
    for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
      coordinates[axis]! += 1;
      if (coordinates[axis]! < shape[axis]!) break;
      coordinates[axis] = 0;
    }
  }
  return places;
}

/** For each place of a shape in row-major order: base + Σ coordinate · step, a step for each axis. */
export function linearPlaces(
  shape: readonly number[],
  steps: readonly number[],
  base = 0,
): Int32Array {
  let places = Int32Array.of(base);
  shape.forEach((size, axis) => {
    const step = steps[axis]!;
    const finer = new Int32Array(places.length * size);
    let index = 0;
    for (const place of places) {
      for (let at = 0; at < size; at += 1) finer[index++] = place + at * step;
    }
    places = finer;
  });
  return places;
}

/** An axis as TensorFlow.js takes it, counted from the end where negative. */
export const absoluteAxis = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);
