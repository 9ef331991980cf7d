import { functions } from './functions';
import type { Node, NodeOf } from '../graph';
import type { StripItem } from '../tile-plan';
import { CompileError } from '../traced';
import { inputAt, runsOf, stretchesByInput } from './c-parameters';
import { columnPlace, literal } from './c-values';
import { combine } from './strip-dialect';
import { createStripValues, type StripSurroundings } from './strip-values';
import { createStripWrites } from './strip-writes';

/** A wide value is copied run by run, or by a table if there are more runs than these. */
const mostRuns = 4;

/** One group of work row by row: in C W rows at a time, in CUDA one row a thread. */
export function printStrip(items: readonly StripItem[], around: StripSurroundings): string[] {
  const strip = createStrip(items, around);
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

function createStrip(items: readonly StripItem[], around: StripSurroundings) {
  const { graph, dialect } = around;
  const { prefix: p, address } = dialect;
  const values = createStripValues(items, around);
  const { before, lines, after, store, fresh, memory, set, alias, result, broadcast } = values;
  const { read, readAt, flush, defer, bring, keepAll, isNarrow } = values;
  const integer = dialect.type('int32');
  /** Blocks of random numbers at hand. */
  const blocks = new Map<string, string>();

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
            ...dialect.beforeColumns,
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

  /** Writes columns of a wide value, both given by expressions of `c` in a loop. */
  const putEach = (node: Node, times: number, column: string, value: string): void => {
    const place = address(memory(node)!, node.columns, column);
    lines.push(`for (int c = 0; c < ${times}; c++) ${store(node.dtype, place, value)}`);
  };

  const pick = (node: NodeOf<'pick'>): void => {
    if (isNarrow(node)) {
      node.source.forEach((place, column) => {
        if (place < 0) {
          alias(node, column, broadcast(node, literal(node.fill, node.dtype)));
          return;
        }
        const { input, column: from } = inputAt(node.inputs, place);
        flush(input);
        alias(node, column, read(input, from));
      });
      return;
    }
    for (const { input, at, places } of stretchesByInput(node.inputs, node.source)) {
      if (input) flush(input);
      if (input && isNarrow(input) && input.space) {
        // A column at hand goes wherever it is wanted.
        for (const column of new Set(places)) {
          const value = read(input, column);
          const targets = places.flatMap((place, i) => (place === column ? [at + i] : []));
          for (const { count: times, from, step } of runsOf(targets)) {
            putEach(node, times, `(${from} + ${step} * c)`, value);
          }
        }
        continue;
      }
      const runs = runsOf(places);
      const valueAt = (column: string): string =>
        input ? readAt(input, column) : broadcast(node, literal(node.fill, node.dtype));
      if (runs.length <= mostRuns) {
        for (const { at: first, count: times, from, step } of runs) {
          putEach(node, times, `(${at + first} + c)`, valueAt(`(${from} + ${step} * c)`));
        }
        continue;
      }
      const table = fresh('from');
      lines.push(`static const int32_t ${table}[] = {${places.join(', ')}};`);
      putEach(node, places.length, `(${at} + c)`, valueAt(`${table}[c]`));
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
      defer(node);
      return;
    }
    node.inputs.forEach((input) => flush(input));
    switch (node.op) {
      case 'argument':
      case 'slot':
        bring(node);
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

  return {
    compute,
    ...createStripWrites(around, values),
    finish(): string[] {
      flush(null);
      values.settle();
      return dialect.loop({ before, lines, after });
    },
  };
}
