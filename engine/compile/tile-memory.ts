import type { Node } from './graph';
import { mostRegisters } from './far-reads';
import { type Group, groupsWithin, homeOf } from './tile-plan';
import { readsAcross } from './views';

/** Columns of a tile's scratch memory, and the groups from which to which they are needed. */
export interface Buffer {
  readonly columns: number;
  readonly start: number;
  readonly from: number;
  readonly to: number;
}

/** The first and last moment of a value: the whole part is the group, the rest the place within it. */
type Life = readonly [first: number, last: number];

/** Behind everything in a group, before the next. */
const endOf = (group: number): number => group + 1 - 2 ** -20;

/**
 * Gives each buffer a place in the tile's memory: in the order given, each at the first fit. Two share columns
 * if they are never needed at the same time, be it within a strip.
 * @param isByColumn whether a column of all rows lies together: then what one row keeps in a column is in no
 *   other row's way. Else columns lie together strip by strip, buffers of different widths cut across each other,
 *   and only values that a strip alone needs share columns within it
 */
export function placeBuffers(
  buffers: readonly (readonly [Node, Omit<Buffer, 'start'>])[],
  groups: readonly Group[],
  isByColumn: boolean,
): Map<Node, Buffer> {
  const moments = momentsOf(groups, isByColumn);
  const lifeOf = (node: Node, { from, to }: Omit<Buffer, 'start'>): Life =>
    isByColumn || from === to
      ? [moments.made.get(from)?.get(node) ?? from, moments.used.get(to)?.get(node) ?? endOf(to)]
      : [from, endOf(to)];
  const placed = new Map<Node, Buffer>();
  const lives = new Map<Buffer, Life>();
  for (const [node, buffer] of buffers) {
    const [first, last] = lifeOf(node, buffer);
    const alive = [...placed.values()]
      .filter((other) => lives.get(other)![0] <= last && first <= lives.get(other)![1])
      .sort((a, b) => a.start - b.start);
    let start = 0;
    for (const other of alive) {
      if (start + buffer.columns <= other.start) break;
      start = Math.max(start, other.start + other.columns);
    }
    const own = { ...buffer, start };
    placed.set(node, own);
    lives.set(own, [first, last]);
  }
  return placed;
}

/** When values are made and last used within the strips that are the first or last to need them, strip by strip. */
interface Moments {
  readonly made: Map<number, Map<Node, number>>;
  readonly used: Map<number, Map<Node, number>>;
}

function momentsOf(groups: readonly Group[], isByColumn: boolean): Moments {
  const moments: Moments = { made: new Map(), used: new Map() };
  const visit = (group: Group): void => {
    if (group.kind === 'strip') addStrip(group, isByColumn, moments);
    groupsWithin(group).forEach(visit);
  };
  groups.forEach(visit);
  return moments;
}

/** In the order in which a strip is printed: its nodes, then whatever is written elsewhere. */
function addStrip(group: Group & { kind: 'strip' }, isByColumn: boolean, moments: Moments): void {
  const nodes = group.items.flatMap((item) => (item.kind === 'node' ? [item.node] : []));
  const momentOf = (place: number): number => group.at + place / (nodes.length + 1);
  const made = new Map<Node, number>();
  const used = new Map<Node, number>();
  const use = (node: Node, place: number): void => void used.set(homeOf(node), momentOf(place));
  /** Functions that wait for the loop they share: they read and write at its place, not at their own. */
  let waiting: Node[] = [];
  const runWaiting = (place: number): void => {
    for (const node of waiting) [node, ...node.inputs].forEach((one) => use(one, place));
    waiting = [];
  };
  nodes.forEach((node, place) => {
    const waits = node.op === 'map' && node.columns > mostRegisters;
    const runs = waits
      ? waiting.some((other) => other.columns !== node.columns || readsAcross(node, other))
      : node.inputs.some((input) => waiting.includes(input));
    if (runs) runWaiting(place);
    if (!made.has(homeOf(node))) made.set(homeOf(node), momentOf(place));
    [node, ...node.inputs].forEach((one) => use(one, place));
    if (waits) waiting.push(node);
  });
  runWaiting(nodes.length);
  // Sums over the rows are taken behind the loop over them: they need what each row has made, which later rows
  // must not overwrite before they make their own.
  for (const { op, inputs } of nodes) {
    if (op !== 'reduceRows') continue;
    for (const input of inputs) {
      if (!isByColumn) made.set(homeOf(input), momentOf(0));
      use(input, nodes.length);
    }
  }
  for (const { kind, node } of group.items) if (kind !== 'node') use(node, nodes.length);
  moments.made.set(group.at, made);
  moments.used.set(group.at, used);
}
