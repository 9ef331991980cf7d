import { functions } from './functions';
import type { DType, Node, NodeOf } from '../graph';
import { CompileError } from '../traced';
import { typeOf } from './cuda-names';
import type { TileMemory } from './cuda-outer';
import type { TileShape } from './cuda-tile';

export interface ProductSurroundings {
  readonly shape: TileShape;
  memory(node: Node): TileMemory | null;
  parameter(node: Node, column: string): string;
  /** Values without memory, to be computed where they are needed. */
  readonly again: ReadonlySet<Node>;
  /** The address of weights [size, columns], aligned to 16 bytes; null: they do not lie in memory. */
  weights(node: Node): { readonly address: string; readonly isShared: boolean } | null;
}

/** What a thread computes at once: rows side by side and columns side by side. */
interface Micro {
  readonly rows: 1 | 2 | 4;
  readonly columns: 1 | 2 | 4 | 8;
}

/**
 * As large as leaves something to do for all threads: a larger one reads less for each multiplication.
 * Lanes go along the rows, so that they read weights together.
 */
function chooseMicro(n: number, { rows, threads }: TileShape): Micro {
  const choices: Micro[] = [];
  for (const high of [4, 2, 1] as const) {
    for (const wide of [8, 4, 2, 1] as const) {
      if (n % wide === 0) choices.push({ rows: high, columns: wide });
    }
  }
  const cost = (micro: Micro): number => {
    const rounds = Math.ceil(((rows / micro.rows) * (n / micro.columns)) / threads);
    return rounds * (micro.rows * micro.columns + micro.rows / 4 + micro.columns / 4);
  };
  return choices.reduce((best, one) => (cost(one) < cost(best) ? one : best));
}

/**
 * x · w for the rows of a tile, sums in registers; then the functions that follow, before anything is
 * written. Single precision throughout, products and sums rounded once (fma): no TF32.
 */
export function printProduct(
  node: NodeOf<'matmul'>,
  epilogue: readonly Node[],
  around: ProductSurroundings,
): string[] {
  const { shape, memory } = around;
  const n = node.columns;
  const micro = chooseMicro(n, shape);
  const groups = shape.rows / micro.rows;
  const items = groups * (n / micro.columns);
  const sums = node.inner.flatMap((size, pair) => {
    const x = node.inputs[2 * pair]!;
    const place = memory(x);
    if (!place) throw new CompileError(`the input of a product (${x.op}) is in no memory`);
    return printSum(size, n, micro, place, around, node.inputs[2 * pair + 1]!);
  });
  return [
    `/* %${node.id}: ${node.inner.join(' + ')} → ${n} */`,
    items === shape.threads
      ? '{ const int item = threadIdx.x;'
      : `for (int item = threadIdx.x; item < ${items}; item += ${shape.threads}) {`,
    `  const int r = item % ${groups} * ${micro.rows}, j = item / ${groups} * ${micro.columns};`,
    `  float s[${micro.columns}][${micro.rows}] = {};`,
    ...sums.map((line) => `  ${line}`),
    ...printEpilogue(node, epilogue, micro, around).map((line) => `  ${line}`),
    '}',
    '__syncthreads();',
  ];
}

const vectorOf = (dtype: DType, count: 1 | 2 | 4): string =>
  `${dtype === 'float32' ? 'float' : 'int'}${count === 1 ? '' : count}`;

const parts = ['x', 'y', 'z', 'w'] as const;

/** Reads `count` numbers that lie side by side into single ones. */
function readSideBySide(
  name: string,
  address: string,
  dtype: DType,
  count: 1 | 2 | 4,
  read = (pointer: string): string => `*${pointer}`,
): string {
  const type = vectorOf(dtype, count);
  const value = read(`(const ${type} *)(${address})`);
  if (count === 1) return `${name}[0] = ${value};`;
  const items = parts.slice(0, count).map((part, index) => `${name}[${index}] = q.${part};`);
  return `{ const ${type} q = ${value}; ${items.join(' ')} }`;
}

const readCached = (pointer: string): string => `__ldg(${pointer})`;

function writeSideBySide(name: string, address: string, dtype: DType, count: 1 | 2 | 4): string {
  const type = vectorOf(dtype, count);
  if (count === 1) return `*(${type} *)(${address}) = ${name}[0];`;
  const items = Array.from({ length: count }, (_, index) => `${name}[${index}]`);
  return `*(${type} *)(${address}) = make_${type}(${items.join(', ')});`;
}

