import { functions } from './functions';
import type { Node, NodeOf } from '../graph';
import { CompileError } from '../traced';
import { vectorsPerStrip } from './c-prelude';
import { load, store, vectorType } from './c-values';
import { blockOf } from './c-weights';

export interface ProductSurroundings {
  memory(node: Node): string | null;
  parameter(node: Node, column: string): string;
  /** Weights of a pair of inputs, in blocks of columns. */
  pack(pair: number): string;
  /** Memory of as many columns that the tile reads later: it is fetched while the product is computed. */
  readonly upcoming: readonly string[];
}

/**
 * x · w for the rows of a tile: for each strip and block of columns the accumulators stay in registers
 * over the whole inner sum; then the functions that follow, before anything is written.
 */
export function printProduct(
  node: NodeOf<'matmul'>,
  epilogue: readonly Node[],
  { memory, parameter, pack, upcoming }: ProductSurroundings,
): string[] {
  const n = node.columns;
  const block = blockOf(node);
  const vectors = Array.from({ length: vectorsPerStrip }, (_, u) => u);
  const columns = Array.from({ length: block }, (_, c) => c);
  const sums = node.inner.flatMap((size, pair) => {
    const x = node.inputs[2 * pair]!;
    const base = memory(x);
    if (!base) throw new CompileError(`the input of a product (${x.op}) is in no memory`);
    return [
      '{',
      `  const float *x = ${base} + (int64_t)s * ${size} * L;`,
      `  const float *w = ${pack(pair)} + (int64_t)j * ${size};`,
      '  #pragma GCC unroll 4',
      `  for (int k = 0; k < ${size}; k++, x += L, w += ${block}) {`,
      // All but the first are held: sixteen registers have room for one factor and one to come.
      ...vectors.map((u) => `    vf x${u} = v_load(x + ${u} * W);${u > 0 ? ` HOLD(x${u});` : ''}`),
      ...columns.flatMap((c) => [
        `    const vf w${c} = v_set(w[${c}]);`,
        ...vectors.map((u) => `    s${c}_${u} = v_fma(x${u}, w${c}, s${c}_${u});`),
      ]),
      '  }',
      '}',
    ];
  });
  const at = (column: string, of: number, u: number): string =>
    `((int64_t)s * ${of} + ${column}) * L + ${u} * W`;
  const finish: string[] = [];
  // The vectors of a column go through each function together: their latencies overlap.
  const names = new Map<Node, string>([[node, 'x']]);
  const keep = (one: Node, name: string): void => {
    const place = memory(one);
    if (!place) return;
    vectors.forEach((u) =>
      finish.push(store(one.dtype, `${place} + ${at('c', n, u)}`, `${name}_${u}`)),
    );
  };
  keep(node, 'x');
  epilogue.forEach((one, index) => {
    const map = one as NodeOf<'map'>;
    const name = `e${index}`;
    const operand = (input: Node, u: number): string => {
      const known = names.get(input);
      if (known) return `${known}_${u}`;
      const column = input.columns === 1 ? '0' : 'c';
      if (!input.space) {
        const value = parameter(input, column);
        return input.dtype === 'float32' ? `v_set(${value})` : `v_iset(${value})`;
      }
      return load(input.dtype, `${memory(input)!} + ${at(column, input.columns, u)}`);
    };
    const { print } = functions[map.name]!;
    vectors.forEach((u) => {
      const operands = map.inputs.map((input) => operand(input, u));
      const text = print('v', operands, map.inputs.at(-1)!.dtype);
      finish.push(`const ${vectorType(map.dtype)} ${name}_${u} = ${text};`);
    });
    names.set(map, name);
    keep(map, name);
  });
  return [
    `for (int s = 0; s < strips; s++) for (int j = 0; j < ${n}; j += ${block}) {`,
    ...columns.map((c) => `  vf ${vectors.map((u) => `s${c}_${u} = {0}`).join(', ')};`),
    ...upcoming.map(
      (place) =>
        `  for (int k = 0; k < ${block} * L; k += 16) __builtin_prefetch(${place} + ((int64_t)s * ${n} + j) * L + k);`,
    ),
    ...sums.map((line) => `  ${line}`),
    `  const vf sums[${block}][${vectorsPerStrip}] = {${columns.map((c) => `{${vectors.map((u) => `s${c}_${u}`).join(', ')}}`).join(', ')}};`,
    `  for (int c = j; c < j + ${block}${n % block === 0 ? '' : ` && c < ${n}`}; c++) {`,
    `    const vf ${vectors.map((u) => `x_${u} = sums[c - j][${u}]`).join(', ')};`,
    ...finish.map((line) => `    ${line}`),
    '  }',
    '}',
  ];
}

