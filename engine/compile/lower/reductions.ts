import type { DType, Node, ReduceName } from '../graph';
import {
  absoluteAxis,
  CompileError,
  eachPlace,
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
    eachPlace(
      order.map((place) => shape[place]!),
      (coordinates) =>
        coordinates.reduce((sum, at, index) => sum + at * strides[order[index]!]!, 0),
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

function reduceRows(recording: Recording, name: ReduceName, node: Node, rows: number): Node {
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

/** Multiplications that a product without a batch axis of its own may take: more is no parameter arithmetic. */
const mostProducts = 2 ** 22;

function transposed(recording: Recording, input: Traced): Node {
  const [rows, columns] = input.shape as [number, number];
  return recording.builder.pick(
    [expanded(recording, input)],
    eachPlace([columns, rows], ([column, row]) => row! * columns + column!),
  );
}

function matMul(
  recording: Recording,
  [left, right]: readonly Traced[],
  attributes: Readonly<Record<string, unknown>>,
): Traced {
  const { builder } = recording;
  const [transposeA, transposeB] = [
    Boolean(attributes['transposeA']),
    Boolean(attributes['transposeB']),
  ];
  const [a, b] = [left!, right!];
  if (a.node.dtype !== 'float32' || b.node.dtype !== 'float32') {
    throw new CompileError(`a product of ${a.node.dtype} with ${b.node.dtype}: cast to float32`);
  }
  if (a.shape.length > 2 || b.shape.length > 2)
    return matMulBatched(recording, a, b, transposeA, transposeB);
  const contractsA = transposeA ? 0 : 1;
  const contractsB = transposeB ? 1 : 0;
  const size = a.shape[contractsA]!;
  const shape = [a.shape[1 - contractsA]!, b.shape[1 - contractsB]!];
  const affine = (x: Traced, weights: Node, columns: number): Node =>
    builder.make(
      { op: 'matmul', inner: [size] },
      { inputs: [expanded(recording, x), weights], dtype: 'float32', columns, space: x.node.space },
    );
  if (a.node.space && b.node.space) {
    if (a.axis !== contractsA || b.axis !== contractsB) {
      throw new CompileError('a product of rows with rows that does not sum over the batch');
    }
    const node = builder.make(
      { op: 'outer' },
      {
        inputs: [expanded(recording, a), expanded(recording, b)],
        dtype: 'float32',
        columns: shape[0]! * shape[1]!,
        space: null,
      },
    );
    return { node, shape, axis: -1 };
  }
  if (a.axis === contractsA && b.axis === contractsB) {
    // One of them is the same in every row: what the other adds up to times that.
    const [left, right] = [expanded(recording, a), expanded(recording, b)];
    const total = (node: Node) => reduceRows(recording, 'sum', node, size);
    const [first, second] = a.node.space ? [total(left), right] : [left, total(right)];
    return matMulBatched(
      recording,
      { node: first, shape: [shape[0]!, 1], axis: -1 },
      { node: second, shape: [1, shape[1]!], axis: -1 },
      false,
      false,
    );
  }
  if (a.node.space && a.axis !== contractsA) {
    const weights = transposeB ? transposed(recording, b) : expanded(recording, b);
    return { node: affine(a, weights, shape[1]!), shape, axis: 0 };
  }
  if (b.node.space && b.axis !== contractsB) {
    const weights = transposeA ? expanded(recording, a) : transposed(recording, a);
    return { node: affine(b, weights, shape[0]!), shape, axis: 1 };
  }
  if (a.node.space || b.node.space || a.axis >= 0 || b.axis >= 0) {
    const equalRows = (input: Traced) => input.axis >= 0 && !input.node.space;
    if (equalRows(a) && a.axis !== contractsA && !b.node.space && b.axis < 0) {
      const one = matMulBatched(
        recording,
        { ...a, shape: [1, size], axis: -1 },
        b,
        false,
        transposeB,
      );
      return { node: one.node, shape, axis: 0 };
    }
    throw new CompileError('a product over the batch with a parameter');
  }
  return matMulBatched(recording, a, b, transposeA, transposeB);
}

/** Within rows or among parameters: products summed one by one. */
function matMulBatched(
  recording: Recording,
  a: Traced,
  b: Traced,
  transposeA: boolean,
  transposeB: boolean,
): Traced {
  const { builder } = recording;
  const rank = Math.max(a.shape.length, b.shape.length);
  const lead = (input: Traced) => [
    ...new Array<number>(rank - input.shape.length).fill(1),
    ...input.shape.slice(0, -2),
  ];
  const batch = lead(a).map((size, place) => Math.max(size, lead(b)[place]!));
  const matrix = ({ shape }: Traced, flip: boolean) => {
    const [rows, columns] = shape.slice(-2) as [number, number];
    return flip ? [columns, rows] : [rows, columns];
  };
  const [m, inner] = matrix(a, transposeA) as [number, number];
  const [, n] = matrix(b, transposeB) as [number, number];
  const axes = [a, b].map((input) =>
    input.axis < 0 ? -1 : input.axis + rank - input.shape.length,
  );
  const axis = Math.max(...axes);
  if (axis >= rank - 2 || axes.some((own) => own >= 0 && own !== axis)) {
    throw new CompileError('a product of matrices whose batch is not in front');
  }
  const shape = [...batch, m, n];
  const products = [...batch.filter((_, place) => place !== axis), m, n, inner];
  if (sizeOf(products) > mostProducts) {
    throw new CompileError(`a product of parameters with ${sizeOf(products)} multiplications`);
  }
  /** @param flip whether the inner index is the first of the matrix */
  const factor = (input: Traced, flip: boolean, isLeft: boolean): Node => {
    const node = expanded(recording, input);
    const sizes = [...lead(input), ...input.shape.slice(-2)];
    const own = sizes.filter((_, place) => place !== axis);
    const strides = stridesOf(own);
    return builder.pick(
      [node],
      eachPlace(products, (coordinates) => {
        const [row, column, k] = coordinates.slice(-3) as [number, number, number];
        const outside = isLeft ? row : column;
        const [i, j] = flip ? [k, outside] : [outside, k];
        const at = [...coordinates.slice(0, -3), i, j];
        return at.reduce(
          (sum, one, place) => sum + (own[place] === 1 ? 0 : one * strides[place]!),
          0,
        );
      }),
    );
  };
  const product = builder.map('mul', factor(a, transposeA, true), factor(b, !transposeB, false));
  const outer = sizeOf(products) / inner;
  const full =
    product.columns === 1 ? builder.pick([product], new Int32Array(outer * inner)) : product;
  const node =
    inner === 1
      ? full
      : builder.make(
          { op: 'reduce', name: 'sum', outer, size: inner, inner: 1 },
          { inputs: [full], dtype: 'float32', columns: outer },
        );
  return { node, shape, axis };
}

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
    const overBatch = input!.axis >= 0 && axes.includes(input!.axis);
    const space = input!.node.space;
    const entries =
      overBatch && (space?.size ?? null) === null
        ? recording.count(inRow, 1)
        : builder.constant([inRow * (overBatch ? space!.size! : 1)], 'float32');
    return { ...total, node: builder.map('div', total.node, entries) };
  },
  ArgMax: location('argMax'),
  ArgMin: location('argMin'),
  Cumsum: accumulation('sum'),
  Cumprod: accumulation('prod'),
  BatchMatMul: matMul,
  _FusedMatMul: () => {
    throw new CompileError('the fused product: use tf.matMul and the activation apart');
  },
};
