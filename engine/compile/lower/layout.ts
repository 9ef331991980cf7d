import type { DType } from '../graph';
import {
  absoluteAxis,
  columnsOf,
  CompileError,
  eachPlace,
  expanded,
  guessAxis,
  linearPlaces,
  type Lowering,
  type Recording,
  rowShape,
  sizeOf,
  stridesOf,
  type Traced,
} from '../traced';
import { broadcastTo } from './elementwise';

/** Where the batch stands once the shape is another. */
function reshape(recording: Recording, input: Traced, shape: readonly number[]): Traced {
  const known = sizeOf(shape.filter((size) => size !== -1));
  const full = shape.map((size) => (size === -1 ? sizeOf(input.shape) / known : size));
  if (input.axis < 0) return { node: input.node, shape: full, axis: -1 };
  const rows = input.shape[input.axis]!;
  const before = sizeOf(input.shape.slice(0, input.axis));
  const axis = full.findIndex(
    (size, place) => size === rows && sizeOf(full.slice(0, place)) === before,
  );
  if (axis < 0) {
    if (!input.node.space && input.node.columns === 1) {
      return { node: input.node, shape: full, axis: guessAxis(recording, full) };
    }
    throw new CompileError(`[${input.shape}] as [${full}] mixes rows of the batch with columns`);
  }
  return { node: input.node, shape: full, axis };
}

type Place = Omit<Traced, 'node'>;

/** Whether a constant that is the same everywhere is so in another shape, too. */
const isUniformAs = ({ node, ...own }: Traced, result: Place): boolean =>
  node.columns === 1 &&
  node.op === 'constant' &&
  !result.shape.includes(0) &&
  columnsOf(own) === columnsOf(result);

/** A value whose entries lie in the input `steps` apart, axis by axis of its row shape, from `base` on. */
function rearrangeBySteps(
  recording: Recording,
  input: Traced,
  result: Place,
  steps: readonly number[],
  base = 0,
): Traced {
  if (isUniformAs(input, result)) return { ...result, node: input.node };
  const isNarrow = input.node.columns === 1;
  const places = isNarrow
    ? new Int32Array(columnsOf(result))
    : linearPlaces(rowShape(result), steps, base);
  return { ...result, node: recording.builder.pick([input.node], places) };
}

/** A value whose entries are those of the input, chosen by coordinates of its row shape. */
export function rearrange(
  recording: Recording,
  input: Traced,
  shape: readonly number[],
  axis: number,
  sourceOf: (coordinates: readonly number[]) => readonly number[] | null,
  fill = 0,
): Traced {
  const result = { shape, axis };
  if (fill === 0 && isUniformAs(input, result)) return { ...result, node: input.node };
  const strides = stridesOf(rowShape(input));
  const narrow = input.node.columns === 1;
  const node = recording.builder.pick(
    [input.node],
    eachPlace(rowShape(result), (coordinates) => {
      const source = sourceOf(coordinates);
      if (source === null) return -1;
      return narrow ? 0 : source.reduce((sum, at, place) => sum + at * strides[place]!, 0);
    }),
    fill,
  );
  return { ...result, node };
}

/** The place of an axis among those of a row; null for the batch's own. */
export const withinRow = (input: Traced, axis: number): number | null =>
  axis === input.axis ? null : axis - (input.axis >= 0 && input.axis < axis ? 1 : 0);

export const alongBatch = (what: string) =>
  new CompileError(`${what} along the batch; rows are independent of each other`);

function concat(recording: Recording, inputs: readonly Traced[], axis: number): Traced {
  const parts = inputs.filter(({ shape }) => shape[axis] !== 0);
  if (parts.length === 1) return parts[0]!;
  const withAxis = parts.find((part) => part.node.space) ?? parts.find((part) => part.axis >= 0);
  const batch = withAxis?.axis ?? -1;
  if (axis === batch) throw alongBatch('concatenation');
  const aligned = parts.map((part) => ({ ...part, axis: batch }));
  const shape = [...aligned[0]!.shape];
  shape[axis] = aligned.reduce((sum, part) => sum + part.shape[axis]!, 0);
  const result = { shape, axis: batch };
  const place = withinRow({ ...aligned[0]!, ...result }, axis)!;
  const nodes = aligned.map((part) => expanded(recording, part));
  // Of every part in turn, what lies side by side behind the axis.
  const stretches = aligned.map((part) => sizeOf(rowShape(part).slice(place)));
  const source = new Int32Array(columnsOf(result));
  const next: number[] = [];
  nodes.reduce((sum, node) => {
    next.push(sum);
    return sum + node.columns;
  }, 0);
  for (let column = 0; column < source.length;) {
    stretches.forEach((length, part) => {
      for (let at = 0; at < length; at += 1) source[column++] = next[part]! + at;
      next[part]! += length;
    });
  }
  return { ...result, node: recording.builder.pick(nodes, source) };
}

