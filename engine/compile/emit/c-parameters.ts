import { functions } from './functions';
import type { Node } from '../graph';
import { CompileError } from '../traced';
import { literal, scalarType } from './c-values';

/** How the arithmetic of parameters names what it reads and writes. */
export interface ParameterNames {
  /** An entry of a parameter as a C expression. @param column a C expression */
  entry(node: Node, column: string): string;
  /** An array of a parameter that lies in memory as it is. */
  array(node: Node): string;
}

/** Consecutive columns: `count` of them from `from`, `step` apart (0: the same), or the fill. */
export interface Run {
  readonly at: number;
  readonly count: number;
  readonly from: number;
  readonly step: number;
}

/** A pick's source as few runs. */
export function runsOf(source: ArrayLike<number>): Run[] {
  const runs: { at: number; count: number; from: number; step: number }[] = [];
  for (let at = 0; at < source.length; at += 1) {
    const from = source[at]!;
    const last = runs.at(-1);
    if (last && last.from >= 0 && from >= 0) {
      if (last.count === 1) {
        last.step = from - last.from;
        last.count = 2;
        continue;
      }
      if (from === last.from + last.step * last.count) {
        last.count += 1;
        continue;
      }
    } else if (last && last.from < 0 && from < 0) {
      last.count += 1;
      continue;
    }
    runs.push({ at, count: 1, from, step: 0 });
  }
  return runs;
}

/** The input that a column of inputs side by side belongs to. */
export function inputAt(inputs: readonly Node[], place: number): { input: Node; column: number } {
  let column = place;
  for (const input of inputs) {
    if (column < input.columns) return { input, column };
    column -= input.columns;
  }
  throw new Error('a column outside of all inputs');
}

/** More runs than this become a table. */
const mostRuns = 24;

/** Columns one after the other that come from one input, by its columns; from none where they are filled. */
export interface Stretch {
  readonly input: Node | null;
  readonly at: number;
  readonly places: number[];
}

/** Cuts a pick's source where it goes from one input to the next. */
export function stretchesByInput(inputs: readonly Node[], source: Int32Array): Stretch[] {
  const stretches: Stretch[] = [];
  source.forEach((place, at) => {
    const { input, column } = place < 0 ? { input: null, column: -1 } : inputAt(inputs, place);
    const last = stretches.at(-1);
    if (last && last.input === input) last.places.push(column);
    else stretches.push({ input, at, places: [column] });
  });
  return stretches;
}

/** The same as runs. */
export const runsByInput = (
  inputs: readonly Node[],
  source: Int32Array,
): (Run & { readonly input: Node | null })[] =>
  stretchesByInput(inputs, source).flatMap(({ input, at, places }) =>
    runsOf(places).map((run) => ({ ...run, at: at + run.at, input })),
  );

