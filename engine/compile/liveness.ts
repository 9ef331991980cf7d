import { isWithin, type Node, type Region } from './graph';

/** Sums over the rows: parameters, made of rows. */
export const isReduction = (node: Node): boolean => node.op === 'outer' || node.op === 'reduceRows';

/** Loops that cannot run within a tile: they sum over the batch, or have nothing to do with rows. */
export function outerLoops(live: ReadonlySet<Node>): Set<Region> {
  const outer = new Set<Region>();
  const withRows = new Set<Region>();
  for (const node of live) {
    const leaves = isReduction(node) || node.op === 'gatherRows' || node.op === 'permutation';
    for (let region = node.region; region; region = region.parent) {
      if (leaves || region.kind === 'iterate') outer.add(region);
      if (node.space) withRows.add(region);
    }
  }
  for (const node of live) {
    if ((node.op === 'final' || node.op === 'stack') && !withRows.has(node.of)) outer.add(node.of);
  }
  return outer;
}

export const liveCarries = (live: ReadonlySet<Node>, region: Region): number[] =>
  liveResults(live, region, 'final').concat(
    region.carries.flatMap(({ slot }, index) =>
      live.has(slot) && isCarry(slot) && !liveResults(live, region, 'final').includes(index)
        ? [index]
        : [],
    ),
  );

/** Not so once `separateParameters` has made it an input. */
const isCarry = (slot: Node): boolean => slot.op === 'slot' && slot.what === 'carry';

export const liveStacks = (live: ReadonlySet<Node>, region: Region): number[] =>
  liveResults(live, region, 'stack');

function liveResults(live: ReadonlySet<Node>, region: Region, op: 'final' | 'stack'): number[] {
  const found = new Set<number>();
  for (const node of live) if (node.op === op && node.of === region) found.add(node.index);
  return [...found].sort((a, b) => a - b);
}

/** What the loop's body starts from and must compute. */
export function bodyRoots(live: ReadonlySet<Node>, region: Region): Node[] {
  return [
    ...liveCarries(live, region).map((index) => region.carries[index]!.next),
    ...liveStacks(live, region).map((index) => region.outputs[index]!),
  ];
}

const captures = new WeakMap<Region, Node[]>();

/** Everything outside of a loop that its body reads. */
export function capturesOf(live: ReadonlySet<Node>, region: Region): readonly Node[] {
  const known = captures.get(region);
  if (known) return known;
  const found = findCaptures(live, region);
  captures.set(region, found);
  return found;
}

function findCaptures(live: ReadonlySet<Node>, region: Region): Node[] {
  const captured = new Set<Node>();
  const roots = [...bodyRoots(live, region), ...(region.condition ? [region.condition] : [])];
  for (const node of bodyNodes(live, roots, region)) {
    if (!isWithin(node, region)) captured.add(node);
    else if (node.op === 'slot' && node.of === region && node.what === 'input') {
      captured.add(region.inputs[node.index]!.source);
    }
  }
  for (const index of liveCarries(live, region)) captured.add(region.carries[index]!.initial);
  return [...captured];
}

/** What a node reads, a loop being one thing with everything its body reads. */
export const readsOf = (live: ReadonlySet<Node>, node: Node): readonly Node[] =>
  node.op === 'final' || node.op === 'stack' ? capturesOf(live, node.of) : node.inputs;

/** The nodes of a body in order, operands first, and what they read outside of it. */
export function bodyNodes(
  live: ReadonlySet<Node>,
  roots: readonly Node[],
  region: Region | null,
): Node[] {
  const seen = new Set<Node>();
  const order: Node[] = [];
  const visit = (node: Node): void => {
    if (seen.has(node)) return;
    seen.add(node);
    if (node.region === region && node.op !== 'slot') readsOf(live, node).forEach(visit);
    order.push(node);
  };
  roots.forEach(visit);
  return order;
}
