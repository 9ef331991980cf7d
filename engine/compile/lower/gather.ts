import { functions } from '../emit/functions';
import { type DType, isUniform, type Node, type Space } from '../graph';
import {
  absoluteAxis,
  columnsOf,
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
import { mapTraced } from './elementwise';
import { alongBatch, rearrange, withAxisAt, withinRow } from './layout';

/** Chosen rows of what was made of rows by cheap functions are made of chosen rows: nothing is stored. */
function chooseRows({ builder }: Recording, from: Node, index: Node, space: Space): Node {
  const chosen = new Map<Node, Node>();
  const choose = (node: Node): Node => {
    const known = node.space ? chosen.get(node) : node;
    if (known) return known;
    const result = make(node);
    chosen.set(node, result);
    return result;
  };
  const make = (node: Node): Node => {
    if (node.op === 'map' && functions[node.name]!.isCheap) {
      return builder.map(node.name, ...node.inputs.map(choose));
    }
    if (node.op === 'pick') return builder.pick(node.inputs.map(choose), node.source, node.fill);
    return builder.make(
      { op: 'gatherRows' },
      { inputs: [node, index], dtype: node.dtype, columns: node.columns, space },
    );
  };
  return choose(from);
}

/** A parameter as numbers that lie in memory one after the other. */
function listed(recording: Recording, traced: Traced): Node {
  const node = expanded(recording, traced);
  if (!isUniform(node)) return node;
  return recording.builder.make(
    { op: 'pick', source: new Int32Array(node.columns), fill: 0 },
    { inputs: [node], dtype: node.dtype, columns: node.columns },
  );
}

/** Entries chosen by number: of rows (a new batch), of the entries of a row, of a parameter. */
function gather(
  recording: Recording,
  [data, index]: readonly Traced[],
  attributes: Readonly<Record<string, unknown>>,
): Traced {
  const { builder } = recording;
  const axis = absoluteAxis(attributes['axis'] as number, data!.shape.length);
  if (((attributes['batchDims'] as number) ?? 0) !== 0) {
    throw new CompileError('batchDims are not supported: take entries through oneHot');
  }
  const before = data!.shape.slice(0, axis);
  const after = data!.shape.slice(axis + 1);
  const shape = [...before, ...index!.shape, ...after];
  const from = data!.node;
  if (axis === data!.axis && from.space) {
    if (index!.node.space) throw alongBatch('choosing rows by an index of each row');
    if (index!.shape.length !== 1) throw new CompileError('rows are chosen by an index of rank 1');
    const numbers = listed(recording, index!);
    const space = recording.spaceOf(numbers, index!.shape[0]!);
    return { node: chooseRows(recording, from, numbers, space), shape, axis };
  }
  if (index!.node.op === 'constant') {
    const numbers = builder.pick(
      [index!.node],
      new Int32Array(columnsOf(index!)).map((_, i) => (index!.node.columns === 1 ? 0 : i)),
    ) as Node & { op: 'constant' };
    const at = (place: number) => numbers.values[numbers.values.length === 1 ? 0 : place]!;
    const place = withinRow(data!, axis)!;
    const batch = data!.axis < axis ? data!.axis : data!.axis + index!.shape.length - 1;
    const inner = index!.shape.length;
    const strides = stridesOf(index!.shape);
    return rearrange(recording, data!, shape, data!.axis < 0 ? -1 : batch, (coordinates) => {
      const chosen = coordinates
        .slice(place, place + inner)
        .reduce((sum, coordinate, i) => sum + coordinate * strides[i]!, 0);
      return [...coordinates.slice(0, place), at(chosen), ...coordinates.slice(place + inner)];
    });
  }
  // A table: its entries run along the axis, each with what stands behind it.
  if (
    sizeOf(before) !== 1 &&
    !(data!.axis >= 0 && sizeOf(rowShape({ ...data!, shape: before })) === 1)
  ) {
    throw new CompileError('entries are chosen along the first axis of a row only');
  }
  if (from.space && index!.node.space && from.space !== index!.node.space) {
    throw new CompileError('the index belongs to another batch');
  }
  const size = data!.shape[axis]!;
  const width = sizeOf(after);
  const table = expanded(recording, data!);
  const numbers = index!.axis >= 0 || !data!.node.space ? index!.node : expanded(recording, index!);
  const result = {
    shape,
    axis: data!.axis >= 0 ? data!.axis : index!.axis < 0 ? -1 : axis + index!.axis,
  };
  const node = builder.make(
    { op: 'lookup', size, width },
    { inputs: [table, numbers], dtype: from.dtype, columns: numbers.columns * width },
  );
  return {
    ...result,
    node:
      node.columns === columnsOf(result)
        ? node
        : builder.pick(
            [node],
            eachPlace([columnsOf(index!), width], ([, column]) => column!),
          ),
  };
}

export const gatherLowerings: Readonly<Record<string, Lowering>> = {
  GatherV2: gather,
  OneHot: (recording, [input], { depth, onValue, offValue, dtype }) => {
    const { builder } = recording;
    const size = depth as number;
    const index = withAxisAt(input!, input!.shape.length, [1]);
    const steps: Traced = {
      node: builder.constant(
        Array.from({ length: size }, (_, at) => at),
        'int32',
      ),
      shape: [size],
      axis: -1,
    };
    const type = (dtype as DType | undefined) ?? 'int32';
    return mapTraced(recording, 'oneHot', [index, steps], ([at, each]) =>
      builder.map(
        'select',
        builder.map('equal', at!, each!),
        builder.constant([onValue as number], type),
        builder.constant([offValue as number], type),
      ),
    );
  },
};