function printSum(
  size: number,
  n: number,
  micro: Micro,
  x: TileMemory,
  { parameter, weights }: ProductSurroundings,
  w: Node,
): string[] {
  const base = weights(w);
  const isAligned = n % 4 === 0 && micro.columns % 4 === 0;
  const readWeights = (): string[] => {
    if (!base) {
      return [
        '#pragma unroll',
        `for (int c = 0; c < ${micro.columns}; c++) b[c] = ${parameter(w, `k * ${n} + j + c`)};`,
      ];
    }
    if (isAligned) {
      return Array.from({ length: micro.columns / 4 }, (_, quarter) =>
        readSideBySide(
          `(b + ${4 * quarter})`,
          `w + k * ${n} + ${4 * quarter}`,
          'float32',
          4,
          base.isShared ? undefined : readCached,
        ),
      );
    }
    const one = `w + k * ${n} + c`;
    return [
      '#pragma unroll',
      `for (int c = 0; c < ${micro.columns}; c++) b[c] = ${base.isShared ? `*(${one})` : readCached(one)};`,
    ];
  };
  return [
    '{',
    `  const float *const x = ${x.base} + r;`,
    ...(base ? [`  const float *const w = ${base.address} + j;`] : []),
    `  #pragma unroll ${size <= 8 ? size : micro.rows * micro.columns > 2 ? 4 : 16}`,
    `  for (int k = 0; k < ${size}; k++) {`,
    `    float a[${micro.rows}], b[${micro.columns}];`,
    `    ${readSideBySide('a', `x + k * ${x.stride}`, 'float32', micro.rows)}`,
    ...readWeights().map((line) => `    ${line}`),
    '    #pragma unroll',
    `    for (int c = 0; c < ${micro.columns}; c++)`,
    '    #pragma unroll',
    `    for (int u = 0; u < ${micro.rows}; u++) s[c][u] = fmaf(a[u], b[c], s[c][u]);`,
    '  }',
    '}',
  ];
}

/** What follows the product column by column. */
function printEpilogue(
  node: NodeOf<'matmul'>,
  epilogue: readonly Node[],
  micro: Micro,
  { memory, parameter, again }: ProductSurroundings,
): string[] {
  const { rows } = micro;
  const lines: string[] = [];
  /** Values at hand: one a row, or one for all. */
  const names = new Map<Node, string>([[node, 's[c][u]']]);
  const address = ({ base, stride }: TileMemory, column: string): string =>
    `${base} + (${column}) * ${stride} + r`;
  const keep = (one: Node, name: string): void => {
    const place = memory(one);
    if (place) lines.push(writeSideBySide(name, address(place, '(j + c)'), one.dtype, rows));
  };
  /** A value that is no result of this product. */
  const fetch = (input: Node): string => {
    const column = input.columns === 1 ? '0' : '(j + c)';
    const name = `i${input.id}`;
    if (!input.space) {
      lines.push(`const ${typeOf(input.dtype)} ${name} = ${parameter(input, column)};`);
      return name;
    }
    if (again.has(input)) return compute(input as NodeOf<'map'>);
    const place = memory(input);
    if (!place) throw new CompileError(`${input.op} after a product is in no memory`);
    lines.push(
      `${typeOf(input.dtype)} ${name}[${rows}];`,
      readSideBySide(name, address(place, column), input.dtype, rows),
    );
    return `${name}[u]`;
  };
  const operand = (input: Node): string => {
    const name = names.get(input) ?? fetch(input);
    names.set(input, name);
    return name;
  };
  const compute = (map: NodeOf<'map'>): string => {
    const operands = map.inputs.map(operand);
    const text = functions[map.name]!.print('s', operands, map.inputs.at(-1)!.dtype);
    lines.push(
      `${typeOf(map.dtype)} e${map.id}[${rows}];`,
      '#pragma unroll',
      `for (int u = 0; u < ${rows}; u++) e${map.id}[u] = ${text};`,
    );
    return `e${map.id}[u]`;
  };
  keep(node, 's[c]');
  for (const map of epilogue) {
    names.set(map, compute(map as NodeOf<'map'>));
    keep(map, `e${map.id}`);
  }
  return [
    '#pragma unroll',
    `for (int c = 0; c < ${micro.columns}; c++) {`,
    ...lines.map((line) => `  ${line}`),
    '}',
  ];
}
