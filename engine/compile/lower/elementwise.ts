import {
  CompileError,
  columnsOf,
  linearPlaces,
  guessAxis,
  type Lowering,
  type Recording,
  rowShape,
  stridesOf,
  type Traced,
} from '../traced';
import type { DType, Node } from '../graph';

/** The shape two or more tensors broadcast to, and its batch axis. */
export function broadcastShape(
  recording: Recording,
  inputs: readonly Traced[],
): { shape: number[]; axis: number } {
  const rank = Math.max(...inputs.map(({ shape }) => shape.length));
  const shape = Array.from({ length: rank }, (_, place) =>
    inputs.reduce((size, input) => {
      const own = input.shape[place - rank + input.shape.length] ?? 1;
      return own === 1 ? size : own;
    }, 1),
  );
  const aligned = (input: Traced) => input.axis + rank - input.shape.length;
  const withRows = inputs.filter(({ node, axis }) => node.space && axis >= 0);
  const [first, ...rest] = withRows.length > 0 ? withRows : inputs.filter(({ axis }) => axis >= 0);
  if (!first) return { shape, axis: guessAxis(recording, shape) };
  for (const other of rest) {
    if (aligned(other) !== aligned(first)) {
      throw new CompileError('the batches of its inputs stand on different axes');
    }
  }
  return { shape, axis: aligned(first) };
}

/** An input's columns as the broadcast shape asks for them. */
export function broadcastTo(
  { builder }: Recording,
  input: Traced,
  target: { readonly shape: readonly number[]; readonly axis: number },
): Node {
  const columns = columnsOf(target);
  const { node } = input;
  if (node.columns === 1) return node;
  const lead = target.shape.length - input.shape.length;
  // The input's axes as they stand in the target, without the batch.
  const aligned: number[] = [];
  target.shape.forEach((_, place) => {
    if (place === target.axis) {
      const size = input.shape[place - lead] ?? 1;
      if (input.axis < 0 && size !== 1) {
        throw new CompileError(`a parameter of ${size} entries stands where the batch is`);
      }
      return;
    }
    aligned.push(input.shape[place - lead] ?? 1);
  });
  const wanted = rowShape(target);
  if (aligned.every((size, place) => size === wanted[place]) && columns === node.columns)
    return node;
  if (aligned.reduce((product, size) => product * size, 1) !== node.columns) {
    throw new CompileError(`shape [${input.shape}] does not broadcast to [${target.shape}]`);
  }
  const strides = stridesOf(aligned);
  return builder.pick(
    [node],
    linearPlaces(
      wanted,
      strides.map((stride, place) => (aligned[place] === 1 ? 0 : stride)),
    ),
  );
}

/** An elementwise function of its inputs, broadcast. */
export function mapTraced(
  recording: Recording,
  name: string,
  inputs: readonly Traced[],
  finish: (nodes: Node[]) => Node = (nodes) => recording.builder.map(name, ...nodes),
): Traced {
  const target = broadcastShape(recording, inputs);
  return { node: finish(inputs.map((input) => broadcastTo(recording, input, target))), ...target };
}

/** Numbers of one type as numbers of another. */
export function castNode({ builder }: Pick<Recording, 'builder'>, node: Node, dtype: DType): Node {
  const names: Partial<Record<`${DType} ${DType}`, string>> = {
    'int32 float32': 'intToFloat',
    'float32 int32': 'floatToInt',
    'bool float32': 'boolToFloat',
    'bool int32': 'boolToInt',
    'float32 bool': 'floatToBool',
    'int32 bool': 'intToBool',
  };
  const name = names[`${node.dtype} ${dtype}`];
  return name ? builder.map(name, node) : node;
}

const map =
  (name: string): Lowering =>
  (recording, inputs) =>
    mapTraced(recording, name, inputs);

/** An order of numbers; of truth values false comes before true. */
const ordered =
  (name: string): Lowering =>
  (recording, inputs) =>
    mapTraced(recording, name, inputs, (nodes) =>
      recording.builder.map(
        name,
        ...nodes.map((node) => (node.dtype === 'bool' ? castNode(recording, node, 'int32') : node)),
      ),
    );

/** Arithmetic of numbers, and the same of truth values where that makes one. */
const arithmetic =
  (name: string, ofTruth: string | null): Lowering =>
  (recording, inputs) => {
    if (inputs.every(({ node }) => node.dtype !== 'bool')) return map(name)(recording, inputs, {});
    if (ofTruth === null) throw new CompileError('arithmetic of bool: cast to numbers first');
    return map(ofTruth)(recording, inputs, {});
  };

/** Functions that are defined for floats alone: other numbers become floats first. */
const floatMap =
  (name: string): Lowering =>
  (recording, inputs) =>
    mapTraced(recording, name, inputs, (nodes) =>
      recording.builder.map(name, ...nodes.map((node) => castNode(recording, node, 'float32'))),
    );

const scalar = ({ builder }: Recording, value: number, dtype: DType = 'float32'): Node =>
  builder.constant([value], dtype);

const unary =
  (make: (recording: Recording, x: Node, attributes: Record<string, unknown>) => Node): Lowering =>
  (recording, [input], attributes) => ({
    ...input!,
    node: make(recording, input!.node, attributes),
  });

const softmaxParts = (recording: Recording, input: Traced) => {
  const { builder } = recording;
  if (input.axis === input.shape.length - 1) throw new CompileError('a softmax along the batch');
  const size = input.shape.at(-1)!;
  const columns = columnsOf(input);
  const outer = columns / size;
  const wide =
    input.node.columns === columns
      ? input.node
      : builder.pick([input.node], new Int32Array(columns));
  const reduce = (name: 'max' | 'sum', x: Node): Node =>
    builder.pick(
      [
        builder.make(
          { op: 'reduce', name, outer, size, inner: 1 },
          { inputs: [x], dtype: 'float32', columns: outer },
        ),
      ],
      Int32Array.from({ length: columns }, (_, column) => Math.floor(column / size)),
    );
  const shifted = builder.map('sub', wide, reduce('max', wide));
  const weights = builder.map('exp', shifted);
  return { shifted, weights, total: reduce('sum', weights) };
};