/** Lines of C that compute a parameter from others into its array `target`. */
export function printParameter(node: Node, target: string, names: ParameterNames): string[] {
  const { entry } = names;
  const type = scalarType(node.dtype);
  const each = (body: string): string[] => [
    `for (int i = 0; i < ${node.columns}; i++) ${target}[i] = ${body};`,
  ];
  switch (node.op) {
    case 'map': {
      const last = node.inputs.at(-1)!;
      const operands = node.inputs.map((input) => entry(input, input.columns === 1 ? '0' : 'i'));
      return each(functions[node.name]!.print('s', operands, last.dtype));
    }
    case 'pick': {
      const runs = runsByInput(node.inputs, node.source);
      if (runs.length > mostRuns && node.inputs.length === 1) {
        return [
          `{ static const int32_t from[] = {${Array.from(node.source).join(',')}};`,
          `  for (int i = 0; i < ${node.columns}; i++) ${target}[i] = from[i] < 0 ? ${literal(node.fill, node.dtype)} : ${entry(node.inputs[0]!, 'from[i]')}; }`,
        ];
      }
      return runs.map(({ at, count, from, step, input }) =>
        input
          ? `for (int i = 0; i < ${count}; i++) ${target}[${at} + i] = ${entry(input, `${from} + ${step} * i`)};`
          : `for (int i = 0; i < ${count}; i++) ${target}[${at} + i] = ${literal(node.fill, node.dtype)};`,
      );
    }
    case 'reduce': {
      const { outer, size, inner, name } = node;
      const x = node.inputs[0]!;
      const at = entry(x, `(o * ${size} + k) * ${inner} + i`);
      const isFloat = node.dtype === 'float32';
      const wide = isFloat && (name === 'sum' || name === 'prod');
      const start = { sum: '0', prod: '1', any: '0', all: '-1', max: '', min: '' }[name];
      const first = start || entry(x, `o * ${size * inner} + i`);
      const step = {
        sum: `total + ${at}`,
        prod: `total * ${at}`,
        any: `total | ${at}`,
        all: `total & ${at}`,
        max: `s_${isFloat ? '' : 'i'}max(total, ${at})`,
        min: `s_${isFloat ? '' : 'i'}min(total, ${at})`,
      }[name];
      return [
        `for (int o = 0; o < ${outer}; o++) for (int i = 0; i < ${inner}; i++) {`,
        `  ${wide ? 'double' : type} total = ${first};`,
        `  for (int k = 0; k < ${size}; k++) total = ${step};`,
        `  ${target}[o * ${inner} + i] = (${type})total;`,
        '}',
      ];
    }
    case 'locate': {
      const { outer, size, inner, name } = node;
      const x = node.inputs[0]!;
      const at = entry(x, `(o * ${size} + k) * ${inner} + i`);
      const better = name === 'argMax' ? '>' : '<';
      return [
        `for (int o = 0; o < ${outer}; o++) for (int i = 0; i < ${inner}; i++) {`,
        `  ${scalarType(x.dtype)} best = ${entry(x, `o * ${size * inner} + i`)}; int32_t place = 0;`,
        `  for (int k = 1; k < ${size}; k++) if (${at} ${better} best) { best = ${at}; place = k; }`,
        `  ${target}[o * ${inner} + i] = place;`,
        '}',
      ];
    }
    case 'accumulate': {
      const { outer, size, inner, exclusive, reverse, name } = node;
      const k = reverse ? `(${size - 1} - step)` : 'step';
      const at = `(o * ${size} + ${k}) * ${inner} + i`;
      const add = `total = total ${name === 'sum' ? '+' : '*'} ${entry(node.inputs[0]!, at)};`;
      const put = `${target}[${at}] = total;`;
      return [
        `for (int o = 0; o < ${outer}; o++) for (int i = 0; i < ${inner}; i++) {`,
        `  ${type} total = ${name === 'sum' ? '0' : '1'};`,
        `  for (int step = 0; step < ${size}; step++) { ${exclusive ? `${put} ${add}` : `${add} ${put}`} }`,
        '}',
      ];
    }
    case 'lookup': {
      const [table, index] = node.inputs as [Node, Node];
      const at = entry(index, 'i');
      const { size, width } = node;
      return [
        `for (int i = 0; i < ${index.columns}; i++) for (int c = 0; c < ${width}; c++)`,
        `  ${target}[i * ${width} + c] = ${at} >= 0 && ${at} < ${size} ? ${entry(table, `${at} * ${width} + c`)} : ${node.dtype === 'float32' ? 'NAN' : '0'};`,
      ];
    }
    case 'permutation': {
      const [words, step, added] = node.inputs as [Node, Node, Node?];
      const draw = added ? `${node.draw} + ${entry(added, '0')}` : node.draw;
      return [
        `permute(p->runtime, ${target}, ${node.columns}, ${names.array(words)}, ${entry(step, '0')}, ${node.use}, ${draw});`,
      ];
    }
    case 'draw': {
      const [words, row, step] = node.inputs as [Node, Node, Node];
      const take =
        node.kind === 'integer'
          ? `s_draw_integer(block[(i & 3) + ${node.word}], ${node.bound})`
          : `s_draw_${node.kind}(block[(i & 3) + ${node.word}])`;
      const count = node.columns / row.columns;
      return [
        `{ int32_t block[4];`,
        `  for (int r = 0; r < ${row.columns}; r++) for (int i = 0; i < ${count}; i++) {`,
        `    if ((i & 3) == 0) s_philox(${entry(row, 'r')}, ${entry(step, '0')}, ${entry(words, '2')} * 16 + ${node.use}, (int32_t)(${node.draw}u << 16 | (uint32_t)(i >> 2)), ${entry(words, '0')}, ${entry(words, '1')}, block);`,
        `    ${target}[r * ${count} + i] = ${take};`,
        '  } }',
      ];
    }
    default:
      throw new CompileError(`${node.op} among parameters`);
  }
}
