import { functions } from './functions';
import type { DType, Graph, Node, NodeOf } from '../graph';
import { mostRegisters, type StripItem, type TilePlan } from '../tile-plan';
import { CompileError } from '../traced';
import { inputAt, runsByInput } from './c-parameters';
import { columnPlace, literal, memoryOf } from './c-values';
import { combine, type StripDialect } from './strip-dialect';

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

/** One group of work row by row: in C W rows at a time, in CUDA one row a thread. */
export function printStrip(items: readonly StripItem[], around: StripSurroundings): string[] {
  const strip = createStrip(around);
  items.forEach((item) => {
    if (item.kind === 'node') strip.compute(item.node);
  });
  items.forEach((item) => {
    if (item.kind === 'output') strip.output(item);
  });
  items.forEach((item) => {
    if (item.kind === 'stack') strip.stack(item.node, item.stack as NodeOf<'stack'>);
    if (item.kind === 'keep') strip.copy(item.node, `m${item.node.id}`, item.node.columns);
  });
  strip.carry(items.filter((item) => item.kind === 'carry'));
  return strip.finish();
}

function createStrip(around: StripSurroundings) {
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
  /** Blocks of random numbers at hand. */
  const blocks = new Map<string, string>();
  /** Wide elementwise functions that run in one loop over the columns. */
  let wide: { columns: number; nodes: NodeOf<'map'>[] } | null = null;
  let count = 0;

  const integer = dialect.type('int32');
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
    const { source, first, index } = sourceOf(node);
    const input = graph.inputs[source.index]!;
    const { outer, inner, stride } = columnPlace(input, column);
    const lead = first === '0' ? `${outer}` : `(${first} + ${outer})`;
    const base = `a${source.index}${outer === 0 && first === '0' ? '' : ` + ${lead} * n * ${stride}`}${inner ? ` + ${inner}` : ''}`;
    const name = `${p}_${{ float32: '', int32: 'i', bool: 'b' }[input.dtype]}rows`;
    void index;
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
  const sourceOf = (node: Node): { source: NodeOf<'argument'>; first: string; index: number } => {
    if (node.op === 'argument') return { source: node, first: '0', index: 0 };
    const slot = node as NodeOf<'slot'>;
    const source = slot.of.inputs[slot.index]!.source as NodeOf<'argument'>;
    const { shape, axis } = graph.inputs[source.index]!;
    const outer = shape.slice(0, axis).reduce((product, size) => product * size, 1);
    return {
      source,
      first: `(int64_t)${around.step(slot)} * ${outer / slot.of.length}`,
      index: slot.index,
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
    const inside = new Map<Node, string>();
    const body: string[] = [];
    for (const node of nodes) {
      const operands = node.inputs.map((input) => inside.get(input) ?? readAt(input, 'c'));
      const name = fresh('w');
      const { print } = functions[node.name]!;
      body.push(
        `const ${dialect.type(node.dtype)} ${name} = ${print(p, operands, node.inputs.at(-1)!.dtype)};`,
      );
      const place = memory(node);
      if (place) body.push(store(node.dtype, address(place, columns, 'c'), name));
      inside.set(node, name);
    }
    lines.push(`for (int c = 0; c < ${columns}; c++) {`, ...body.map((line) => `  ${line}`), '}');
  }

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

  const reduce = (node: NodeOf<'reduce'>): void => {
    const { outer, size, inner, name, dtype } = node;
    const x = node.inputs[0]!;
    for (let o = 0; o < outer; o += 1) {
      for (let i = 0; i < inner; i += 1) {
        const first = o * size * inner + i;
        if (isNarrow(x)) {
          let total = read(x, first);
          for (let k = 1; k < size; k += 1) {
            const next = fresh();
            lines.push(
              `const ${dialect.type(dtype)} ${next} = ${combine(p, name, dtype, total, read(x, first + k * inner))};`,
            );
            total = next;
          }
          result(node, o * inner + i, total);
        } else {
          flush(x);
          const total = fresh('sum');
          lines.push(
            `${dialect.type(dtype)} ${total} = ${readAt(x, String(first))};`,
            `for (int k = 1; k < ${size}; k++) ${total} = ${combine(p, name, dtype, total, readAt(x, `(${first} + k * ${inner})`))};`,
          );
          result(node, o * inner + i, total);
        }
      }
    }
  };

  const locate = (node: NodeOf<'locate'>): void => {
    const { outer, size, inner, name } = node;
    const x = node.inputs[0]!;
    const type = dialect.type(x.dtype);
    const compare = name === 'argMax' ? `${p}_gt` : `${p}_lt`;
    const choose = x.dtype === 'float32' ? `${p}_select` : `${p}_iselect`;
    flush(x);
    for (let o = 0; o < outer; o += 1) {
      for (let i = 0; i < inner; i += 1) {
        const first = o * size * inner + i;
        const [best, place] = [fresh('best'), fresh('place')];
        const at = (k: string) => (isNarrow(x) ? null : readAt(x, `(${first} + ${k} * ${inner})`));
        lines.push(
          `${type} ${best} = ${isNarrow(x) ? read(x, first) : at('0')};`,
          `${integer} ${place} = ${p}_iset(0);`,
        );
        const step = (value: string, k: string): string =>
          `{ const ${type} x = ${value}; const ${integer} better = ${compare}(x, ${best}); ${best} = ${choose}(better, x, ${best}); ${place} = ${p}_iselect(better, ${p}_iset(${k}), ${place}); }`;
        if (isNarrow(x)) {
          for (let k = 1; k < size; k += 1) lines.push(step(read(x, first + k * inner), String(k)));
        } else lines.push(`for (int k = 1; k < ${size}; k++) ${step(at('k')!, 'k')}`);
        result(node, o * inner + i, place);
      }
    }
  };

  const accumulate = (node: NodeOf<'accumulate'>): void => {
    const { outer, size, inner, exclusive, reverse, name, dtype } = node;
    const x = node.inputs[0]!;
    const operator = name === 'sum' ? '+' : '*';
    const start =
      dtype === 'float32'
        ? `${p}_set(${name === 'sum' ? 0 : 1})`
        : `${p}_iset(${name === 'sum' ? 0 : 1})`;
    if (!isNarrow(node)) flush(x);
    for (let o = 0; o < outer; o += 1) {
      for (let i = 0; i < inner; i += 1) {
        const total = fresh('sum');
        lines.push(`${dialect.type(dtype)} ${total} = ${start};`);
        if (!isNarrow(node)) {
          const column = `((${o * size} + ${reverse ? `${size - 1} - k` : 'k'}) * ${inner} + ${i})`;
          const add = `${total} = ${total} ${operator} ${readAt(x, column)};`;
          const keep = store(dtype, address(memory(node)!, node.columns, column), total);
          lines.push(
            `for (int k = 0; k < ${size}; k++) { ${exclusive ? `${keep} ${add}` : `${add} ${keep}`} }`,
          );
          continue;
        }
        for (let k = 0; k < size; k += 1) {
          const column = (o * size + (reverse ? size - 1 - k : k)) * inner + i;
          const add = (): void =>
            void lines.push(`${total} = ${total} ${operator} ${read(x, column)};`);
          if (!exclusive) add();
          set(node, column, total);
          if (exclusive) add();
        }
      }
    }
  };

  /** Four words of random numbers, encrypted once for all that take some of them. */
  const blockOf = (
    node: NodeOf<'draw'>,
    number: number,
    encrypt: (block: string, number: string) => string,
  ): string => {
    const source = node.inputs.map(({ id }) => id).join();
    const id = `${source} ${node.use} ${node.draw} ${number}`;
    const known = blocks.get(id);
    if (known) return known;
    const block = fresh('block');
    lines.push(`${integer} ${block}[4];`, encrypt(block, `${number}u`));
    blocks.set(id, block);
    return block;
  };

  const draw = (node: NodeOf<'draw'>): void => {
    const [words, row, step] = node.inputs as [Node, Node, Node];
    const word = (place: number): string => around.parameter(words, String(place));
    const stream = `${p}_iset(${word(2)} * 16 + ${node.use})`;
    const rowWord = read(row, 0);
    const stepWord = read(step, 0);
    const take = (block: string): string =>
      node.kind === 'integer'
        ? `${p}_draw_integer(${block}, ${node.bound})`
        : `${p}_draw_${node.kind}(${block})`;
    const encrypt = (block: string, number: string): string =>
      `${p}_philox(${rowWord}, ${stepWord}, ${stream}, ${p}_iset((int32_t)(${node.draw}u << 16 | ${number})), ${word(0)}, ${word(1)}, ${block});`;
    if (isNarrow(node)) {
      for (let column = 0; column < node.columns; column += 4) {
        const block = blockOf(node, column / 4, encrypt);
        for (let place = 0; place < Math.min(4, node.columns - column); place += 1) {
          set(node, column + place, take(`${block}[${node.word + place}]`));
        }
      }
      return;
    }
    const block = fresh('block');
    lines.push(
      `for (int c = 0; c < ${node.columns}; c += 4) {`,
      `  ${integer} ${block}[4];`,
      `  ${encrypt(block, '(uint32_t)(c / 4)')}`,
      `  for (int k = 0; k < 4 && c + k < ${node.columns}; k++) ${store(node.dtype, address(memory(node)!, node.columns, '(c + k)'), take(`${block}[k]`))}`,
      '}',
    );
  };

  const pick = (node: NodeOf<'pick'>): void => {
    if (isNarrow(node)) {
      node.source.forEach((place, column) => {
        if (place < 0) {
          registers.set(key(node, column), broadcast(node, literal(node.fill, node.dtype)));
          return;
        }
        const { input, column: from } = inputAt(node.inputs, place);
        flush(input);
        registers.set(key(node, column), read(input, from));
      });
      return;
    }
    for (const { at, count: length, from, step, input } of runsByInput(node.inputs, node.source)
      .runs) {
      if (input) flush(input);
      if (input && (length === 1 || (isNarrow(input) && input.space))) {
        for (let i = 0; i < length; i += 1) put(node, at + i, read(input, from + i * step));
        continue;
      }
      const value = input
        ? readAt(input, `(${from} + ${step} * c)`)
        : broadcast(node, literal(node.fill, node.dtype));
      lines.push(
        `for (int c = 0; c < ${length}; c++) ${store(node.dtype, address(memory(node)!, node.columns, `(${at} + c)`), value)}`,
      );
    }
  };

  const lookup = (node: NodeOf<'lookup'>): void => {
    const [table, index] = node.inputs as [Node, Node];
    const { size, width, dtype } = node;
    for (let place = 0; place < index.columns; place += 1) {
      for (let c = 0; c < width; c += 1) {
        const at = read(index, place);
        if (!table.space) {
          const name = fresh();
          const entry = around.parameter(table, `place * ${width} + ${c}`);
          lines.push(
            `${dialect.type(dtype)} ${name};`,
            dialect.look(
              at,
              name,
              `place >= 0 && place < ${size} ? ${entry} : ${dtype === 'float32' ? 'NAN' : '0'}`,
            ),
          );
          result(node, place * width + c, name);
          continue;
        }
        const choose = dtype === 'float32' ? `${p}_select` : `${p}_iselect`;
        const chosen = fresh('chosen');
        lines.push(
          `${dialect.type(dtype)} ${chosen} = ${dtype === 'float32' ? `${p}_set(NAN)` : `${p}_iset(0)`};`,
        );
        for (let entry = 0; entry < size; entry += 1) {
          lines.push(
            `${chosen} = ${choose}(${p}_eq(${at}, ${p}_iset(${entry})), ${isNarrow(table) ? read(table, entry * width + c) : readAt(table, String(entry * width + c))}, ${chosen});`,
          );
        }
        result(node, place * width + c, chosen);
      }
    }
  };

  const gather = (node: NodeOf<'gatherRows'>): void => {
    const [data, index] = node.inputs as [Node, Node];
    const most = around.rows(data);
    const numbers = around.address(index);
    for (let column = 0; column < node.columns; column += 1) {
      if (data.op === 'argument') {
        const input = graph.inputs[data.index]!;
        const { outer, inner, stride } = columnPlace(input, column);
        const name = `${p}_${{ float32: '', int32: 'i', bool: 'b' }[input.dtype]}chosen`;
        result(
          node,
          column,
          `${name}(a${data.index} + ${outer} * ${most} * ${stride} + ${inner}, ${stride}, ${numbers}, row, n, ${most})`,
        );
      } else {
        result(node, column, dialect.chosen(data, column, numbers, most));
      }
    }
  };

  const compute = (node: Node): void => {
    if (node.op === 'map' && !isNarrow(node)) {
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
      return;
    }
    node.inputs.forEach((input) => flush(input));
    switch (node.op) {
      case 'argument':
      case 'slot':
        if (isNarrow(node)) {
          const name = isFar(node) && readTogether(node);
          if (!name) for (let column = 0; column < node.columns; column += 1) readFar(node, column);
          keepAll(node);
        } else if (isFar(node)) {
          lines.push(`for (int c = 0; c < ${node.columns}; c++) {`);
          put(node, 'c', argumentColumnAt(node, 'c'));
          lines.push('}');
        } else
          for (let column = 0; column < node.columns; column += 1)
            put(node, column, farColumn(node, column));
        return;
      case 'map': {
        const { print } = functions[node.name]!;
        for (let column = 0; column < node.columns; column += 1) {
          set(
            node,
            column,
            print(
              p,
              node.inputs.map((input) => read(input, column)),
              node.inputs.at(-1)!.dtype,
            ),
          );
        }
        break;
      }
      case 'pick':
        pick(node);
        break;
      case 'reduce':
        reduce(node);
        break;
      case 'locate':
        locate(node);
        break;
      case 'accumulate':
        accumulate(node);
        break;
      case 'draw':
        draw(node);
        break;
      case 'lookup':
        lookup(node);
        break;
      case 'gatherRows':
        gather(node);
        break;
      case 'reduceRows':
        dialect.reduceRows(node, { before, lines, after, isNarrow, read, readAt, flush });
        return;
      default:
        throw new CompileError(`${node.op} row by row`);
    }
    if (isNarrow(node)) keepAll(node);
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
  const readFar = (node: Node, column: number): void =>
    void set(node, column, farColumn(node, column));

  return {
    compute,
    fetch(node: Node): void {
      if (node.space && isNarrow(node)) {
        for (let column = 0; column < node.columns; column += 1) read(node, column);
      }
    },
    output({ node, outputs, of }: StripItem & { kind: 'output' }): void {
      flush(node);
      for (const index of outputs) {
        const output = graph.outputs[index]!;
        const { stride } = columnPlace(output, 0);
        const outer = output.shape
          .slice(0, output.axis)
          .reduce((product, size) => product * size, 1);
        const step = of
          ? `(int64_t)${around.step({ of } as unknown as NodeOf<'slot'>)} * ${outer / of.length}`
          : '0';
        const base = (part: number): string =>
          step === '0' && part === 0
            ? `o${index}`
            : `o${index} + (${step} + ${part}) * n * ${stride}`;
        const together =
          node.dtype === 'float32' && stride === node.columns && (stride === 2 || stride === 4);
        if (together) {
          const values = Array.from({ length: stride }, (_, column) => read(node, column));
          lines.push(`${p}_put${stride}(${base(0)}, row, n, ${values.join(', ')});`);
          continue;
        }
        const name = `${p}_${{ float32: '', int32: 'i', bool: 'b' }[node.dtype]}put`;
        if (isNarrow(node)) {
          for (let column = 0; column < node.columns; column += 1) {
            const place = columnPlace(output, column);
            lines.push(
              `${name}(${base(place.outer)} + ${place.inner}, ${stride}, row, n, ${read(node, column)});`,
            );
          }
        } else {
          lines.push(
            `for (int c = 0; c < ${node.columns}; c++) ${name}(o${index} + (${step} + c / ${stride}) * n * ${stride} + c % ${stride}, ${stride}, row, n, ${readAt(node, 'c')});`,
          );
        }
      }
    },
    copy(node: Node, place: string, columns: number): void {
      flush(node);
      if (node.space && !isNarrow(node)) {
        if (isFar(node) && !memory(node)) {
          for (let column = 0; column < columns; column += 1) {
            lines.push(
              store(node.dtype, address(place, columns, column), argumentColumn(node, column)),
            );
          }
          return;
        }
        lines.push(
          `for (int c = 0; c < ${columns}; c++) ${store(node.dtype, address(place, columns, 'c'), readAt(node, 'c'))}`,
        );
        return;
      }
      if (!node.space && columns > mostRegisters) {
        lines.push(
          `for (int c = 0; c < ${columns}; c++) ${store(node.dtype, address(place, columns, 'c'), readAt(node, 'c'))}`,
        );
        return;
      }
      for (let column = 0; column < columns; column += 1) {
        lines.push(store(node.dtype, address(place, columns, column), read(node, column)));
      }
    },
    /** Everything that is carried on is read before any of it is replaced. */
    carry(items: readonly (StripItem & { kind: 'carry' })[]): void {
      flush(null);
      const inMemory = items.filter(({ node }) => node.space && !isNarrow(node) && memory(node));
      const others = items.filter((item) => !inMemory.includes(item));
      others.forEach(({ node }) => this.fetch(node));
      // Those of one width column by column, as they may change places.
      for (const columns of new Set(inMemory.map(({ slot }) => slot.columns))) {
        const together = inMemory.filter(({ slot }) => slot.columns === columns);
        const names = together.map(() => fresh());
        lines.push(
          `for (int c = 0; c < ${columns}; c++) {`,
          ...together.map(
            ({ node }, place) =>
              `  const ${dialect.type(node.dtype)} ${names[place]} = ${readAt(node, 'c')};`,
          ),
          ...together.map(
            ({ node, slot }, place) =>
              `  ${store(node.dtype, address(memory(slot)!, columns, 'c'), names[place]!)}`,
          ),
          '}',
        );
      }
      others.forEach(({ node, slot }) => this.copy(node, memory(slot)!, slot.columns));
    },
    stack(node: Node, stack: NodeOf<'stack'>): void {
      flush(node);
      const t = around.step({ of: stack.of } as unknown as NodeOf<'slot'>);
      const place = memory(stack)!;
      if (!isNarrow(node)) {
        lines.push(
          `for (int c = 0; c < ${node.columns}; c++) ${store(node.dtype, address(place, stack.columns, `(${t} * ${node.columns} + c)`), readAt(node, 'c'))}`,
        );
        return;
      }
      for (let column = 0; column < node.columns; column += 1) {
        lines.push(
          store(
            node.dtype,
            address(place, stack.columns, `(${t} * ${node.columns} + ${column})`),
            read(node, column),
          ),
        );
      }
    },
    finish(): string[] {
      flush(null);
      return dialect.loop({ before, lines, after });
    },
  };
}