function slice(
  recording: Recording,
  input: Traced,
  begin: readonly number[],
  size: readonly number[],
  step: readonly number[] = [],
): Traced {
  const batch = input.axis;
  if (batch >= 0 && (begin[batch] !== 0 || size[batch] !== input.shape[batch])) {
    throw alongBatch('slicing');
  }
  const offset = begin.filter((_, axis) => axis !== batch);
  const stride = step.filter((_, axis) => axis !== batch);
  const strides = stridesOf(rowShape(input));
  return rearrangeBySteps(
    recording,
    input,
    { shape: size, axis: batch },
    strides.map((own, place) => own * (stride[place] ?? 1)),
    offset.reduce((sum, at, place) => sum + at * strides[place]!, 0),
  );
}

export const withAxisAt = (input: Traced, axis: number, sizes: readonly number[]): Traced => ({
  node: input.node,
  shape: [...input.shape.slice(0, axis), ...sizes, ...input.shape.slice(axis)],
  axis: input.axis >= axis ? input.axis + sizes.length : input.axis,
});

const withoutAxis = (input: Traced, axis: number): Traced => ({
  node: input.node,
  shape: input.shape.filter((_, place) => place !== axis),
  axis: input.axis > axis ? input.axis - 1 : input.axis,
});

function split(recording: Recording, input: Traced, axis: number, sizes: readonly number[]) {
  let start = 0;
  return sizes.map((size) => {
    const begin = input.shape.map(() => 0);
    begin[axis] = start;
    const full = [...input.shape];
    full[axis] = size;
    start += size;
    return slice(recording, input, begin, full);
  });
}

