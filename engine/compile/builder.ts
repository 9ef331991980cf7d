import { functions, roundTo } from './emit/functions';
import { type DType, isUniform, type Node, type Operation, type Region, type Space } from './graph';

export interface NodeOptions {
  readonly inputs?: readonly Node[];
  readonly dtype: DType;
  readonly columns: number;
  /** Default: the one its inputs have. */
  readonly space?: Space | null;
}

/**
 * Makes nodes, each of them once: the same operation on the same inputs is the same node, constants are
 * folded, and what changes nothing is left out. A node belongs to the innermost loop that its inputs
 * belong to, so that whatever is the same in every step stands outside of the loop.
 */
export interface Builder {
  make(operation: Operation, options: NodeOptions): Node;
  constant(values: ArrayLike<number>, dtype: DType): Node;
  map(name: string, ...inputs: Node[]): Node;
  /** @param source column by column, of the inputs side by side; −1: `fill` */
  pick(inputs: readonly Node[], source: ArrayLike<number>, fill?: number): Node;
}

export function createBuilder(): Builder {
  const known = new Map<string, Node>();
  let count = 0;

  const make = (operation: Operation, options: NodeOptions): Node => {
    const { inputs = [], dtype, columns } = options;
    const space = options.space === undefined ? spaceOf(inputs, operation) : options.space;
    const region = operation.op === 'slot' ? operation.of : regionOf(operation, inputs);
    const key = keyOf(operation, inputs, dtype, columns);
    const existing = key === null ? undefined : known.get(key);
    if (existing) return existing;
    const node = { ...operation, id: count, inputs, dtype, columns, space, region } as Node;
    count += 1;
    if (key !== null) known.set(key, node);
    return node;
  };

  const constant: Builder['constant'] = (values, dtype) => {
    const list = Array.from(values);
    const first = list[0] ?? 0;
    const same = list.every((value) => Object.is(value, first));
    const kept = same ? [first] : list;
    return make({ op: 'constant', values: kept }, { dtype, columns: kept.length, space: null });
  };

  const map: Builder['map'] = (name, ...inputs) => {
    const simpler = simplifyMap(name, inputs);
    if (simpler) return simpler;
    const columns = Math.max(...inputs.map((input) => input.columns));
    const last = inputs[inputs.length - 1]!;
    const { result, evaluate } = functions[name]!;
    const dtype = result === 'same' ? last.dtype : result;
    if (inputs.every((input) => input.op === 'constant')) {
      const numbers = Array.from({ length: columns }, (_, column) =>
        roundTo(
          dtype,
          evaluate(
            inputs.map((input) => at(input as Node & { op: 'constant' }, column)),
            last.dtype,
          ),
        ),
      );
      return constant(numbers, dtype);
    }
    // An input that repeats its single column is that column.
    const narrow = inputs.map((input) => repeated(input) ?? input);
    const used = narrow.some((input) => input.columns === columns) ? narrow : inputs;
    return make({ op: 'map', name }, { inputs: used, dtype, columns });
  };

  const pick: Builder['pick'] = (inputs, source, fill = 0) => {
    const { from, places } = usedColumns(inputs, source);
    const dtype = inputs[0]!.dtype;
    if (from.length === 0) return constant(new Array<number>(places.length).fill(fill), dtype);
    if (from.every((input) => input.op === 'constant')) {
      const numbers = from.flatMap((input) => columnsOf(input as Node & { op: 'constant' }));
      return constant(
        Array.from(places, (place) => (place < 0 ? fill : numbers[place]!)),
        dtype,
      );
    }
    if (from.length === 1 && isIdentity(places, from[0]!.columns)) return from[0]!;
    const composed = throughPicks(from, places, fill);
    if (composed) return pick(composed.inputs, composed.places, fill);
    return make(
      { op: 'pick', source: places, fill },
      { inputs: from, dtype, columns: places.length },
    );
  };

  return { make, constant, map, pick };
}

/** Removes what changes nothing. */
function simplifyMap(name: string, inputs: readonly Node[]): Node | null {
  const [a, b, c] = inputs as [Node, Node, Node];
  const is = (node: Node, value: number) => isUniform(node) && node.values[0] === value;
  switch (name) {
    case 'mul':
      if (is(b, 1)) return a;
      return is(a, 1) ? b : null;
    case 'div':
      return is(b, 1) ? a : null;
    case 'sub':
      return is(b, 0) ? a : null;
    case 'select':
      if (b === c) return b;
      if (!isUniform(a) || b.columns !== c.columns) return null;
      return a.values[0] !== 0 ? b : c;
    default:
      return null;
  }
}

