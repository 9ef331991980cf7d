import type { Node, NodeOf } from '../graph';
import { CompileError } from '../traced';
import type { PlacedOuter } from './cuda-sums';
import type { TileShape } from './cuda-tile';

/**
 * Who adds what of Σ xᵀ·y [m, n]: a thread has `high` × `wide` entries, `rowGroups` and `columnGroups`
 * apart, so that neighbours read neighbouring columns; where there are more threads than that needs, each
 * has a slice of the tile's rows.
 */
export interface OuterShape {
  readonly m: number;
  readonly n: number;
  readonly high: number;
  readonly wide: number;
  readonly rowGroups: number;
  readonly columnGroups: number;
  readonly items: number;
  /** Rounds in which the threads do all items. */
  readonly passes: number;
  /** Of the rows. */
  readonly slices: number;
  /** Registers a thread. */
  readonly accumulators: number;
}

const sizes = [1, 2, 4, 8] as const;

export function shapeOuter(node: NodeOf<'outer'>, { threads, rows }: TileShape): OuterShape {
  const [m, n] = node.inputs.map(({ columns }) => columns) as [number, number];
  const choices = sizes.flatMap((high) => sizes.map((wide) => ({ high, wide })));
  const itemsOf = ({ high, wide }: { high: number; wide: number }): number =>
    Math.ceil(m / high) * Math.ceil(n / wide);
  // As few entries a thread as keep all threads at work; of those as square as can be.
  const cost = (choice: { high: number; wide: number }): number => {
    const { high, wide } = choice;
    const rounds = Math.ceil(itemsOf(choice) / threads);
    const arithmetic = rounds * high * wide;
    const reading = rounds * (high + wide);
    return arithmetic + reading / 2;
  };
  const best = choices.reduce((left, right) => (cost(right) < cost(left) ? right : left));
  const items = itemsOf(best);
  const passes = Math.ceil(items / threads);
  let slices = 1;
  while (items * slices * 2 <= threads && rows / (slices * 2) >= 8) slices *= 2;
  return {
    ...best,
    m,
    n,
    rowGroups: Math.ceil(m / best.high),
    columnGroups: Math.ceil(n / best.wide),
    items,
    passes,
    slices,
    accumulators: passes * best.high * best.wide,
  };
}

/** Where the columns of a tile lie: the address of the first, and how far it is to the next. */
export interface TileMemory {
  readonly base: string;
  readonly stride: string;
}

/** Σ over the rows of a tile of xᵀ·y for some pairs, added to what registers or memory have of it. */
export function printOuters(
  nodes: readonly NodeOf<'outer'>[],
  shape: TileShape,
  memory: (node: Node) => TileMemory | null,
  outerOf: (node: NodeOf<'outer'>) => PlacedOuter,
  floats: number,
): string[] {
  const memoryOf = (node: Node): TileMemory => {
    const place = memory(node);
    if (!place) throw new CompileError(`the input of a product (${node.op}) is in no memory`);
    return place;
  };
  const inputs = [...new Set(nodes.flatMap((node) => node.inputs))];
  return [
    // Rows past the last one count for nothing.
    `if (row0 + ${shape.rows} > n) {`,
    '  const int here = (int)(n - row0);',
    ...inputs.map((input) => {
      const { base, stride } = memoryOf(input);
      return `  for (int e = threadIdx.x; e < ${input.columns} * (${shape.rows} - here); e += ${shape.threads}) { const int gone = ${shape.rows} - here; (${base})[(e / gone) * ${stride} + here + e % gone] = 0.0f; }`;
    }),
    '  __syncthreads();',
    '}',
    ...nodes.flatMap((node) => {
      const [x, y] = node.inputs as [Node, Node];
      return printOuter(node, outerOf(node), shape, memoryOf(x), memoryOf(y), floats);
    }),
    '__syncthreads();',
  ];
}

function printOuter(
  node: NodeOf<'outer'>,
  outer: PlacedOuter,
  { threads, rows }: TileShape,
  x: TileMemory,
  y: TileMemory,
  floats: number,
): string[] {
  const { m, n, high, wide, rowGroups, columnGroups, items, passes, slices } = outer;
  const from = (
    first: string,
    step: string,
    groups: number,
    size: number,
    most: number,
  ): string => {
    const at = `(${first} + ${step} * ${groups})`;
    // The last group may have fewer.
    return groups * size > most ? `(${at} < ${most} ? ${at} : ${most - 1})` : at;
  };
  const total = (u: string, v: string): string =>
    outer.inRegisters
      ? `o${node.id}_[(pass * ${high} + ${u}) * ${wide} + ${v}]`
      : `sums[${u}][${v}]`;
  const many = high * wide >= 16;
  const step = rows / slices;
  const isWhole = rowGroups * high === m && columnGroups * wide === n;
  return [
    `{ /* %${node.id} */`,
    outer.inRegisters ? '  #pragma unroll' : '  #pragma unroll 1',
    `  for (int pass = 0; pass < ${passes}; pass++) {`,
    `    const int item = threadIdx.x % ${slices > 1 ? items : threads} + pass * ${threads}, slice = ${slices > 1 ? `threadIdx.x / ${items}` : '0'};`,
    ...(items === threads && slices === 1
      ? ['    {']
      : [`    if (item < ${items} && slice < ${slices}) {`]),
    `      const int i = item / ${columnGroups}, j = item % ${columnGroups};`,
    `      const float *const x = ${x.base}, *const y = ${y.base};`,
    ...(outer.inRegisters ? [] : [`      float sums[${high}][${wide}] = {};`]),
    `      #pragma unroll ${many ? 1 : 4}`,
    `      for (int r = slice * ${step}; r < slice * ${step} + ${step}; r += 4) {`,
    `        float4 a[${high}], b[${wide}];`,
    '        #pragma unroll',
    `        for (int u = 0; u < ${high}; u++) a[u] = *(const float4 *)(x + ${from('i', 'u', rowGroups, high, m)} * ${x.stride} + r);`,
    '        #pragma unroll',
    `        for (int v = 0; v < ${wide}; v++) b[v] = *(const float4 *)(y + ${from('j', 'v', columnGroups, wide, n)} * ${y.stride} + r);`,
    '        #pragma unroll',
    `        for (int u = 0; u < ${high}; u++)`,
    '        #pragma unroll',
    `        for (int v = 0; v < ${wide}; v++) {`,
    `          float s = ${total('u', 'v')};`,
    '          s = fmaf(a[u].x, b[v].x, s); s = fmaf(a[u].y, b[v].y, s); s = fmaf(a[u].z, b[v].z, s); s = fmaf(a[u].w, b[v].w, s);',
    `          ${total('u', 'v')} = s;`,
    '        }',
    '      }',
    ...(outer.inRegisters
      ? []
      : [
          '      #pragma unroll',
          `      for (int u = 0; u < ${high}; u++)`,
          '      #pragma unroll',
          `      for (int v = 0; v < ${wide}; v++) {`,
          `        const int row = i + u * ${rowGroups}, column = j + v * ${columnGroups};`,
          `        ${isWhole ? '' : `if (row < ${m} && column < ${n}) `}p.floats[part * ${floats} + ${outer.offset} + slice * ${m * n} + row * ${n} + column] += sums[u][v];`,
          '      }',
        ]),
    '    }',
    '  }',
    '}',
  ];
}
