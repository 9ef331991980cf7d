import { functions } from './functions';
import type { Node, NodeOf } from '../graph';
import { CompileError } from '../traced';
import { runsByInput } from './c-parameters';
import { literal } from './c-values';
import { type CudaNames, typeOf } from './cuda-names';

/** Arithmetic that the threads of a block, or of a whole grid, share out entry by entry. */
export interface Work {
  /** Entries, one a thread and turn; null: the block works on it in its own way. */
  readonly entries: number | null;
  /** Lines for entry i. */
  readonly each: readonly string[];
  /** Lines for the block, with barriers inside where it needs them; every thread runs them. */
  readonly together: readonly string[];
  /** How many threads could do something at the same time. */
  readonly breadth: number;
  /** What is read, and whether only entry i of it. */
  readonly reads: readonly Access[];
  /** What is written, entry i of it unless `entries` is null. */
  readonly writes: readonly Place[];
}

export interface Access {
  readonly place: Place;
  readonly isOwn: boolean;
}

/** A parameter, or the name of other memory. */
export type Place = Node | string;

/** Work on every entry of something by itself. */
export const entrywise = (
  entries: number,
  each: readonly string[],
  reads: readonly Access[],
  writes: readonly Place[],
): Work => ({ entries, each, together: [], breadth: entries, reads, writes });

/** Results of a reduction that a block computes one after the other, all threads together. */
const fewResults = 8;
/** Shorter sums are added by one thread. */
const shortSum = 64;
/** More runs than this become a table. */
const mostRuns = 24;

/** A parameter computed from others. @param target its array */
export function workOf(node: Node, target: string, names: CudaNames): Work {
  const { entry } = names;
  const type = typeOf(node.dtype);
  const own = (each: string[], reads: readonly Access[]): Work =>
    entrywise(node.columns, each, reads, [node]);
  const any = node.inputs.map((input): Access => ({ place: input, isOwn: false }));
  switch (node.op) {
    case 'map': {
      const last = node.inputs.at(-1)!;
      const isOwn = (input: Node): boolean => input.columns === node.columns;
      const operands = node.inputs.map((input) => entry(input, isOwn(input) ? 'i' : '0'));
      const value = functions[node.name]!.print('s', operands, last.dtype);
      return own(
        [`${target}[i] = ${value};`],
        node.inputs.map((input) => ({ place: input, isOwn: isOwn(input) })),
      );
    }
    case 'pick':
      return own(printPick(node, target, names), any);
    case 'reduce':
      return printReduce(node, target, names);
    case 'locate': {
      const { size, inner, name } = node;
      const x = node.inputs[0]!;
      const at = entry(x, `first + k * ${inner}`);
      const better = name === 'argMax' ? '>' : '<';
      return own(
        [
          `const int first = i / ${inner} * ${size * inner} + i % ${inner};`,
          'int32_t place = 0;',
          `${typeOf(x.dtype)} best = ${entry(x, 'first')};`,
          `for (int k = 1; k < ${size}; k++) if (${at} ${better} best) { best = ${at}; place = k; }`,
          `${target}[i] = place;`,
        ],
        any,
      );
    }
    case 'accumulate': {
      const { outer, size, inner, exclusive, reverse, name } = node;
      const k = reverse ? `(${size - 1} - step)` : 'step';
      const at = `first + ${k} * ${inner}`;
      const add = `total = total ${name === 'sum' ? '+' : '*'} ${entry(node.inputs[0]!, at)};`;
      const put = `${target}[${at}] = total;`;
      return {
        entries: null,
        each: [],
        together: [
          `for (int i = threadIdx.x; i < ${outer * inner}; i += blockDim.x) {`,
          `  const int first = i / ${inner} * ${size * inner} + i % ${inner};`,
          `  ${type} total = ${name === 'sum' ? '0' : '1'};`,
          `  for (int step = 0; step < ${size}; step++) { ${exclusive ? `${put} ${add}` : `${add} ${put}`} }`,
          '}',
        ],
        breadth: outer * inner,
        reads: any,
        writes: [node],
      };
    }
    case 'lookup': {
      const [table, index] = node.inputs as [Node, Node];
      const { size, width } = node;
      const missing = node.dtype === 'float32' ? 'NAN' : '0';
      return own(
        [
          `const int32_t place = ${entry(index, `i / ${width}`)};`,
          `${target}[i] = place >= 0 && place < ${size} ? ${entry(table, `place * ${width} + i % ${width}`)} : ${missing};`,
        ],
        any,
      );
    }
    case 'permutation': {
      const [words, step, added] = node.inputs as [Node, Node, Node?];
      const draw = added ? `${node.draw} + ${entry(added, '0')}` : String(node.draw);
      return own(
        [
          `int32_t words[3] = {${[0, 1, 2].map((word) => entry(words, String(word))).join(', ')}}, keys[8];`,
          `permute_keys(keys, words, ${entry(step, '0')}, ${node.use}, ${draw});`,
          `${target}[i] = permuted(i, ${node.columns}, keys);`,
        ],
        any,
      );
    }
    case 'draw': {
      const [words, row, step] = node.inputs as [Node, Node, Node];
      // For each row that the second input names.
      const count = node.columns / row.columns;
      const word = `block[(place & 3) + ${node.word}]`;
      return own(
        [
          `const int place = i % ${count};`,
          'int32_t block[4];',
          `s_philox(${entry(row, `i / ${count}`)}, ${entry(step, '0')}, ${entry(words, '2')} * 16 + ${node.use}, (int32_t)(${node.draw}u << 16 | (uint32_t)(place >> 2)), ${entry(words, '0')}, ${entry(words, '1')}, block);`,
          `${target}[i] = ${node.kind === 'integer' ? `s_draw_integer(${word}, ${node.bound})` : `s_draw_${node.kind}(${word})`};`,
        ],
        any,
      );
    }
    default:
      throw new CompileError(`${node.op} among parameters`);
  }
}