/** The node whose only column this one repeats. */
function repeated(node: Node): Node | null {
  if (node.op !== 'pick' || node.inputs.length !== 1 || node.inputs[0]!.columns !== 1) return null;
  return node.source.every((place) => place === 0) ? node.inputs[0]! : null;
}

const at = ({ values }: { readonly values: readonly number[] }, column: number): number =>
  values.length === 1 ? values[0]! : values[column]!;

const columnsOf = (node: Node & { op: 'constant' }): number[] =>
  Array.from({ length: node.columns }, (_, column) => at(node, column));

/** The inputs that are used at all, each once, and the source in terms of them. */
function usedColumns(
  inputs: readonly Node[],
  source: ArrayLike<number>,
): { from: Node[]; places: Int32Array } {
  const ends: number[] = [];
  inputs.reduce((end, { columns }) => {
    ends.push(end + columns);
    return end + columns;
  }, 0);
  const from: Node[] = [];
  const shifts = new Map<number, number>();
  const starts = new Map<Node, number>();
  let width = 0;
  /** What a place within an input grows by. */
  const shiftOf = (index: number): number => {
    const input = inputs[index]!;
    if (!starts.has(input)) {
      starts.set(input, width);
      from.push(input);
      width += input.columns;
    }
    return starts.get(input)! - (ends[index]! - input.columns);
  };
  const places = new Int32Array(source.length);
  let index = 0;
  for (let column = 0; column < source.length; column += 1) {
    const place = source[column]!;
    if (place < 0) {
      places[column] = -1;
      continue;
    }
    // Neighbours mostly come from the same input.
    if (place >= ends[index]! || place < ends[index]! - inputs[index]!.columns) {
      index = ends.findIndex((end) => place < end);
    }
    let shift = shifts.get(index);
    if (shift === undefined) shifts.set(index, (shift = shiftOf(index)));
    places[column] = place + shift;
  }
  return { from, places };
}

const isIdentity = (places: Int32Array, columns: number): boolean =>
  places.length === columns && places.every((place, index) => place === index);

/** Looks through inputs that are picks themselves; null if none is. */
function throughPicks(
  from: readonly Node[],
  places: Int32Array,
  fill: number,
): { inputs: Node[]; places: Int32Array } | null {
  const sees = (node: Node): node is Node & { op: 'pick' } =>
    node.op === 'pick' && (node.fill === fill || !node.source.includes(-1));
  if (!from.some(sees)) return null;
  const inputs: Node[] = [];
  const table: number[] = [];
  let width = 0;
  for (const node of from) {
    if (sees(node)) {
      const start = width;
      inputs.push(...node.inputs);
      width += node.inputs.reduce((sum, input) => sum + input.columns, 0);
      for (const place of node.source) table.push(place < 0 ? -1 : start + place);
    } else {
      inputs.push(node);
      for (let column = 0; column < node.columns; column += 1) table.push(width + column);
      width += node.columns;
    }
  }
  return { inputs, places: places.map((place) => (place < 0 ? -1 : table[place]!)) };
}

function spaceOf(inputs: readonly Node[], { op }: Operation): Space | null {
  let space: Space | null = null;
  for (const input of inputs) {
    if (!input.space) continue;
    if (space && space !== input.space) {
      throw new Error(`${op} of rows of ${space.name} with rows of ${input.space.name}`);
    }
    space = input.space;
  }
  return space;
}

function regionOf(operation: Operation, inputs: readonly Node[]): Region | null {
  if (operation.op === 'final' || operation.op === 'stack') return operation.of.parent;
  let deepest: Region | null = null;
  for (const { region } of inputs) {
    if (region && region.depth > (deepest?.depth ?? 0)) deepest = region;
  }
  return deepest;
}

const regionNumbers = new WeakMap<Region, number>();
let regionCount = 0;
function numberOf(region: Region): number {
  if (!regionNumbers.has(region)) regionNumbers.set(region, (regionCount += 1));
  return regionNumbers.get(region)!;
}

/** A table's bytes as text, which takes far less time than its numbers as text. */
const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): string =>
  `${byteLength}:${Buffer.from(buffer, byteOffset, byteLength).toString('latin1')}`;

function keyOf(
  operation: Operation,
  inputs: readonly Node[],
  dtype: DType,
  columns: number,
): string {
  const { op, ...attributes } = operation;
  const parts = Object.entries(attributes).map(([name, value]) => {
    if (name === 'of') return `region${numberOf(value as Region)}`;
    if (Array.isArray(value))
      return value.map((entry) => (Object.is(entry, -0) ? '-0' : entry)).join();
    return ArrayBuffer.isView(value) ? bytesOf(value) : String(value);
  });
  return [op, dtype, columns, ...parts, '|', ...inputs.map(({ id }) => id)].join(' ');
}