/**
 * Σ over the rows of a tile of xᵀ · y, added to the partial sums: blocks of the result whose
 * accumulators stay in registers over all rows. Both are laid out anew first, so that the vectors of a
 * block follow one another in memory; rows past the last one count for nothing.
 */
export function printOuter(
  node: NodeOf<'outer'>,
  { memory, partial }: { memory(node: Node): string; partial: string },
): string[] {
  const [x, y] = node.inputs as [Node, Node];
  const [m, n] = [x.columns, y.columns];
  const lines = [
    '{',
    `float *const xs = p->runtime->scratch(-1 - thread, (int64_t)strips * ${m + n} * L * 4), *const ys = xs + (int64_t)strips * ${m} * L;`,
    'for (int s = 0, v = 0; s < strips; s++) for (int at = 0; at < L; at += W, v++) {',
    '  const int64_t row = row0 + s * L + at;',
    '  const vi there = row + W <= n ? v_iset(-1) : v_present(row, n);',
    ...printLayout('xs', memory(x), m, rowsAtOnce),
    ...printLayout('ys', memory(y), n, columnsAtOnce),
    '}',
  ];
  // So many columns of x that they stay in the first cache while those of y pass by.
  for (const part of partsOf(m, columnsInCache)) {
    for (const columns of blocksOf(0, n, columnsAtOnce)) {
      for (const rows of blocksOf(part.from, part.to, rowsAtOnce)) {
        const is = Array.from({ length: rows.size }, (_, i) => i);
        const js = Array.from({ length: columns.size }, (_, j) => j);
        lines.push(
          `for (int j = ${columns.from}; j < ${columns.to}; j += ${columns.size})`,
          `for (int i = ${rows.from}; i < ${rows.to}; i += ${rows.size}) {`,
          ...is.map((i) => `  vf ${js.map((j) => `s${i}_${j} = {0}`).join(', ')};`),
          '  const float *a = xs + (int64_t)i * strips * L, *b = ys + (int64_t)j * strips * L;',
          `  for (int v = 0; v < strips * ${vectorsPerStrip}; v++, a += ${rows.size} * W, b += ${columns.size} * W) {`,
          ...js.map((j) => `    const vf y${j} = v_load(b + ${j} * W);`),
          ...is.flatMap((i) => [
            `    const vf x${i} = v_load(a + ${i} * W);`,
            ...js.map((j) => `    s${i}_${j} = v_fma(x${i}, y${j}, s${i}_${j});`),
          ]),
          '  }',
          ...is.map((i) =>
            columns.size === 4
              ? `  v_add_totals4(${partial} + (i + ${i}) * ${n} + j, ${js.map((j) => `s${i}_${j}`).join(', ')});`
              : js
                  .map((j) => `  ${partial}[(i + ${i}) * ${n} + j + ${j}] += v_total(s${i}_${j});`)
                  .join('\n'),
          ),
          '}',
        );
      }
    }
  }
  return [...lines, '}'];
}

/** Rows and columns of the result whose sums are kept in registers at a time. */
const rowsAtOnce = 3;
const columnsAtOnce = 4;

/** Copies a vector of rows of each column to where blocks of columns have theirs one after the other. */
const printLayout = (to: string, from: string, total: number, block: number): string[] =>
  blocksOf(0, total, block).map(
    ({ from: first, to: end, size }) =>
      `  for (int c = ${first}; c < ${end}; c += ${size}) for (int k = 0; k < ${size}; k++) ` +
      `v_store(${to} + (int64_t)c * strips * L + (v * ${size} + k) * W, ` +
      `v_and(there, v_load(${from} + ((int64_t)s * ${total} + c + k) * L + at)));`,
  );

/** Columns of x: with three vectors of eight rows and eight strips, 18 KiB. */
const columnsInCache = 24;

const partsOf = (total: number, size: number): { from: number; to: number }[] =>
  Array.from({ length: Math.ceil(total / size) }, (_, part) => ({
    from: part * size,
    to: Math.min(total, (part + 1) * size),
  }));

/** Blocks of one size, and what is left in a smaller one. */
function blocksOf(
  from: number,
  to: number,
  size: number,
): { from: number; to: number; size: number }[] {
  const middle = from + Math.floor((to - from) / size) * size;
  return [
    ...(middle > from ? [{ from, to: middle, size }] : []),
    ...(to > middle ? [{ from: middle, to, size: to - middle }] : []),
  ];
}
