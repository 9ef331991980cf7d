import type { Node, NodeOf } from '../graph';
import type { RowPhase } from '../schedule';
import { scalarType } from './c-values';

/**
 * Sums over rows are added in so many parts, whatever the number of threads: each part by one thread in
 * the order of its rows, then the parts in a fixed tree.
 */
export const mostChunks = 64;

/** Where the sums of a pass lie among the numbers of a part: those of products of rows are floats. */
export interface SumPlaces {
  readonly doubles: number;
  readonly floats: number;
  /** The entries of a sum within a part, as a C expression. */
  partial(node: Node): string;
  /** Sets a part to nothing yet. */
  readonly start: readonly string[];
  /** Joins the parts into the results. @param chunks how many, as a C expression */
  join(chunks: string, target: (node: Node) => string): string[];
}

export function placeSums({ reductions }: RowPhase): SumPlaces {
  const offsets = new Map<Node, number>();
  let [doubles, floats] = [0, 0];
  for (const node of reductions) {
    if (node.op === 'outer') {
      offsets.set(node, floats);
      floats += Math.ceil(node.columns / 16) * 16;
    } else {
      offsets.set(node, doubles);
      doubles += node.columns;
    }
  }
  const others = reductions.filter((node): node is NodeOf<'reduceRows'> => node.op !== 'outer');
  const products = reductions.filter((node) => node.op === 'outer');
  return {
    doubles,
    floats,
    partial: (node) => `(part_${node.op === 'outer' ? 'f' : 'd'} + ${offsets.get(node)!})`,
    start: [
      ...(doubles > 0 ? [`double *const part_d = p->part_d + chunk * ${doubles};`] : []),
      ...others.map((node) => {
        const nothing = {
          sum: '0',
          prod: '1',
          any: '0',
          all: '-1',
          max: '-INFINITY',
          min: 'INFINITY',
        };
        const at = `part_d[${offsets.get(node)!} + c]`;
        return `for (int c = 0; c < ${node.columns}; c++) ${at} = ${nothing[node.name]};`;
      }),
      ...(floats > 0
        ? [
            `float *const part_f = p->part_f + chunk * ${floats};`,
            `memset(part_f, 0, ${floats} * 4);`,
          ]
        : []),
    ],
    join: (chunks, target) => [
      ...(floats > 0 ? [`add_parts(p->part_f, ${floats}, ${chunks});`] : []),
      ...products.map(
        (node) =>
          `memcpy(${target(node)}, p->part_f + ${offsets.get(node)!}, ${node.columns} * 4);`,
      ),
      ...others.map((node) => {
        const parts = `p->part_d + ${offsets.get(node)!} + c`;
        const joined = `(${scalarType(node.dtype)})join_${node.name}(${parts}, ${doubles}, ${chunks})`;
        return `for (int c = 0; c < ${node.columns}; c++) ${target(node)}[c] = ${joined};`;
      }),
    ],
  };
}

const steps = {
  sum: 'x + y',
  prod: 'x * y',
  max: 'y != y || y > x ? y : x',
  min: 'y != y || y < x ? y : x',
  any: '(x != 0 || y != 0) ? -1 : 0',
  all: '(x != 0 && y != 0) ? -1 : 0',
} as const;

/** What programs join parts by. */
export const sumFunctions = [
  '/* Parts of sums, added in a fixed tree. */',
  'static __attribute__((unused)) void add_parts(float *parts, int64_t size, int64_t count) {',
  '  for (int64_t half = 1; half < count; half *= 2)',
  '    for (int64_t i = 0; i + half < count; i += 2 * half)',
  '      for (int64_t c = 0; c < size; c += W) v_store(parts + i * size + c, v_load(parts + i * size + c) + v_load(parts + (i + half) * size + c));',
  '}',
  '#define JOIN(name, step) INLINE double join_##name(const double *parts, int64_t stride, int64_t count) { double x = parts[0]; for (int64_t i = 1; i < count; i++) { const double y = parts[i * stride]; x = step; } return x; }',
  ...Object.entries(steps).map(([name, step]) => `JOIN(${name}, (${step}))`),
  '',
].join('\n');
