import type * as tf from '@tensorflow/tfjs';

import { arrange } from '../../../engine/compile/arrange';
import type { DType, Graph } from '../../../engine/compile/graph';
import type { Schedule } from '../../../engine/compile/schedule';
import { record } from '../../../engine/compile/trace';
import { unifyGraphs } from '../../../engine/compile/unify';

/** Shapes of arguments by name, −1 where the batch is; `int32` and `bool` after the shape. */
export type Shapes = Readonly<Record<string, readonly [readonly number[], DType?]>>;

/** The graph of a function of named tensors, without a device. */
export function graphOf(
  name: string,
  shapes: Shapes,
  compute: (given: Record<string, tf.Tensor>) => tf.Tensor[],
): Graph {
  const specs = Object.entries(shapes).map(([argument, [shape, dtype = 'float32']]) => ({
    name: argument,
    shape,
    dtype,
  }));
  const recordAt = (rows: number): Graph =>
    record(
      name,
      specs,
      (inputs) =>
        compute(Object.fromEntries(specs.map((spec, index) => [spec.name, inputs[index]!]))),
      rows,
    );
  return unifyGraphs(recordAt(10_007), recordAt(97), [10_007, 97]);
}

export const scheduleOf = (...given: Parameters<typeof graphOf>): Schedule =>
  arrange(graphOf(...given));
