import type { DType, Node, NodeOf, ReduceName } from '../graph';
import { mostRegisters } from '../tile-plan';
import { joinParts } from './cuda-joining';
import { limitParts } from './cuda-plan';
import { typeOf } from './cuda-names';
import { type OuterShape, shapeOuter } from './cuda-outer';
import type { TileShape } from './cuda-tile';
import { combine, neutral, type StripLines } from './strip-dialect';

/**
 * The sums of a pass. Each block adds up the tiles of one part after the other, in registers as long as
 * there are enough; parts go to memory, and a second kernel adds them. Who adds what to what depends on
 * the number of rows only, so that the result has the same bits whatever the device and its scheduling.
 */
export interface PassSums {
  /** Lines at the beginning of a part, and at its end. */
  readonly begin: readonly string[];
  readonly end: readonly string[];
  /** Sums of a strip. */
  reduceRows(node: NodeOf<'reduceRows'>, strip: StripLines): void;
  outerOf(node: NodeOf<'outer'>): PlacedOuter;
  /** Floats and doubles of a part. */
  readonly floats: number;
  readonly doubles: number;
  /** Parts at most. */
  readonly mostParts: number;
  /** That a thread has for sums throughout. */
  readonly registers: number;
  /** The second kernel's body and its blocks; null if there is nothing to add. */
  readonly joining: { readonly lines: readonly string[]; readonly blocks: number } | null;
}

export interface PlacedOuter extends OuterShape {
  /** Among the floats of a part. */
  readonly offset: number;
  readonly inRegisters: boolean;
}

/** Registers a thread for sums: the products of the pass need some as well. */
const mostRegistersForSums = 112;

/**
 * @param rows of the pass, an expression
 * @param offsetOf places in the arena
 */
export function planSums(
  reductions: readonly Node[],
  shape: TileShape,
  rows: string,
  offsetOf: (node: Node) => number,
): PassSums {
  const warps = shape.threads / 32;
  const begin: string[] = [];
  const end: string[] = [];
  const placed = new Map<Node, Placed>();
  let floats = 0;
  let doubles = 0;
  for (const node of reductions) {
    if (node.op === 'outer') {
      const outer = shapeOuter(node, shape);
      placed.set(node, { kind: 'outer', node, ...outer, offset: floats, inRegisters: true });
      floats += outer.slices * node.columns;
    } else {
      const sum = node as NodeOf<'reduceRows'>;
      const isWide = node.columns > mostRegisters;
      const each = isWide ? Math.ceil(node.columns / warps) : node.columns;
      placed.set(node, {
        kind: 'sum',
        node: sum,
        isWide,
        offset: doubles,
        each,
        inRegisters: true,
      });
      doubles += node.columns;
    }
  }
  // The largest go to memory first.
  const size = (one: Placed): number => (one.kind === 'outer' ? one.accumulators : one.each);
  const bySize = [...placed.values()].sort((a, b) => size(b) - size(a));
  let left = bySize.reduce((sum, one) => sum + size(one), 0);
  for (const one of bySize) {
    if (left <= mostRegistersForSums) break;
    if (one.kind === 'sum' && !one.isWide) continue;
    one.inRegisters = false;
    left -= size(one);
  }

  const narrow: NarrowSum[] = [];
  for (const one of placed.values()) {
    if (one.kind === 'outer') {
      begin.push(...beginOuter(one, shape.threads, floats));
      end.push(...endOuter(one, shape.threads, floats));
    } else if (one.isWide) {
      begin.push(...beginWide(one, doubles, warps));
      end.push(...endWide(one, doubles, warps));
    } else {
      const { node } = one;
      const { dtype } = node.inputs[0]!;
      for (let column = 0; column < node.columns; column += 1) {
        const register = `r${node.id}_${column}`;
        begin.push(`${typeOf(dtype)} ${register} = ${neutral(node.name, dtype)};`);
        narrow.push({ register, name: node.name, place: one.offset + column });
      }
    }
  }
  end.push(...endNarrow(narrow, doubles, warps, shape.threads));

  const mostParts = limitParts(floats * 4 + doubles * 8);
  return {
    mostParts,
    registers: left,
    begin,
    end,
    floats,
    doubles,
    reduceRows: (node, strip) => addRows(placed.get(node) as PlacedSum, strip, shape, doubles),
    outerOf: (node) => placed.get(node) as PlacedOuter,
    joining: joinParts([...placed.values()], {
      floats,
      doubles,
      rows,
      mostParts,
      shape,
      offsetOf,
    }),
  };
}