/** Copies entries of others, or a number that is filled in. */
function printPick(node: NodeOf<'pick'>, target: string, { entry }: CudaNames): string[] {
  const grid = node.inputs.length === 1 ? gridOf(node.source) : null;
  if (grid) {
    const { first, width, step, jump } = grid;
    return [
      `${target}[i] = ${entry(node.inputs[0]!, `${first} + i % ${width} * ${step} + i / ${width} * ${jump}`)};`,
    ];
  }
  const runs = runsByInput(node.inputs, node.source);
  const fill = literal(node.fill, node.dtype);
  if (runs.length > mostRuns) {
    const starts = node.inputs.map((_, index) =>
      node.inputs.slice(0, index).reduce((sum, { columns }) => sum + columns, 0),
    );
    // The last input that begins at or before the place is the one that holds it.
    const inOrder = node.inputs.reduce(
      (rest, input, index) =>
        `from >= ${starts[index]!} ? ${entry(input, `from - ${starts[index]!}`)} : ${rest}`,
      fill,
    );
    return [
      `static const int32_t table[] = {${Array.from(node.source).join(',')}};`,
      'const int32_t from = table[i];',
      `${target}[i] = ${inOrder};`,
    ];
  }
  return runs.map(({ at, count, from, step, input }, index) => {
    const first = index === 0 ? '' : 'else ';
    const test = index === runs.length - 1 ? '' : `if (i < ${at + count}) `;
    const place = step === 0 ? String(from) : `${from} + ${step} * (i - ${at})`;
    return `${first}${test}${target}[i] = ${input ? entry(input, place) : fill};`;
  });
}

