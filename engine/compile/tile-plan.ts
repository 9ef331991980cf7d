import type { Node, NodeOf, Region } from './graph';
import type { RowPhase, Schedule } from './schedule';
import { mostRegisters } from './far-reads';
import { planGroups, type Planner } from './tile-groups';
import { type Buffer, placeBuffers } from './tile-memory';
import { readsAcross } from './views';

export { type Buffer, mostRegisters };

/** What a strip does, in order. */
export type StripItem =
  | { readonly kind: 'node'; readonly node: Node }
  /** Writes a value where the program's results go: output `index`, or row t of it within a loop. */
  | {
      readonly kind: 'output';
      readonly node: Node;
      readonly outputs: readonly number[];
      readonly of: Region | null;
    }
  /** Writes a value into a buffer: a carry's slot or a guard's, or row t of a loop's stacked output. */
  | { readonly kind: 'carry'; readonly node: Node; readonly slot: Node }
  | { readonly kind: 'stack'; readonly node: Node; readonly stack: Node }
  /** Writes a loop's result where later passes read it. */
  | { readonly kind: 'keep'; readonly node: Node };

/** A stretch of work on the rows of a tile. */
export type Group =
  /** Row by row (a vector of rows at a time), everything narrow in registers. */
  | { readonly kind: 'strip'; readonly items: readonly StripItem[]; readonly at: number }
  /** A matrix product with what follows it column by column. */
  | {
      readonly kind: 'product';
      readonly node: NodeOf<'matmul'>;
      readonly epilogue: readonly Node[];
      readonly at: number;
    }
  | { readonly kind: 'outer'; readonly node: NodeOf<'outer'>; readonly at: number }
  /** One of two stretches, by whether the condition holds in any row of the tile. */
  | {
      readonly kind: 'guard';
      readonly condition: Node;
      readonly then: readonly Group[];
      readonly otherwise: readonly Group[];
      readonly at: number;
    }
  | {
      readonly kind: 'loop';
      readonly region: Region;
      /** Parameters that depend on the step. */
      readonly parameters: readonly Node[];
      readonly body: readonly Group[];
      readonly at: number;
      readonly end: number;
    };

/** The groups that a loop repeats or a guard chooses from. */
export const groupsWithin = (group: Group): readonly Group[] =>
  group.kind === 'loop'
    ? group.body
    : group.kind === 'guard'
      ? [...group.then, ...group.otherwise]
      : [];

export interface TilePlan {
  readonly phase: RowPhase;
  readonly groups: readonly Group[];
  /** Where values live that more than one group needs. */
  readonly buffers: ReadonlyMap<Node, Buffer>;
  /** Columns of scratch memory a tile needs. */
  readonly columns: number;
}

/** Divides a pass into stretches of work and gives each value that crosses them a place. */
export function planTile(schedule: Schedule, phase: RowPhase): TilePlan {
  const planner: Planner = {
    schedule,
    live: schedule.live,
    spans: new Map(),
    fused: new Set(),
    position: 0,
  };
  const outputs = outputItems(schedule, phase.nodes);
  // A loop ends with what it carries in the slots.
  for (const node of phase.stored) if (node.op === 'final') outputs.push({ kind: 'keep', node });
  const groups = planGroups(planner, phase.nodes, outputs, null);
  for (const node of groups.flatMap((group) => passingValues(group, planner))) {
    planner.spans.delete(node);
  }
  // Values that later passes read live in memory, where this pass can read them as well.
  for (const node of phase.stored) if (node.op !== 'final') planner.spans.delete(node);
  const buffers = placeBuffers(listBuffers(planner), groups, false);
  const columns = Math.max(
    0,
    ...[...buffers.values()].map(({ start, columns: own }) => start + own),
  );
  return { phase, groups, buffers, columns };
}

/** The outputs that are these nodes, but for those a loop writes as it runs. */
function outputItems({ graph }: Schedule, nodes: readonly Node[]): StripItem[] {
  const items: StripItem[] = [];
  for (const node of nodes) {
    if (node.op === 'stack') continue;
    const outputs = graph.outputs.flatMap((output, index) => (output.node === node ? [index] : []));
    if (outputs.length > 0 && node.space) items.push({ kind: 'output', node, outputs, of: null });
  }
  return items;
}

/**
 * Wide values that need no memory: nothing reads them but functions that share a loop over the columns with
 * them. Functions of one width share it until something needs one of their values.
 */
function passingValues(group: Group, planner: Planner): Node[] {
  if (group.kind !== 'strip') {
    return groupsWithin(group).flatMap((inner) => passingValues(inner, planner));
  }
  const passing: Node[] = [];
  let together: Node[] = [];
  const end = (): void => {
    passing.push(...together.filter((node) => isPassing(node, together)));
    together = [];
  };
  const isPassing = (node: Node, loop: readonly Node[]): boolean => {
    const span = planner.spans.get(node);
    if (!span || span.from !== span.to) return false;
    return group.items.every((item) =>
      item.kind === 'node'
        ? loop.includes(item.node) || !item.node.inputs.includes(node)
        : item.node !== node,
    );
  };
  for (const item of group.items) {
    if (item.kind !== 'node') continue;
    const { node } = item;
    const isWide = node.op === 'map' && node.columns > mostRegisters;
    const isNeeded = node.inputs.some((input) => together.includes(input));
    const mustEnd = isWide
      ? together.some((other) => other.columns !== node.columns || readsAcross(node, other))
      : isNeeded;
    if (mustEnd) end();
    if (isWide) together.push(node);
  }
  end();
  return passing;
}

/** The slot whose buffer a value lives in. */
export const homeOf = (node: Node): Node =>
  node.op === 'final' ? node.of.carries[node.index]!.slot : node;

/** What needs memory of the tile, the widest first. */
function listBuffers({ spans, fused }: Planner): [Node, Omit<Buffer, 'start'>][] {
  const buffers = new Map<Node, { columns: number; from: number; to: number }>();
  for (const [node, { from, to }] of spans) {
    const home = homeOf(node);
    const existing = buffers.get(home);
    if (existing) {
      existing.to = Math.max(existing.to, to);
      continue;
    }
    const isWide = node.columns > mostRegisters && !fused.has(node);
    const crosses = to > from || isWide || node.op === 'slot' || node.op === 'guard';
    if (crosses) buffers.set(home, { columns: node.columns, from, to });
  }
  return [...buffers].sort(([, a], [, b]) => b.columns - a.columns || a.from - b.from);
}
