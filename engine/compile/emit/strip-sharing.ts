import type { Node } from '../graph';
import type { StripItem } from '../tile-plan';
import type { StripDialect, StripLines } from './strip-dialect';

/** A loop over columns, among the lines for a row or behind them. */
interface SharedLoop {
  readonly loop: readonly string[];
  /** Where it would stand among the lines. */
  readonly at: number;
  readonly behind: readonly string[];
  /** Where it would stand among those behind. */
  readonly place: number;
}

/** Loops over the columns of wide values that all threads of a block share out, behind the lines for a row. */
export function createSharing(
  items: readonly StripItem[],
  { lines, after }: Pick<StripLines, 'lines' | 'after'>,
  { shareColumns }: StripDialect,
) {
  const loops: SharedLoop[] = [];
  /** Whether nothing else in the strip works with the values row by row. */
  const areForOthers = (nodes: readonly Node[]): boolean =>
    items.every(({ kind, node }) => {
      if (nodes.includes(node)) return kind === 'node';
      return node.op === 'reduceRows' || !node.inputs.some((input) => nodes.includes(input));
    });
  return {
    /**
     * @param nodes what the loop computes
     * @param loop as the thread of a row would run it
     * @param makeBody for row `r` and column `c`; null: not all operands are in memory
     * @returns whether it is taken
     */
    offer(
      nodes: readonly Node[],
      columns: number,
      loop: readonly string[],
      makeBody: () => readonly string[] | null,
    ): boolean {
      const body = shareColumns && areForOthers(nodes) ? makeBody() : null;
      if (!shareColumns || !body) return false;
      const behind = shareColumns(columns, body);
      loops.push({ loop, at: lines.length, behind, place: after.length });
      return true;
    },
    /**
     * Settles who runs them, when the strip is complete: not all threads where lines after the loop's place
     * write to the tile's memory, which may be that of its values.
     */
    settle(): void {
      for (const { loop, at, behind, place } of loops.reverse()) {
        const isWritten = lines.slice(at).some((line) => /_i?store\(/.test(line));
        if (isWritten) lines.splice(at, 0, ...loop);
        else after.splice(place, 0, ...behind);
      }
    },
  };
}
