import { epilogueOf } from './epilogue';
import type { Node, NodeOf, Region } from './graph';
import { bodyNodes, bodyRoots, capturesOf, liveCarries, liveStacks, readsOf } from './liveness';
import { farReads, mostRegisters } from './far-reads';
import type { Schedule } from './schedule';
import { type GuardItem, guardItems } from './tile-guards';
import type { Group, StripItem } from './tile-plan';
import { CompileError } from './traced';

export interface Planner {
  readonly schedule: Schedule;
  readonly live: ReadonlySet<Node>;
  /** Where each value is made and last used, in the order of groups. */
  readonly spans: Map<Node, { from: number; to: number }>;
  /** Values of products and what follows them: in registers unless another group reads them. */
  readonly fused: Set<Node>;
  position: number;
}

type Item =
  | {
      readonly kind: 'strip';
      readonly item: StripItem;
      readonly needs: readonly Node[];
      readonly gives: Node | null;
    }
  | { readonly kind: 'product'; readonly node: NodeOf<'matmul'>; readonly needs: readonly Node[] }
  | { readonly kind: 'outer'; readonly node: NodeOf<'outer'>; readonly needs: readonly Node[] }
  | {
      readonly kind: 'loop';
      readonly region: Region;
      readonly needs: readonly Node[];
      readonly starts: readonly Node[];
    }
  | GuardItem;

/** Orders the work of a pass, of a loop's body or of a branch, and cuts it into groups. */
export function planGroups(
  planner: Planner,
  nodes: readonly Node[],
  extra: readonly StripItem[],
  region: Region | null,
): Group[] {
  const { live, spans } = planner;
  const here = new Set(nodes);
  const loops = new Set<Region>();
  const items: Item[] = [];
  const copied = extra.map(({ node }) => node);
  const loads = new Set(farReads(live, nodes, copied).filter((node) => !spans.has(node)));

  const guarded = new Set<Node>();
  for (const item of guardItems(planner, nodes, extra, region)) {
    items.push(item);
    [...item.guards, ...item.only].forEach((node) => guarded.add(node));
  }
  for (const node of nodes) {
    if (guarded.has(node)) continue;
    if (node.op === 'final' || node.op === 'stack') {
      loops.add(node.of);
      continue;
    }
    const needs = node.inputs.filter((input) => input.space);
    if (node.op === 'matmul') items.push({ kind: 'product', node, needs });
    else if (node.op === 'outer') items.push({ kind: 'outer', node, needs });
    else items.push({ kind: 'strip', item: { kind: 'node', node }, needs, gives: node });
  }
  for (const loop of loops) {
    const starts = liveCarries(live, loop).map((index) => loop.carries[index]!);
    for (const { initial, slot } of starts) {
      items.push({
        kind: 'strip',
        item: { kind: 'carry', node: initial, slot },
        needs: initial.space ? [initial] : [],
        gives: slot,
      });
    }
    const captured = capturesOf(live, loop).filter((node) => node.space);
    items.push({
      kind: 'loop',
      region: loop,
      needs: captured,
      starts: starts.map(({ slot }) => slot),
    });
  }
  for (const item of extra) {
    items.push({ kind: 'strip', item, needs: item.node.space ? [item.node] : [], gives: null });
  }
  for (const node of loads) {
    items.unshift({ kind: 'strip', item: { kind: 'node', node }, needs: [], gives: node });
  }

  /** Made in this list or given from outside; loaded inputs only once they are. */
  const made = new Set<Node>();
  const isThere = (node: Node): boolean =>
    made.has(node) ||
    (!here.has(node) && !loads.has(node)) ||
    (node.op === 'slot' && !loads.has(node));
  const canLoadDirectly = (node: Node): boolean => loads.has(node);
  const remaining = new Set(items);
  const groups: Group[] = [];

  const use = (node: Node, at: number): void => {
    const span = spans.get(node);
    if (span) span.to = Math.max(span.to, at);
  };
  const make = (node: Node, at: number): void => {
    made.add(node);
    if (!spans.has(node)) spans.set(node, { from: at, to: at });
  };

  /** Whether it replaces what this loop carries: last, when nothing reads the old value any more. */
  const isOwnCarry = (entry: Item): boolean =>
    entry.kind === 'strip' &&
    entry.item.kind === 'carry' &&
    entry.item.slot.op === 'slot' &&
    region !== null &&
    entry.item.slot.region === region;

  const takeStrip = (): boolean => {
    const at = planner.position;
    const taken: StripItem[] = [];
    const carries: { item: StripItem & { kind: 'carry' }; entry: Item }[] = [];
    let progress = true;
    while (progress) {
      progress = false;
      for (const entry of remaining) {
        if (entry.kind !== 'strip') continue;
        const ready = entry.needs.every((node) => isThere(node) || canLoadDirectly(node));
        if (!ready) continue;
        if (isOwnCarry(entry)) continue;
        remaining.delete(entry);
        taken.push(entry.item);
        entry.needs.forEach((node) => use(node, at));
        if (entry.gives) make(entry.gives, at);
        progress = true;
      }
    }
    // A carry may be replaced once nothing needs it any more in this step.
    for (const entry of remaining) {
      if (entry.kind !== 'strip' || entry.item.kind !== 'carry') continue;
      const { slot } = entry.item;
      if (!isOwnCarry(entry) || !entry.needs.every(isThere)) continue;
      const isRead = [...remaining].some(
        (other) =>
          other !== entry &&
          other.needs.includes(slot) &&
          !(other.kind === 'strip' && other.item.kind === 'carry'),
      );
      const isReadByCarry = [...remaining].some(
        (other) =>
          other !== entry &&
          other.kind === 'strip' &&
          other.item.kind === 'carry' &&
          other.needs.includes(slot) &&
          !other.needs.every(isThere),
      );
      if (!isRead && !isReadByCarry) carries.push({ item: entry.item, entry });
    }
    for (const { item, entry } of carries) {
      remaining.delete(entry);
      taken.push(item);
      if (item.node.space) use(item.node, at);
    }
    if (taken.length === 0) return false;
    planner.position += 1;
    groups.push({ kind: 'strip', items: taken, at });
    return true;
  };

  const takeHeavy = (): boolean => {
    for (const entry of remaining) {
      if (entry.kind === 'strip' || !entry.needs.every(isThere)) continue;
      if (entry.kind === 'loop' && !entry.starts.every((slot) => made.has(slot))) continue;
      const at = planner.position;
      planner.position += 1;
      remaining.delete(entry);
      entry.needs.forEach((node) => use(node, at));
      if (entry.kind === 'product') {
        make(entry.node, at);
        planner.fused.add(entry.node);
        const waiting = stripNodes(remaining);
        const epilogue = epilogueOf(entry.node, {
          waiting: new Set(waiting.keys()),
          order: nodes,
          isNarrow: entry.node.columns <= mostRegisters,
          isThere,
        });
        for (const node of epilogue) {
          remaining.delete(waiting.get(node)!);
          for (const input of node.inputs) use(input, at);
          make(node, at);
          planner.fused.add(node);
        }
        groups.push({ kind: 'product', node: entry.node, epilogue, at });
      } else if (entry.kind === 'outer') {
        groups.push({ kind: 'outer', node: entry.node, at });
      } else if (entry.kind === 'guard') {
        groups.push(planGuard(planner, entry, region, at, use, make));
      } else {
        groups.push(planLoop(planner, entry.region, nodes, at, use, make));
      }
      return true;
    }
    return false;
  };

  while (remaining.size > 0) {
    const before = remaining.size;
    while (takeHeavy()) continue;
    takeStrip();
    if (remaining.size === before && remaining.size > 0) {
      throw new CompileError('the order of work within a tile has a circle');
    }
  }
  return groups;
}

