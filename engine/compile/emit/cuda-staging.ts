import type { Node } from '../graph';
import type { TileShape } from './cuda-tile';

/**
 * Copies weights that the whole block uses into its shared memory, four numbers at a time and all of them
 * on their way at once. They are there after the barrier, of the first tile if tiles have copies of their own.
 * @param entry an entry as an expression
 * @param addressOf where a parameter lies in global memory, aligned to 16 bytes; null: nowhere
 */
export function printStaging(
  { staged, stagedRows, threads }: TileShape,
  entry: (node: Node, column: string) => string,
  addressOf: (node: Node) => string | null,
): string[] {
  if (staged.size === 0) return [];
  const lines = [...staged.values()].flatMap(({ node, entries, start }) => {
    const address = addressOf(node);
    const whole = address === null ? 0 : entries - (entries % 4);
    return [
      ...(whole > 0
        ? [
            '#pragma unroll 8',
            `for (int e = 4 * threadIdx.x; e < ${whole}; e += ${4 * threads}) copy_four(shared + ${start} + e, ${address} + e);`,
          ]
        : []),
      ...(whole < entries
        ? [
            `for (int e = ${whole} + threadIdx.x; e < ${entries}; e += ${threads}) shared[${start} + e] = ${entry(node, 'e')};`,
          ]
        : []),
    ];
  });
  return [...lines, ...(stagedRows.size > 0 ? [] : awaitCopies)];
}

/** Copies the rows of a tile of values that earlier passes stored. */
export function printRowStaging({ stagedRows, rows, stride, threads }: TileShape): string[] {
  if (stagedRows.size === 0) return [];
  const quads = rows / 4;
  return [
    ...[...stagedRows.values()].flatMap(({ node: { id, columns } }) => [
      '#pragma unroll 8',
      `for (int e = threadIdx.x; e < ${columns * quads}; e += ${threads}) copy_four(c${id} + e / ${quads} * ${stride} + e % ${quads} * 4, m${id} + row0 + (int64_t)(e / ${quads}) * PADDED(n) + e % ${quads} * 4);`,
    ]),
    ...awaitCopies,
  ];
}

const awaitCopies = ['await_copies();', '__syncthreads();'];
