import { functions } from './functions';
import type { DType, Graph, Node, NodeOf } from '../graph';
import { mostRegisters, type StripItem, type TilePlan } from '../tile-plan';
import { CompileError } from '../traced';
import { readsAcross } from '../views';
import { runsOf } from './c-parameters';
import { columnPlace, literal, memoryOf } from './c-values';
import type { StripDialect } from './strip-dialect';
import { createSharing } from './strip-sharing';

/** What the code of a strip needs to know of the program around it. */
export interface StripSurroundings {
  readonly graph: Graph;
  readonly plan: TilePlan;
  readonly stored: ReadonlySet<Node>;
  /** An entry of a parameter as a C expression. */
  parameter(node: Node, column: string): string;
  /** Where a parameter's entries lie. */
  address(node: Node): string;
  /** Rows of a space as a C expression. */
  rows(node: Node): string;
  /** Index of the step of a loop. */
  step(node: NodeOf<'slot'>): string;
  readonly dialect: StripDialect;
}

/**
 * The values of a strip: columns in registers as C expressions, columns in the tile's memory, columns of
 * tensors. Elementwise functions of many columns wait until something needs them, so that they share one
 * loop over the columns.
 */
export function createStripValues(items: readonly StripItem[], around: StripSurroundings) {
  const { graph, plan, stored, dialect } = around;
  const { prefix: p, address } = dialect;
  const load = (dtype: DType, place: string): string =>
    dtype === 'float32' ? `${p}_load(${place})` : `${p}_iload((const int32_t *)(${place}))`;
  const store = (dtype: DType, place: string, value: string): string =>
    dtype === 'float32'
      ? `${p}_store(${place}, ${value});`
      : `${p}_istore((int32_t *)(${place}), ${value});`;
  const before: string[] = [];
  const lines: string[] = [];
  const after: string[] = [];
  /** Columns at hand, as C expressions. */
  const registers = new Map<string, string>();
  /** Wide elementwise functions that run in one loop over the columns. */
  let wide: { columns: number; nodes: NodeOf<'map'>[] } | null = null;
  const sharing = createSharing(items, { lines, after }, dialect);
  let count = 0;

  const key = (node: Node, column: number): string => `${node.id} ${column}`;
  const fresh = (prefix = 'x'): string => `${prefix}${(count += 1)}`;
  const memory = (node: Node): string | null => memoryOf(plan, stored, node);
  const set = (node: Node, column: number, expression: string): string => {
    const name = fresh();
    lines.push(`const ${dialect.type(node.dtype)} ${name} = ${expression};`);
    registers.set(key(node, column), name);
    return name;
  };
  const broadcast = (node: Node, entry: string): string =>
    node.dtype === 'float32' ? `${p}_set(${entry})` : `${p}_iset(${entry})`;

  /** A column of an argument, or of the step's part of one, as a vector. @param column a C expression */
  const argumentColumn = (node: Node, column: number): string => {
    const { source, first } = sourceOf(node);
    const input = graph.inputs[source.index]!;
    const { outer, inner, stride } = columnPlace(input, column);
    const lead = first === '0' ? `${outer}` : `(${first} + ${outer})`;
    const base = `a${source.index}${outer === 0 && first === '0' ? '' : ` + ${lead} * n * ${stride}`}${inner ? ` + ${inner}` : ''}`;
    const name = `${p}_${{ float32: '', int32: 'i', bool: 'b' }[input.dtype]}rows`;
    return `${name}(${base}, ${stride}, row, n)`;
  };

  /** The same for a column given by a C expression. */
  const argumentColumnAt = (node: Node, column: string): string => {
    const { source, first } = sourceOf(node);
    const input = graph.inputs[source.index]!;
    const { stride } = columnPlace(input, 0);
    const name = `${p}_${{ float32: '', int32: 'i', bool: 'b' }[input.dtype]}rows`;
    return `${name}(a${source.index} + (${first} + ${column} / ${stride}) * n * ${stride} + ${column} % ${stride}, ${stride}, row, n)`;
  };

  /** The argument behind a node, and the first of its outer parts that a step sees. */
  const sourceOf = (node: Node): { source: NodeOf<'argument'>; first: string } => {
    if (node.op === 'argument') return { source: node, first: '0' };
    const slot = node as NodeOf<'slot'>;
    const source = slot.of.inputs[slot.index]!.source as NodeOf<'argument'>;
    const { shape, axis } = graph.inputs[source.index]!;
    const outer = shape.slice(0, axis).reduce((product, size) => product * size, 1);
    return {
      source,
      first: `(int64_t)${around.step(slot)} * ${outer / slot.of.length}`,
    };
  };

  const isFar = (node: Node): boolean =>
    node.op === 'argument' ||
    (node.op === 'slot' &&
      node.what === 'input' &&
      node.of.inputs[node.index]!.source.op === 'argument');

  /** Two or four columns of a tensor at once, where it has just so many. */
  const readTogether = (node: Node): boolean => {
    const input = graph.inputs[sourceOf(node).source.index]!;
    const { stride } = columnPlace(input, 0);
    if (node.dtype !== 'float32' || stride !== node.columns || (stride !== 2 && stride !== 4))
      return false;
    const names = Array.from({ length: stride }, () => fresh());
    const { first, source } = sourceOf(node);
    const base = first === '0' ? `a${source.index}` : `a${source.index} + ${first} * n * ${stride}`;
    lines.push(
      `${dialect.type('float32')} ${names.join(', ')};`,
      `${p}_rows${stride}(${base}, row, n, ${names.map((name) => `&${name}`).join(', ')});`,
    );
    names.forEach((name, column) => registers.set(key(node, column), name));
    return true;
  };

  /** A column as a vector. */
  const read = (node: Node, column: number): string => {
    const at = node.columns === 1 ? 0 : column;
    if (!node.space) {
      return node.op === 'constant'
        ? broadcast(
            node,
            node.values.length === 1
              ? literal(node.values[0]!, node.dtype)
              : around.parameter(node, String(at)),
          )
        : broadcast(node, around.parameter(node, String(at)));
    }
    flush(node);
    const known = registers.get(key(node, at));
    if (known) return known;
    const place = memory(node);
    if (place) return set(node, at, load(node.dtype, address(place, node.columns, at)));
    if (isFar(node)) {
      if (readTogether(node)) return registers.get(key(node, at))!;
      return set(node, at, argumentColumn(node, at));
    }
    if (node.op === 'slot' && node.what === 'input') {
      const { source } = node.of.inputs[node.index]!;
      const base = memory(source);
      if (base) {
        const from = `${around.step(node)} * ${node.columns} + ${at}`;
        return set(node, at, load(node.dtype, address(base, source.columns, `(${from})`)));
      }
    }
    throw new CompileError(`${node.op} is read before it is there`);
  };

  /** A column given by a C expression, from memory. */
  const readAt = (node: Node, column: string): string => {
    if (!node.space)
      return broadcast(node, around.parameter(node, node.columns === 1 ? '0' : column));
    if (node.columns === 1) return read(node, 0);
    const place = memory(node);
    if (!place) throw new CompileError(`${node.op} of ${node.columns} columns is in no memory`);
    return load(node.dtype, address(place, node.columns, column));
  };

  const isNarrow = (node: Node): boolean => node.columns <= mostRegisters;

  /** Ends the loop over wide columns, if it makes something that is needed (null: in any case). */
  function flush(needed: Node | null): void {
    if (!wide || (needed && !wide.nodes.includes(needed as NodeOf<'map'>))) return;
    const { columns, nodes } = wide;
    wide = null;
    const viewed = (view: Int32Array): string => {
      const [run, ...others] = runsOf(view);
      if (others.length === 0) return `(${run!.from} + ${run!.step} * c)`;
      const table = fresh('from');
      lines.push(`static const int32_t ${table}[] = {${view.join(', ')}};`);
      return `${table}[c]`;
    };
    const body = columnOf(nodes, (input, view) => readAt(input, view ? viewed(view) : 'c'))!;
    const loop = [
      ...dialect.beforeColumns,
      `for (int c = 0; c < ${columns}; c++) {`,
      ...body.map((line) => `  ${line}`),
      '}',
    ];
    const makeBody = (): string[] | null =>
      columnOf(nodes, (input, view) => (view ? null : readInMemory(input)));
    if (!sharing.offer(nodes, columns, loop, makeBody)) lines.push(...loop);
  }

  /** Column `c` of wide values. @param operand null: it is not to be had, and so is the column */
  const columnOf = (
    nodes: readonly NodeOf<'map'>[],
    operand: (input: Node, view: Int32Array | null) => string | null,
  ): string[] | null => {
    const inside = new Map<Node, string>();
    const body: string[] = [];
    for (const node of nodes) {
      const operands = node.inputs.map((input, place) => {
        const view = node.views?.[place] ?? null;
        return (view ? undefined : inside.get(input)) ?? operand(input, view);
      });
      if (!operands.every((one) => one !== null)) return null;
      const name = fresh('w');
      const value = functions[node.name]!.print(p, operands, node.inputs.at(-1)!.dtype);
      body.push(`const ${dialect.type(node.dtype)} ${name} = ${value};`);
      const place = memory(node);
      if (place) body.push(store(node.dtype, address(place, node.columns, 'c'), name));
      inside.set(node, name);
    }
    return body;
  };

  /** Column `c`, or the only one, for a thread that has nothing of the row in registers. */
  const readInMemory = (input: Node): string | null => {
    if (!input.space) return readAt(input, 'c');
    const place = memory(input);
    const column = input.columns === 1 ? '0' : 'c';
    return place && load(input.dtype, address(place, input.columns, column));
  };

  const keepAll = (node: Node): void => {
    const place = memory(node);
    if (!place) return;
    for (let column = 0; column < node.columns; column += 1) {
      lines.push(store(node.dtype, address(place, node.columns, column), read(node, column)));
    }
  };

  const put = (node: Node, column: string | number, value: string): void => {
    const place = memory(node);
    if (!place) throw new CompileError(`${node.op} of ${node.columns} columns is in no memory`);
    lines.push(store(node.dtype, address(place, node.columns, column), value));
  };

  const result = (node: Node, column: number, expression: string): void => {
    if (isNarrow(node)) set(node, column, expression);
    else put(node, column, expression);
  };

  const farColumn = (node: Node, column: number): string => {
    if (isFar(node)) return argumentColumn(node, column);
    const slot = node as NodeOf<'slot'>;
    const { source } = slot.of.inputs[slot.index]!;
    if (!source.space)
      return broadcast(
        node,
        around.parameter(source, `${around.step(slot)} * ${node.columns} + ${column}`),
      );
    return load(
      node.dtype,
      address(
        memory(source)!,
        source.columns,
        `(${around.step(slot)} * ${node.columns} + ${column})`,
      ),
    );
  };

  /** An elementwise function of many columns: it waits for others of the same width. */
  const defer = (node: NodeOf<'map'>): void => {
    if (wide?.nodes.some((other) => readsAcross(node, other))) flush(null);
    // Narrow operands and inputs are fetched before the loop over the columns.
    node.inputs.forEach((input) => {
      if (input.space && !(wide?.nodes as Node[] | undefined)?.includes(input)) {
        if (wide && input.columns > 1) flush(input);
        if (input.columns === 1) read(input, 0);
      }
    });
    if (wide && wide.columns !== node.columns) flush(null);
    wide ??= { columns: node.columns, nodes: [] };
    wide.nodes.push(node);
  };

  /** Names a column that is at hand under another name. */
  const alias = (node: Node, column: number, expression: string): void =>
    void registers.set(key(node, column), expression);

  /** Brings an input into registers, or into the tile's memory. */
  const bring = (node: Node): void => {
    if (isNarrow(node)) {
      const isTogether = isFar(node) && readTogether(node);
      if (!isTogether) {
        for (let column = 0; column < node.columns; column += 1) {
          set(node, column, farColumn(node, column));
        }
      }
      keepAll(node);
    } else if (isFar(node)) {
      lines.push(`for (int c = 0; c < ${node.columns}; c++) {`);
      put(node, 'c', argumentColumnAt(node, 'c'));
      lines.push('}');
    } else {
      for (let column = 0; column < node.columns; column += 1) {
        put(node, column, farColumn(node, column));
      }
    }
  };

  return {
    before,
    lines,
    after,
    settle: sharing.settle,
    load,
    store,
    fresh,
    memory,
    set,
    alias,
    put,
    result,
    broadcast,
    read,
    readAt,
    flush,
    defer,
    bring,
    keepAll,
    argumentColumnAt,
    isFar,
    isNarrow,
  };
}

export type StripValues = ReturnType<typeof createStripValues>;
