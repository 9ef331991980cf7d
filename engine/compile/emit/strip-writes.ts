import type { Node, NodeOf, Region } from '../graph';
import { mostRegisters, type StripItem } from '../tile-plan';
import { columnPlace } from './c-values';
import type { StripSurroundings, StripValues } from './strip-values';

/** Where the values of a strip go: results of the program, slots of loops, memory that outlives the pass. */
export function createStripWrites(around: StripSurroundings, values: StripValues) {
  const { graph, dialect } = around;
  const { prefix: p, address } = dialect;
  const { lines, store, fresh, memory, read, readAt, flush, argumentColumnAt, isFar, isNarrow } =
    values;

  const fetch = (node: Node): void => {
    if (node.space && isNarrow(node)) {
      for (let column = 0; column < node.columns; column += 1) read(node, column);
    }
  };

  const stepIn = (of: Region): string => around.step({ of } as unknown as NodeOf<'slot'>);

  /** Columns by an expression of `c`, in a loop. */
  const copyColumns = (node: Node, place: string, of: number, column = 'c'): void =>
    void lines.push(
      `for (int c = 0; c < ${node.columns}; c++) ${store(node.dtype, address(place, of, column), readAt(node, 'c'))}`,
    );

  const copy = (node: Node, place: string, columns: number): void => {
    flush(node);
    if (node.space && !isNarrow(node) && isFar(node) && !memory(node)) {
      lines.push(
        `for (int c = 0; c < ${columns}; c++) ${store(node.dtype, address(place, columns, 'c'), argumentColumnAt(node, 'c'))}`,
      );
    } else if (columns > mostRegisters) copyColumns(node, place, columns);
    else {
      for (let column = 0; column < columns; column += 1) {
        lines.push(store(node.dtype, address(place, columns, column), read(node, column)));
      }
    }
  };

  return {
    output({ node, outputs, of }: StripItem & { kind: 'output' }): void {
      flush(node);
      for (const index of outputs) {
        const output = graph.outputs[index]!;
        const { stride } = columnPlace(output, 0);
        const outer = output.shape
          .slice(0, output.axis)
          .reduce((product, size) => product * size, 1);
        const step = of ? `(int64_t)${stepIn(of)} * ${outer / of.length}` : '0';
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
    copy,
    /** Everything that is carried on is read before any of it is replaced. */
    carry(items: readonly (StripItem & { kind: 'carry' })[]): void {
      flush(null);
      const inMemory = items.filter(({ node }) => node.space && !isNarrow(node) && memory(node));
      const others = items.filter((item) => !inMemory.includes(item));
      others.forEach(({ node }) => fetch(node));
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
      others.forEach(({ node, slot }) => copy(node, memory(slot)!, slot.columns));
    },
    stack(node: Node, stack: NodeOf<'stack'>): void {
      flush(node);
      const t = stepIn(stack.of);
      const place = memory(stack)!;
      if (!isNarrow(node)) {
        copyColumns(node, place, stack.columns, `(${t} * ${node.columns} + c)`);
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
  };
}
