import type { Node, NodeOf } from '../graph';
import { typeOf } from './cuda-names';
import type { TileShape } from './cuda-tile';
import type { StripDialect, StripLines } from './strip-dialect';

/**
 * One row a thread. Columns of the tile's buffers (b…) are `stride` floats apart, those of values in
 * memory (m…) as many as there are rows, padded.
 */
export const cudaDialect = (
  { rows, threads, stride, stagedRows, isPlain }: TileShape,
  reduceRows: (node: NodeOf<'reduceRows'>, strip: StripLines) => void,
): StripDialect => ({
  prefix: 's',
  type: typeOf,
  address: (base, _columns, column) => {
    const copied = [...stagedRows.keys()].find(({ id }) => base === `m${id}`);
    return base.startsWith('m') && !copied
      ? `${base} + (int64_t)(${column}) * PADDED(n) + row`
      : `${copied ? `c${copied.id}` : base} + (${column}) * ${stride} + r`;
  },
  // Several columns on their way from memory at once.
  beforeColumns: ['#pragma unroll 8'],
  shareColumns:
    isPlain || threads <= rows
      ? null
      : (columns, body) => [
          '#pragma unroll 4',
          `for (int e = threadIdx.x; e < ${columns * rows}; e += ${threads}) {`,
          `  const int r = e % ${rows}, c = e / ${rows};`,
          '  const int64_t row = row0 + r;',
          ...body.map((line) => `  ${line}`),
          '}',
          '__syncthreads();',
        ],
  look: (at, name, expression) => `{ const int32_t place = ${at}; ${name} = ${expression}; }`,
  chosen: (data: Node, column, numbers, most) => {
    const isFloat = data.dtype === 'float32';
    const base = `p.m${data.id} + (int64_t)${column} * PADDED(${most})`;
    return isFloat
      ? `s_chosen(${base}, 1, ${numbers}, row, n, ${most})`
      : `s_ichosen((const int32_t *)(${base}), 1, ${numbers}, row, n, ${most})`;
  },
  reduceRows,
  loop: ({ before, lines, after }) => [
    ...(lines.length === 0
      ? []
      : [
          rows < threads ? `if (threadIdx.x < ${rows}) {` : '{',
          ...before.map((line) => `  ${line}`),
          '  const int r = threadIdx.x;',
          '  const int64_t row = row0 + r;',
          ...lines.map((line) => `  ${line}`),
          '}',
          ...(isPlain ? [] : ['__syncthreads();']),
        ]),
    ...after,
    // What all threads read together may be written by the next group.
    ...(after.length > 0 ? ['__syncthreads();'] : []),
  ],
});
