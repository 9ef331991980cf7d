import type { DType, Node, ReduceName } from '../graph';
import {
  absoluteAxis,
  CompileError,
  linearPlaces,
  expanded,
  type Lowering,
  type Recording,
  rowShape,
  sizeOf,
  stridesOf,
  type Traced,
} from '../traced';
import { castNode } from './elementwise';

/** A row's columns as [outer, size, inner], the reduced axes in the middle. */
interface Blocks {
  readonly node: Node;
  readonly outer: number;
  readonly size: number;
  readonly inner: number;
}

/** Brings the given places of the row shape together if they are not. */
function blocksOf(recording: Recording, input: Traced, places: readonly number[]): Blocks {
  const shape = rowShape(input);
  const node = expanded(recording, input);
  const first = Math.min(...places);
  const last = Math.max(...places);
  if (last - first + 1 === places.length) {
    return {
      node,
      outer: sizeOf(shape.slice(0, first)),
      size: sizeOf(shape.slice(first, last + 1)),
      inner: sizeOf(shape.slice(last + 1)),
    };
  }
  const kept = shape.map((_, place) => place).filter((place) => !places.includes(place));
  const order = [...kept, ...places];
  const strides = stridesOf(shape);
  const moved = recording.builder.pick(
    [node],
    linearPlaces(
      order.map((place) => shape[place]!),
      order.map((place) => strides[place]!),
    ),
  );
  return {
    node: moved,
    outer: sizeOf(kept.map((place) => shape[place]!)),
    size: sizeOf(places.map((place) => shape[place]!)),
    inner: 1,
  };
}

function reduce(
  recording: Recording,
  name: ReduceName,
  input: Traced,
  axes: readonly number[],
  keepDims: boolean,
): Traced {
  const { builder } = recording;
  const { shape, axis } = input;
  const overBatch = axes.includes(axis) && axis >= 0;
  const places = axes
    .filter((one) => one !== axis)
    .map((one) => one - (axis >= 0 && axis < one ? 1 : 0));
  let node = input.node;
  if (places.length > 0) {
    const { node: from, outer, size, inner } = blocksOf(recording, input, places);
    node =
      size === 1
        ? from
        : builder.make(
            { op: 'reduce', name, outer, size, inner },
            { inputs: [from], dtype: from.dtype, columns: outer * inner },
          );
  }
  if (overBatch) node = reduceRows(recording, name, node, shape[axis]!);
  const full = shape.flatMap((size, place) =>
    axes.includes(place) ? (keepDims ? [1] : []) : [size],
  );
  const before = axes.filter((one) => one < axis).length;
  return {
    node,
    shape: full,
    axis: axis < 0 || overBatch ? -1 : keepDims ? axis : axis - before,
  };
}

/** Over all rows. @param rows how many there are */
export function reduceRows(recording: Recording, name: ReduceName, node: Node, rows: number): Node {
  const { builder } = recording;
  if (!node.space) {
    // Equal rows: their sum is a multiple, the rest is any of them.
    if (name === 'sum') {
      const times =
        rows === recording.rows ? recording.count(1, 1) : builder.constant([rows], 'float32');
      return builder.map('mul', node, castNode(recording, times, node.dtype));
    }
    if (name === 'prod') throw new CompileError('a product over equal rows');
    return node;
  }
  return builder.make(
    { op: 'reduceRows', name },
    { inputs: [node], dtype: node.dtype, columns: node.columns, space: null },
  );
}

const axesOf = (input: Traced, axis: unknown): number[] =>
  (axis === undefined || axis === null
    ? input.shape.map((_, place) => place)
    : Array.isArray(axis)
      ? (axis as number[])
      : [axis as number]
  ).map((one) => absoluteAxis(one, input.shape.length));

const reduction =
  (name: ReduceName): Lowering =>
  (recording, [input], { axis, keepDims }) => {
    const axes = axesOf(input!, axis);
    if (input!.node.dtype !== 'bool')
      return reduce(recording, name, input!, axes, Boolean(keepDims));
    // The largest of truth values is whether any holds; their sums and products are whole numbers.
    const ofTruth = ({ max: 'any', min: 'all' } as const)[name as 'max' | 'min'] ?? name;
    const isCounted = name === 'sum' || name === 'prod';
    const from = isCounted ? castNode(recording, input!.node, 'int32') : input!.node;
    return reduce(recording, ofTruth, { ...input!, node: from }, axes, Boolean(keepDims));
  };

/** Truth values as whole numbers. */
const counted = (recording: Recording, input: Traced): Traced =>
  input.node.dtype === 'bool'
    ? { ...input, node: castNode(recording, input.node, 'int32') }
    : input;

const location =
  (name: 'argMax' | 'argMin'): Lowering =>
  (recording, [input], { axis }) => {
    const at = absoluteAxis((axis as number) ?? 0, input!.shape.length);
    if (at === input!.axis) throw new CompileError(`${name} over the batch`);
    const place = at - (input!.axis >= 0 && input!.axis < at ? 1 : 0);
    const { node, outer, size, inner } = blocksOf(recording, counted(recording, input!), [place]);
    return {
      node: recording.builder.make(
        { op: 'locate', name, outer, size, inner },
        { inputs: [node], dtype: 'int32', columns: outer * inner },
      ),
      shape: input!.shape.filter((_, one) => one !== at),
      axis: input!.axis > at ? input!.axis - 1 : input!.axis,
    };
  };

const accumulation =
  (name: 'sum' | 'prod'): Lowering =>
  (recording, [input], { axis, exclusive, reverse }) => {
    const at = absoluteAxis(axis as number, input!.shape.length);
    if (at === input!.axis) throw new CompileError('a running sum along the batch');
    const place = at - (input!.axis >= 0 && input!.axis < at ? 1 : 0);
    const { node, outer, size, inner } = blocksOf(recording, counted(recording, input!), [place]);
    return {
      ...input!,
      node: recording.builder.make(
        {
          op: 'accumulate',
          name,
          exclusive: Boolean(exclusive),
          reverse: Boolean(reverse),
          outer,
          size,
          inner,
        },
        { inputs: [node], dtype: node.dtype, columns: node.columns },
      ),
    };
  };

export const reductionLowerings: Readonly<Record<string, Lowering>> = {
  Sum: reduction('sum'),
  Prod: reduction('prod'),
  Max: (recording, [input], { reductionIndices, axis, keepDims }) =>
    reduction('max')(recording, [input!], { axis: reductionIndices ?? axis, keepDims }),
  Min: reduction('min'),
  Any: reduction('any'),
  All: reduction('all'),
  Mean: (recording, [input], { axis, keepDims }) => {
    const { builder } = recording;
    const axes = axesOf(input!, axis);
    const asFloat = { ...input!, node: castNode(recording, input!.node, 'float32' as DType) };
    const total = reduce(recording, 'sum', asFloat, axes, Boolean(keepDims));
    const inRow = sizeOf(
      axes.filter((one) => one !== input!.axis).map((one) => input!.shape[one]!),
    );
    const rows = input!.axis >= 0 && axes.includes(input!.axis) ? input!.shape[input!.axis]! : 1;
    const entries =
      rows === recording.rows
        ? recording.count(inRow, 1)
        : builder.constant([inRow * rows], 'float32');
    return { ...total, node: builder.map('div', total.node, entries) };
  },
  ArgMax: location('argMax'),
  ArgMin: location('argMin'),
  Cumsum: accumulation('sum'),
  Cumprod: accumulation('prod'),
};
