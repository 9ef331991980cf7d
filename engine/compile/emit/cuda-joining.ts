import type { Node, ReduceName } from '../graph';
import { typeOf } from './cuda-names';
import type { PassSums, Placed } from './cuda-sums';
import type { TileShape } from './cuda-tile';
import { neutral } from './strip-dialect';

/** Threads of the kernel that adds the parts of sums: entries × slices. */
export const joiningThreads = 512;
const slices = joiningThreads / 32;

interface Joining {
  readonly floats: number;
  readonly doubles: number;
  /** Rows of the pass, an expression. */
  readonly rows: string;
  readonly mostParts: number;
  readonly shape: TileShape;
  offsetOf(node: Node): number;
}

/** Blocks of 32 entries; the parts of each are added in slices, and those one after the other. */
export function joinParts(
  placed: readonly Placed[],
  { floats, doubles, rows, mostParts, shape, offsetOf }: Joining,
): PassSums['joining'] {
  if (placed.length === 0) return null;
  const lines = [
    `const int64_t tiles = (${rows} + ${shape.rows - 1}) / ${shape.rows};`,
    `int64_t each = (tiles + ${mostParts - 1}) / ${mostParts};`,
    'if (each < 1) each = 1;',
    'const int64_t parts = (tiles + each - 1) / each;',
    `__shared__ double joined[${slices}][33];`,
    'const int lane = threadIdx.x % 32, slice = threadIdx.x / 32;',
  ];
  let block = 0;
  for (const one of placed) {
    const { node } = one;
    const blocks = Math.ceil(node.columns / 32);
    const name = one.kind === 'outer' ? 'sum' : one.node.name;
    const dtype = one.kind === 'outer' ? 'float32' : node.dtype;
    const start = neutral(name, node.inputs[0]!.dtype);
    const from =
      one.kind === 'outer'
        ? `p.floats + ${one.offset} + e, ${floats}, parts, ${one.slices}, ${node.columns}`
        : `p.doubles + ${one.offset} + e, ${doubles}, parts, 1, 0`;
    lines.push(
      `if (blockIdx.x >= ${block} && blockIdx.x < ${block + blocks}) { /* %${node.id} */`,
      `  const int e = (blockIdx.x - ${block}) * 32 + lane;`,
      `  double all = ${start};`,
      `  if (e < ${node.columns}) all = parts_${name}(all, ${from}, slice);`,
      '  joined[slice][lane] = all;',
      '  __syncthreads();',
      `  if (slice == 0 && e < ${node.columns}) {`,
      `    for (int s = 1; s < ${slices}; s++) all = join_${name}(all, joined[s][lane]);`,
      `    ((${typeOf(dtype)} *)p.v)[${offsetOf(node)} + e] = (${typeOf(dtype)})all;`,
      '  }',
      '}',
    );
    block += blocks;
  }
  return { lines, blocks: block };
}

/** Functions that join sums, as far as a text calls them. */
export const joiningFunctions = (text: string): string[] =>
  joins
    .filter(([name]) => new RegExp(`(join|warp|totals|parts)_${name}\\b`).test(text))
    .map(([name, value]) => printJoin(name, value));

const joins = [
  ['sum', 'x + y'],
  ['prod', 'x * y'],
  ['max', 'y != y || y > x ? y : x'],
  ['min', 'y != y || y < x ? y : x'],
  ['any', '(x != 0 || y != 0) ? -1.0 : 0.0'],
  ['all', '(x != 0 && y != 0) ? -1.0 : 0.0'],
] as const;

const printJoin = (
  name: ReduceName,
  value: string,
): string => `FUNCTION double join_${name}(double x, double y) { return ${value}; }
FUNCTION double warp_${name}(double x) {
#pragma unroll
  for (int lanes = 16; lanes > 0; lanes /= 2) x = join_${name}(x, __shfl_xor_sync(0xffffffffu, x, lanes));
  return x;
}
/*
 * The warp's totals of count numbers that every lane has one of, a power of two up to 32: in each round
 * lanes hand over one half and keep the other. Lane l has the total of number l / (32 / count).
 */
template <int count, int lanes = 16> FUNCTION double totals_${name}(double *x) {
  if constexpr (count > 1) {
    const bool isUpper = threadIdx.x & lanes;
#pragma unroll
    for (int q = 0; q < count / 2; q++) {
      const double other = __shfl_xor_sync(0xffffffffu, isUpper ? x[q] : x[q + count / 2], lanes);
      x[q] = join_${name}(isUpper ? x[q + count / 2] : x[q], other);
    }
    return totals_${name}<count / 2, lanes / 2>(x);
  } else if constexpr (lanes > 0) {
    x[0] = join_${name}(x[0], __shfl_xor_sync(0xffffffffu, x[0], lanes));
    return totals_${name}<1, lanes / 2>(x);
  } else {
    return x[0];
  }
}
/* Parts slice, slice + ${slices}, … of an entry. */
template <class Number> FUNCTION double parts_${name}(double all, const Number *at, int64_t stride, int64_t parts, int copies, int64_t copy, int slice) {
#pragma unroll 8
  for (int64_t part = slice; part < parts; part += ${slices})
    for (int c = 0; c < copies; c++) all = join_${name}(all, (double)at[part * stride + c * copy]);
  return all;
}`;