/** What is still to be computed row by row, with its entry. */
const stripNodes = (remaining: ReadonlySet<Item>): Map<Node, Item> =>
  new Map(
    [...remaining].flatMap((entry) =>
      entry.kind === 'strip' && entry.item.kind === 'node' ? [[entry.item.node, entry]] : [],
    ),
  );

function planGuard(
  planner: Planner,
  { guards, only, needs }: GuardItem,
  region: Region | null,
  at: number,
  use: (node: Node, at: number) => void,
  make: (node: Node, at: number) => void,
): Group {
  guards.forEach((guard) => make(guard, at));
  const copies = (place: 1 | 2): StripItem[] =>
    guards.map((guard) => ({ kind: 'carry', node: guard.inputs[place]!, slot: guard }));
  const then = planGroups(planner, only, copies(1), region);
  const otherwise = planGroups(planner, [], copies(2), region);
  const end = planner.position;
  planner.position += 1;
  [...needs, ...guards].forEach((node) => use(node, end));
  return { kind: 'guard', condition: guards[0]!.inputs[0]!, then, otherwise, at };
}

function planLoop(
  planner: Planner,
  region: Region,
  siblings: readonly Node[],
  at: number,
  use: (node: Node, at: number) => void,
  make: (node: Node, at: number) => void,
): Group {
  const { live, schedule } = planner;
  const carries = liveCarries(live, region);
  const stacks = liveStacks(live, region);
  const roots = bodyRoots(live, region);
  const inside = bodyNodes(live, roots, region).filter((node) => node.region === region);
  const parameters = inside.filter((node) => !node.space && node.op !== 'slot');
  const rows = inside.filter((node) => node.space && node.op !== 'slot');
  const results = new Map(
    siblings.flatMap((node) =>
      (node.op === 'final' || node.op === 'stack') && node.of === region
        ? [[`${node.op} ${node.index}`, node] as const]
        : [],
    ),
  );
  const extra: StripItem[] = [];
  for (const index of stacks) {
    const stack = results.get(`stack ${index}`);
    if (!stack) continue;
    const node = region.outputs[index]!;
    const outputs = schedule.graph.outputs.flatMap((output, place) =>
      output.node === stack ? [place] : [],
    );
    if (outputs.length > 0) extra.push({ kind: 'output', node, outputs, of: region });
    const isRead = [...live].some((other) => readsOf(live, other).includes(stack));
    if (isRead) {
      make(stack, at);
      extra.push({ kind: 'stack', node, stack });
    }
  }
  for (const index of carries) {
    const { slot, next } = region.carries[index]!;
    if (next !== slot) extra.push({ kind: 'carry', node: next, slot });
  }
  const body = planGroups(planner, rows, extra, region);
  const end = planner.position;
  planner.position += 1;
  // What the body reads from outside lives as long as the loop, and so does what it carries.
  for (const node of capturesOf(live, region)) use(node, end);
  for (const index of carries) {
    use(region.carries[index]!.slot, end);
    const final = results.get(`final ${index}`);
    if (final) make(final, end);
  }
  return { kind: 'loop', region, parameters, body, at, end };
}