export const layoutLowerings: Readonly<Record<string, Lowering>> = {
  Reshape: (recording, [input], { shape }) => reshape(recording, input!, shape as number[]),
  ExpandDims: (_, [input], { dim }) => {
    const rank = input!.shape.length;
    return withAxisAt(
      input!,
      (dim as number) < 0 ? rank + 1 + (dim as number) : (dim as number),
      [1],
    );
  },
  Transpose: (recording, [input], { perm }) => {
    const order = perm as number[];
    const shape = order.map((axis) => input!.shape[axis]!);
    const axis = order.indexOf(input!.axis);
    const places = order
      .filter((from) => from !== input!.axis)
      .map((from) => withinRow(input!, from)!);
    const strides = stridesOf(rowShape(input!));
    return rearrangeBySteps(
      recording,
      input!,
      { shape, axis: input!.axis < 0 ? -1 : axis },
      places.map((place) => strides[place]!),
    );
  },
  Concat: (recording, inputs, { axis }) =>
    concat(recording, inputs, absoluteAxis(axis as number, inputs[0]!.shape.length)),
  Pack: (recording, inputs, { axis }) => {
    const at =
      (axis as number) < 0 ? inputs[0]!.shape.length + 1 + (axis as number) : (axis as number);
    return concat(
      recording,
      inputs.map((input) => withAxisAt(input, at, [1])),
      at,
    );
  },
  Unpack: (recording, [input], { axis }) => {
    const at = absoluteAxis(axis as number, input!.shape.length);
    if (at === input!.axis) throw alongBatch('unstacking');
    const parts = split(recording, input!, at, new Array<number>(input!.shape[at]!).fill(1));
    return parts.map((part) => withoutAxis(part, at));
  },
  SplitV: (recording, [input], { numOrSizeSplits, axis }) => {
    const at = absoluteAxis(axis as number, input!.shape.length);
    const whole = input!.shape[at]!;
    const sizes = Array.isArray(numOrSizeSplits)
      ? (numOrSizeSplits as number[])
      : new Array<number>(numOrSizeSplits as number).fill(whole / (numOrSizeSplits as number));
    const known = sizes.filter((size) => size !== -1).reduce((sum, size) => sum + size, 0);
    return split(
      recording,
      input!,
      at,
      sizes.map((size) => (size === -1 ? whole - known : size)),
    );
  },
  Slice: (recording, [input], { begin, size }) => {
    const { shape } = input!;
    const starts = shape.map(
      (_, axis) => (Array.isArray(begin) ? (begin[axis] as number) : (begin as number)) ?? 0,
    );
    const sizes = shape.map((whole, axis) => {
      const given = Array.isArray(size) ? (size[axis] as number) : (size as number);
      return given === undefined || given < 0 ? whole - starts[axis]! : given;
    });
    return slice(recording, input!, starts, sizes);
  },
  StridedSlice: (recording, [input], attributes) => {
    for (const name of ['ellipsisMask', 'newAxisMask', 'shrinkAxisMask']) {
      if (attributes[name]) throw new CompileError(`${name} of a strided slice is not supported`);
    }
    const { begin, end, strides, beginMask, endMask } = attributes as Record<string, number[]> & {
      beginMask: number;
      endMask: number;
    };
    const starts: number[] = [];
    const sizes: number[] = [];
    const steps: number[] = [];
    input!.shape.forEach((whole, axis) => {
      const step = strides?.[axis] ?? 1;
      const limit = (value: number) =>
        Math.min(Math.max(value < 0 ? value + whole : value, 0), whole);
      if (step < 0) throw new CompileError('negative strides: use tf.reverse');
      const start = (beginMask >> axis) & 1 ? 0 : limit(begin?.[axis] ?? 0);
      const stop = (endMask >> axis) & 1 ? whole : limit(end?.[axis] ?? whole);
      starts.push(start);
      steps.push(step);
      sizes.push(Math.max(0, Math.ceil((stop - start) / step)));
    });
    return slice(recording, input!, starts, sizes, steps);
  },
  Reverse: (recording, [input], { dims }) => {
    const axes = [dims as number | number[]]
      .flat()
      .map((axis) => absoluteAxis(axis, input!.shape.length));
    if (axes.includes(input!.axis)) throw alongBatch('reversal');
    const places = axes.map((axis) => withinRow(input!, axis)!);
    const sizes = rowShape(input!);
    return rearrange(recording, input!, input!.shape, input!.axis, (coordinates) =>
      coordinates.map((at, place) => (places.includes(place) ? sizes[place]! - 1 - at : at)),
    );
  },
  PadV2: (recording, [input], { paddings, constantValue }) => {
    const pads = paddings as [number, number][];
    const { axis, shape } = input!;
    if (axis >= 0 && (pads[axis]![0] !== 0 || pads[axis]![1] !== 0)) throw alongBatch('padding');
    const padded = shape.map((size, place) => pads[place]![0] + size + pads[place]![1]);
    const before = pads.filter((_, place) => place !== axis).map(([lead]) => lead);
    const sizes = rowShape(input!);
    return rearrange(
      recording,
      { ...input!, node: input!.node },
      padded,
      axis,
      (coordinates) => {
        const source = coordinates.map((at, place) => at - before[place]!);
        return source.every((at, place) => at >= 0 && at < sizes[place]!) ? source : null;
      },
      constantValue as number,
    );
  },
  Tile: (recording, [input], { reps }) => {
    const times = reps as number[];
    const { axis, shape } = input!;
    // Rows repeated: a parameter that becomes a batch of equal rows, or nothing at all.
    if (axis >= 0 && times[axis] !== 1) throw alongBatch('repetition');
    const target = shape.map((size, place) => size * times[place]!);
    const batch = axis < 0 ? guessAxis(recording, target) : axis;
    if (axis < 0 && batch >= 0 && shape[batch] === 1) {
      const rowless = { ...input!, axis: batch };
      const sizes = rowShape(rowless);
      return rearrange(recording, rowless, target, batch, (coordinates) =>
        coordinates.map((at, place) => at % sizes[place]!),
      );
    }
    const sizes = rowShape(input!);
    return rearrange(recording, input!, target, axis, (coordinates) =>
      coordinates.map((at, place) => at % sizes[place]!),
    );
  },
  BroadcastTo: (recording, [input], { shape, inputShape: _ }) => {
    const target = shape as number[];
    const axis =
      input!.axis >= 0
        ? input!.axis + target.length - input!.shape.length
        : guessAxis(recording, target);
    return { node: broadcastTo(recording, input!, { shape: target, axis }), shape: target, axis };
  },
  Fill: (recording, _, { shape, value, dtype }) => ({
    node: recording.builder.constant([value as number], (dtype as DType | undefined) ?? 'float32'),
    shape: shape as number[],
    axis: guessAxis(recording, shape as number[]),
  }),
  Range: (recording, _, { start, stop, step, dtype }) => {
    const [from, to, by] = [start, stop, step] as [number, number, number];
    const values: number[] = [];
    for (let at = from; by > 0 ? at < to : at > to; at += by) values.push(at);
    return {
      node: recording.builder.constant(values, (dtype as DType | undefined) ?? 'float32'),
      shape: [values.length],
      axis: -1,
    };
  },
};