/** Places in lines of `width`, `step` apart within a line and `jump` from one to the next, such as a transposition. */
function gridOf(
  source: Int32Array,
): { first: number; width: number; step: number; jump: number } | null {
  if (source.length < 4) return null;
  const [first, second] = [source[0]!, source[1]!];
  const step = second - first;
  let width = 2;
  while (width < source.length && source[width]! - source[width - 1]! === step) width += 1;
  if (width === source.length || source.length % width !== 0) return null;
  const jump = source[width]! - first;
  const isGrid = source.every(
    (place, index) =>
      place >= 0 && place === first + (index % width) * step + Math.floor(index / width) * jump,
  );
  return isGrid ? { first, width, step, jump } : null;
}

function printReduce(node: NodeOf<'reduce'>, target: string, { entry }: CudaNames): Work {
  const { outer, size, inner, name, dtype } = node;
  const x = node.inputs[0]!;
  const reads = [{ place: x, isOwn: false }];
  const results = outer * inner;
  const type = typeOf(dtype);
  if (size < shortSum || results > 4096) {
    const isWide = dtype === 'float32' && (name === 'sum' || name === 'prod');
    const total = isWide ? 'double' : type;
    const join = isWide ? `join_${name}(total, (double)x)` : joinIntegers(name, dtype);
    return entrywise(
      node.columns,
      [
        `const int first = i / ${inner} * ${size * inner} + i % ${inner};`,
        `${total} total = ${entry(x, 'first')};`,
        `for (int k = 1; k < ${size}; k++) { const ${typeOf(x.dtype)} x = ${entry(x, `first + k * ${inner}`)}; total = ${join}; }`,
        `${target}[i] = (${type})total;`,
      ],
      reads,
      [node],
    );
  }
  const part = (from: string, step: string): string[] => [
    `double total = (double)${entry(x, `first + (${from} < ${size} ? ${from} : 0) * ${inner}`)};`,
    `if (${from} >= ${size}) total = ${{ sum: '0', prod: '1', any: '0', all: '-1', max: 'total', min: 'total' }[name]};`,
    '#pragma unroll 4',
    `for (int k = ${from} + ${step}; k < ${size}; k += ${step}) total = join_${name}(total, (double)${entry(x, `first + k * ${inner}`)});`,
    `total = warp_${name}(total);`,
  ];
  const warp = 'threadIdx.x / 32';
  if (results <= fewResults) {
    return {
      entries: null,
      each: [],
      together: [
        `for (int i = 0; i < ${results}; i++) {`,
        `  const int first = i / ${inner} * ${size * inner} + i % ${inner};`,
        ...part('(int)threadIdx.x', '(int)blockDim.x').map((line) => `  ${line}`),
        '  __syncthreads();',
        `  if (threadIdx.x % 32 == 0) joined[${warp}] = total;`,
        '  __syncthreads();',
        '  if (threadIdx.x == 0) {',
        `    for (int w = 1; w < blockDim.x / 32; w++) total = join_${name}(total, joined[w]);`,
        `    ${target}[i] = (${type})total;`,
        '  }',
        '}',
      ],
      breadth: size,
      reads,
      writes: [node],
    };
  }
  return {
    entries: null,
    each: [],
    together: [
      `for (int i = ${warp}; i < ${results}; i += blockDim.x / 32) {`,
      `  const int first = i / ${inner} * ${size * inner} + i % ${inner};`,
      ...part('(int)(threadIdx.x % 32)', '32').map((line) => `  ${line}`),
      `  if (threadIdx.x % 32 == 0) ${target}[i] = (${type})total;`,
      '}',
    ],
    breadth: results * 32,
    reads,
    writes: [node],
  };
}

function joinIntegers(name: NodeOf<'reduce'>['name'], dtype: Node['dtype']): string {
  const integer = dtype === 'float32' ? '' : 'i';
  return {
    sum: 'total + x',
    prod: 'total * x',
    any: 'total | x',
    all: 'total & x',
    max: `s_${integer}max(total, x)`,
    min: `s_${integer}min(total, x)`,
  }[name];
}
