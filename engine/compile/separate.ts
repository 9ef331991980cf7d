import { type Graph, isWithin, type Node, type NodeOf, reachable, type Region } from './graph';
import { outerLoops } from './liveness';

/**
 * Takes what a loop over rows carries, puts out or computes in a loop of its own and what is the same for
 * all rows (a counter, a decaying step size) into a loop apart, run once before: the loop over rows reads
 * it as an input of each step. Tiles then agree on it without computing it each for itself.
 */
export function separateParameters(graph: Graph): Graph {
  for (;;) {
    const order = reachable(graph.outputs.map(({ node }) => node));
    const outer = outerLoops(new Set(order));
    const runsInTile = (region: Region | null): boolean => region !== null && !outer.has(region);
    const result = order.find(
      (node): node is LoopNode =>
        !node.space && isLoopNode(node) && runsInTile((node as LoopNode).of),
    );
    if (result) separateFrom(result.of, order);
    else {
      const inner = order.find(
        (node): node is LoopNode => !node.space && isResult(node) && runsInTile(node.region),
      );
      if (!inner) return graph;
      separateFrom(inner.region!, order);
    }
  }
}

type LoopNode = NodeOf<'slot' | 'final' | 'stack'>;

/** A result of a loop. */
const isResult = (node: Node): boolean => node.op === 'final' || node.op === 'stack';

const isLoopNode = (node: Node): boolean =>
  (node.op === 'slot' && node.what === 'carry') || isResult(node);

const deepest = (regions: readonly (Region | null)[]): Region | null =>
  regions.reduce((one, other) => ((other?.depth ?? 0) > (one?.depth ?? 0) ? other : one), null);

function separateFrom(region: Region, order: readonly Node[]): void {
  let id = order.reduce((most, node) => Math.max(most, node.id), 0) + 1;
  const apart: Region = { ...region, carries: [], inputs: [], outputs: [] };
  /** Loops of the body and those they have become. */
  const loops = new Map<Region, Region>([[region, apart]]);
  const clones = new Map<Node, Node>();
  const indices = new Map<number, number>();
  /** What it reads from around: it stands as far outside as that allows. */
  const outside = new Set<Node>();

  const makeSlot = (slot: NodeOf<'slot'>, of: Region, index: number): Node => {
    const own = { ...slot, id: id++, of, index, region: of } as Node;
    clones.set(slot, own);
    return own;
  };

  /** The same value in the loop apart. */
  const clone = (node: Node): Node => {
    if (!isWithin(node, region)) {
      outside.add(node);
      return node;
    }
    const known = clones.get(node);
    if (known) return known;
    if (node.op === 'slot' && node.of === region) {
      if (node.what === 'index') return makeSlot(node, apart, 0);
      if (node.what === 'carry') return apart.carries[carry(node.index)]!.slot;
      const source = region.inputs[node.index]!.source;
      outside.add(source);
      const slot = makeSlot(node, apart, apart.inputs.length);
      apart.inputs.push({ source, slot });
      return slot;
    }
    if (node.op === 'slot') {
      const of = cloneLoop(node.of);
      return clones.get(node) ?? makeSlot(node, of, node.index);
    }
    const within = node.region === region ? apart : cloneLoop(node.region!);
    const changes = isResult(node) ? { of: cloneLoop((node as LoopNode).of) } : {};
    const copy = { ...node, ...changes, id: id++, inputs: node.inputs.map(clone), region: within };
    clones.set(node, copy as Node);
    return copy as Node;
  };

  /** A loop of the body, all of it. */
  const cloneLoop = (inner: Region): Region => {
    const known = loops.get(inner);
    if (known) return known;
    const parent = inner.parent === region ? apart : cloneLoop(inner.parent!);
    const own: Region = { ...inner, parent, carries: [], inputs: [], outputs: [], condition: null };
    loops.set(inner, own);
    inner.carries.forEach(({ initial, slot }, index) => {
      const entry = { initial: clone(initial), slot: makeSlot(slot as NodeOf<'slot'>, own, index) };
      own.carries.push({ ...entry, next: entry.slot });
    });
    inner.inputs.forEach(({ source, slot }, index) => {
      own.inputs.push({
        source: clone(source),
        slot: makeSlot(slot as NodeOf<'slot'>, own, index),
      });
    });
    inner.carries.forEach(({ next }, index) => (own.carries[index]!.next = clone(next)));
    own.outputs.push(...inner.outputs.map(clone));
    own.condition = inner.condition && clone(inner.condition);
    return own;
  };

  /** The carry in the loop apart. @returns its number there */
  const carry = (index: number): number => {
    const known = indices.get(index);
    if (known !== undefined) return known;
    const { initial, slot, next } = region.carries[index]!;
    const number = apart.carries.length;
    indices.set(index, number);
    outside.add(initial);
    const own = makeSlot(slot as NodeOf<'slot'>, apart, number);
    const entry = { initial, slot: own, next: own };
    apart.carries.push(entry);
    entry.next = clone(next);
    return number;
  };

  const results: Node[] = [];
  const stack = (node: Node): number => apart.outputs.push(clone(node)) - 1;
  /** Makes a value of the body an input of the step. */
  const readFrom = (node: Node, output: number): void => {
    const source = {
      op: 'stack',
      of: apart,
      index: output,
      id: id++,
      inputs: [],
      dtype: node.dtype,
      columns: region.length * node.columns,
      space: null,
      region: region.parent,
    } as Node;
    results.push(source);
    region.inputs.push({ source, slot: node });
    const changed = node as unknown as Record<string, unknown>;
    Object.assign(changed, {
      op: 'slot',
      of: region,
      what: 'input',
      index: region.inputs.length - 1,
      inputs: [],
    });
  };

  for (const node of order) {
    if (node.space || !isLoopNode(node)) continue;
    const own = node as LoopNode;
    const changed = node as unknown as { of: Region; index: number };
    if (own.of === region && own.op === 'final') {
      Object.assign(changed, { index: carry(own.index), of: apart });
      results.push(node);
    } else if (own.of === region && own.op === 'stack') {
      Object.assign(changed, { index: stack(region.outputs[own.index]!), of: apart });
      results.push(node);
    } else if ((own.of === region || isResult(node)) && node.region === region) {
      readFrom(node, stack(node));
    }
  }
  const parent = deepest([...outside].map((node) => node.region));
  Object.assign(apart, { parent, depth: (parent?.depth ?? 0) + 1 });
  results.forEach((node) => ((node as { region: Region | null }).region = parent));
}
