import type { Node } from '../graph';
import {
  CompileError,
  eachPlace,
  linearPlaces,
  expanded,
  type Lowering,
  type Recording,
  sizeOf,
  stridesOf,
  type Traced,
} from '../traced';
import { reduceRows } from './reductions';

/** Multiplications that a product without a batch axis of its own may take: more is no parameter arithmetic. */
const mostProducts = 2 ** 22;

function transposed(recording: Recording, input: Traced): Node {
  const [rows, columns] = input.shape as [number, number];
  return recording.builder.pick(
    [expanded(recording, input)],
    linearPlaces([columns, rows], [1, columns]),
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

export const productLowerings: Readonly<Record<string, Lowering>> = {
  BatchMatMul: matMul,
  _FusedMatMul: () => {
    throw new CompileError('the fused product: use tf.matMul and the activation apart');
  },
};