export type Placed =
  | (PlacedOuter & { readonly kind: 'outer'; readonly node: NodeOf<'outer'>; inRegisters: boolean })
  | PlacedSum;

export interface PlacedSum {
  readonly kind: 'sum';
  readonly node: NodeOf<'reduceRows'>;
  /** Columns are shared out over warps, rows over lanes; else each thread has all columns of its row. */
  readonly isWide: boolean;
  /** Among the doubles of a part. */
  readonly offset: number;
  /** Registers a thread. */
  readonly each: number;
  inRegisters: boolean;
}

interface NarrowSum {
  readonly register: string;
  readonly name: ReduceName;
  readonly place: number;
}

const thereOf = (value: string, name: ReduceName, dtype: DType): string =>
  `(row < n ? ${value} : ${neutral(name, dtype)})`;

function addRows(sum: PlacedSum, strip: StripLines, shape: TileShape, doubles: number): void {
  const { node } = sum;
  const x = node.inputs[0]!;
  const add = (total: string, value: string): string =>
    `${total} = ${combine('s', node.name, x.dtype, total, thereOf(value, node.name, x.dtype))};`;
  if (!sum.isWide) {
    for (let column = 0; column < x.columns; column += 1) {
      strip.lines.push(add(`r${node.id}_${column}`, strip.read(x, column)));
    }
    return;
  }
  strip.flush(x);
  const warps = shape.threads / 32;
  const total = sum.inRegisters ? `s${node.id}[q]` : 'total';
  strip.after.push(
    '{',
    '  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;',
    '  #pragma unroll',
    `  for (int q = 0; q < ${sum.each}; q++) {`,
    `    const int c = warp + q * ${warps};`,
    ...(sum.each * warps > x.columns ? [`    if (c >= ${x.columns}) break;`] : []),
    ...(sum.inRegisters ? [] : [`    ${typeOf(x.dtype)} total = ${neutral(node.name, x.dtype)};`]),
    '    #pragma unroll',
    `    for (int r = lane; r < ${shape.rows}; r += 32) {`,
    '      const int64_t row = row0 + r;',
    `      ${add(total, strip.readAt(x, 'c'))}`,
    '    }',
    ...(sum.inRegisters
      ? []
      : [
          `    double *const at = p.doubles + part * ${doubles} + ${sum.offset} + c;`,
          `    const double all = warp_${node.name}((double)total);`,
          `    if (lane == 0) *at = join_${node.name}(*at, all);`,
        ]),
    '  }',
    '}',
  );
}

function beginWide(
  { node, each, inRegisters, offset }: PlacedSum,
  doubles: number,
  warps: number,
): string[] {
  const { dtype } = node.inputs[0]!;
  const start = neutral(node.name, dtype);
  if (inRegisters) {
    return [
      `${typeOf(dtype)} s${node.id}[${each}];`,
      '#pragma unroll',
      `for (int q = 0; q < ${each}; q++) s${node.id}[q] = ${start};`,
    ];
  }
  // Lane 0 of the warp that adds to it.
  return [
    `if (threadIdx.x % 32 == 0) for (int c = threadIdx.x / 32; c < ${node.columns}; c += ${warps}) p.doubles[part * ${doubles} + ${offset} + c] = ${start};`,
  ];
}