export const elementwiseLowerings: Readonly<Record<string, Lowering>> = {
  Add: arithmetic('add', null),
  AddN: (recording, inputs) =>
    inputs.slice(1).reduce((sum, input) => mapTraced(recording, 'add', [sum, input]), inputs[0]!),
  Sub: arithmetic('sub', null),
  Multiply: arithmetic('mul', 'and'),
  RealDiv: floatMap('div'),
  // Whole numbers on every backend.
  FloorDiv: (recording, inputs) =>
    mapTraced(recording, 'floorDiv', inputs, (nodes) =>
      castNode(recording, recording.builder.map('floorDiv', ...nodes), 'int32'),
    ),
  Maximum: arithmetic('max', 'or'),
  Minimum: arithmetic('min', 'and'),
  Mod: arithmetic('mod', null),
  Pow: arithmetic('pow', null),
  Atan2: floatMap('atan2'),
  SquaredDifference: arithmetic('squaredDifference', null),
  Less: ordered('less'),
  LessEqual: ordered('lessEqual'),
  Greater: ordered('greater'),
  GreaterEqual: ordered('greaterEqual'),
  Equal: map('equal'),
  NotEqual: map('notEqual'),
  LogicalAnd: map('and'),
  LogicalOr: map('or'),
  LogicalXor: map('xor'),
  LogicalNot: map('not'),
  Neg: arithmetic('neg', null),
  Abs: map('abs'),
  Square: map('square'),
  Relu: map('relu'),
  Sign: map('sign'),
  Exp: floatMap('exp'),
  Expm1: floatMap('expm1'),
  Log: floatMap('log'),
  Log1p: floatMap('log1p'),
  Tanh: floatMap('tanh'),
  Sigmoid: floatMap('sigmoid'),
  Softplus: floatMap('softplus'),
  Sqrt: floatMap('sqrt'),
  Rsqrt: floatMap('rsqrt'),
  Reciprocal: floatMap('reciprocal'),
  Floor: map('floor'),
  Ceil: map('ceil'),
  Round: map('round'),
  Sin: floatMap('sin'),
  Cos: floatMap('cos'),
  Tan: floatMap('tan'),
  Asin: floatMap('asin'),
  Acos: floatMap('acos'),
  Atan: floatMap('atan'),
  Sinh: floatMap('sinh'),
  Cosh: floatMap('cosh'),
  Asinh: floatMap('asinh'),
  Acosh: floatMap('acosh'),
  Atanh: floatMap('atanh'),
  Erf: floatMap('erf'),
  IsNan: floatMap('isNan'),
  IsInf: floatMap('isInf'),
  IsFinite: floatMap('isFinite'),

  Cast: (recording, [input], { dtype }) => ({
    ...input!,
    node: castNode(recording, input!.node, dtype as DType),
  }),
  Step: unary((recording, x, { alpha = 0 }) => {
    const { builder } = recording;
    const rest = builder.map(
      'select',
      builder.map('isNan', x),
      x,
      scalar(recording, alpha as number),
    );
    return builder.map(
      'select',
      builder.map('greater', x, scalar(recording, 0)),
      scalar(recording, 1),
      rest,
    );
  }),
  ClipByValue: unary((recording, x, { clipValueMin, clipValueMax }) =>
    recording.builder.map(
      'clip',
      scalar(recording, clipValueMin as number, x.dtype),
      scalar(recording, clipValueMax as number, x.dtype),
      x,
    ),
  ),
  Elu: unary((recording, x) => {
    const { builder } = recording;
    const positive = builder.map('greaterEqual', x, scalar(recording, 0));
    return builder.map('select', positive, x, builder.map('expm1', x));
  }),
  LeakyRelu: unary((recording, x, { alpha }) => {
    const { builder } = recording;
    const negative = builder.map('less', x, scalar(recording, 0));
    return builder.map(
      'select',
      negative,
      builder.map('mul', scalar(recording, alpha as number), x),
      x,
    );
  }),
  Relu6: unary((recording, x) => {
    const { builder } = recording;
    return builder.map('min', builder.map('relu', x), scalar(recording, 6));
  }),
  Select: (recording, [condition, yes, no]) => {
    // A condition of rank one chooses rows.
    const { shape } = condition!;
    const rank = yes!.shape.length;
    const chooser =
      shape.length === rank || shape.length === 0
        ? condition!
        : { ...condition!, shape: [...shape, ...new Array<number>(rank - shape.length).fill(1)] };
    return mapTraced(recording, 'select', [chooser, yes!, no!]);
  },
  Softmax: (recording, [input]) => {
    const { weights, total } = softmaxParts(recording, input!);
    return { ...input!, node: recording.builder.map('div', weights, total) };
  },
  LogSoftmax: (recording, [input]) => {
    const { shifted, total } = softmaxParts(recording, input!);
    const { builder } = recording;
    return { ...input!, node: builder.map('sub', shifted, builder.map('log', total)) };
  },
  Identity: (_, [input]) => input!,
  ZerosLike: (recording, [input]) => ({
    ...input!,
    node: recording.builder.constant([0], input!.node.dtype),
  }),
  OnesLike: (recording, [input]) => ({
    ...input!,
    node: recording.builder.constant([1], input!.node.dtype),
  }),
};