function endWide(
  { node, each, inRegisters, offset }: PlacedSum,
  doubles: number,
  warps: number,
): string[] {
  if (!inRegisters) return [];
  const lines: string[] = [];
  for (let first = 0; first < each; first += 32) {
    const some = Math.min(32, each - first);
    const count = 2 ** Math.ceil(Math.log2(some));
    const lanes = 32 / count;
    lines.push(
      '{',
      `  double x[${count}];`,
      '  #pragma unroll',
      `  for (int q = 0; q < ${count}; q++) x[q] = ${some < count ? `q >= ${some} ? ${neutral(node.name, node.inputs[0]!.dtype)} : ` : ''}(double)s${node.id}[${first} + q];`,
      `  const double all = totals_${node.name}<${count}>(x);`,
      `  const int lane = threadIdx.x % 32, q = ${first} + lane${lanes > 1 ? ` / ${lanes}` : ''}, c = threadIdx.x / 32 + q * ${warps};`,
      `  if (${lanes > 1 ? `lane % ${lanes} == 0 && ` : ''}q < ${first + some} && c < ${node.columns}) p.doubles[part * ${doubles} + ${offset} + c] = all;`,
      '}',
    );
  }
  return lines;
}

/** Columns of which every thread has a sum: joined within warps, then across them. */
const narrowAtOnce = 16;

function endNarrow(
  sums: readonly NarrowSum[],
  doubles: number,
  warps: number,
  threads: number,
): string[] {
  const lines: string[] = [];
  if (sums.length > 0)
    lines.push(`__shared__ double joined[${Math.min(sums.length, narrowAtOnce) * warps}];`);
  for (let first = 0; first < sums.length; first += narrowAtOnce) {
    const some = sums.slice(first, first + narrowAtOnce);
    lines.push(
      ...some.flatMap(({ register, name }, index) => [
        `{ const double all = warp_${name}((double)${register}); if (threadIdx.x % 32 == 0) joined[${index * warps} + threadIdx.x / 32] = all; }`,
      ]),
      '__syncthreads();',
      ...some.map(
        ({ name, place }, index) =>
          `if (threadIdx.x == ${index % threads}) { double all = joined[${index * warps}]; for (int w = 1; w < ${warps}; w++) all = join_${name}(all, joined[${index * warps} + w]); p.doubles[part * ${doubles} + ${place}] = all; }`,
      ),
      '__syncthreads();',
    );
  }
  return lines;
}

function beginOuter(outer: Placed & { kind: 'outer' }, threads: number, floats: number): string[] {
  const { node, accumulators } = outer;
  if (outer.inRegisters) {
    return [
      `float o${node.id}_[${accumulators}];`,
      '#pragma unroll',
      `for (int q = 0; q < ${accumulators}; q++) o${node.id}_[q] = 0.0f;`,
    ];
  }
  return eachEntry(outer, threads, (place) => `p.floats[part * ${floats} + ${place}] = 0.0f;`);
}

function endOuter(outer: Placed & { kind: 'outer' }, threads: number, floats: number): string[] {
  if (!outer.inRegisters) return [];
  return eachEntry(
    outer,
    threads,
    (place, register) => `p.floats[part * ${floats} + ${place}] = o${outer.node.id}_[${register}];`,
  );
}

/** A line for every entry that a thread adds to. */
function eachEntry(
  outer: PlacedOuter & { readonly node: NodeOf<'outer'> },
  threads: number,
  print: (place: string, register: string) => string,
): string[] {
  const { m, n, high, wide, rowGroups, columnGroups, items, passes, slices, offset } = outer;
  const isWhole = rowGroups * high === m && columnGroups * wide === n;
  return [
    '#pragma unroll',
    `for (int pass = 0; pass < ${passes}; pass++) {`,
    `  const int item = threadIdx.x % ${slices > 1 ? items : threads} + pass * ${threads}, slice = ${slices > 1 ? `threadIdx.x / ${items}` : '0'};`,
    `  if (item < ${items} && slice < ${slices}) {`,
    '    #pragma unroll',
    `    for (int u = 0; u < ${high}; u++)`,
    '    #pragma unroll',
    `    for (int v = 0; v < ${wide}; v++) {`,
    `      const int i = item / ${columnGroups} + u * ${rowGroups}, j = item % ${columnGroups} + v * ${columnGroups};`,
    `      ${isWhole ? '' : `if (i < ${m} && j < ${n}) `}${print(`${offset} + slice * ${m * n} + i * ${n} + j`, `(pass * ${high} + u) * ${wide} + v`)}`,
    '    }',
    '  }',
    '}',
  ];
}
