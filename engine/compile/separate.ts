import { type Graph, isWithin, type Node, type NodeOf, reachable, type Region } from './graph';
import { outerLoops } from './schedule';

/**
 * Takes what a loop over rows carries or puts out that is the same for all rows (a counter, a decaying
 * step size) into a loop of its own, run once before: the loop over rows reads it as an input of each
 * step. Tiles then agree on it without computing it each for itself.
 */
export function separateParameters(graph: Graph): Graph {
  for (;;) {
    const order = reachable(graph.outputs.map(({ node }) => node));
    const live = new Set(order);
    const outer = outerLoops(live);
    const found = order.find(
      (node) =>
        !node.space &&
        ((node.op === 'slot' && node.what === 'carry') ||
          node.op === 'final' ||
          node.op === 'stack') &&
        !outer.has(node.of),
    ) as NodeOf<'slot' | 'final' | 'stack'> | undefined;
    if (!found) return graph;
    separateFrom(found.of, order);
  }
}

function separateFrom(region: Region, order: readonly Node[]): void {
  let id = order.reduce((most, node) => Math.max(most, node.id), 0) + 1;
  const apart: Region = { ...region, carries: [], inputs: [], outputs: [] };
  const clones = new Map<Node, Node>();
  const indices = new Map<number, number>();
  const makeSlot = (slot: NodeOf<'slot'>, index: number): Node =>
    ({ ...slot, id: id++, of: apart, index, region: apart }) as Node;

  /** The same value in the loop apart. */
  const clone = (node: Node): Node => {
    if (!isWithin(node, region)) return node;
    const known = clones.get(node);
    if (known) return known;
    if (node.op === 'slot' && node.of === region) {
      if (node.what === 'index') clones.set(node, makeSlot(node, 0));
      else if (node.what === 'input') {
        const slot = makeSlot(node, apart.inputs.length);
        apart.inputs.push({ source: region.inputs[node.index]!.source, slot });
        clones.set(node, slot);
      } else carry(node.index);
      return clones.get(node)!;
    }
    const copy = { ...node, id: id++, inputs: node.inputs.map(clone), region: apart } as Node;
    clones.set(node, copy);
    return copy;
  };

  /** The carry in the loop apart. @returns its number there */
  const carry = (index: number): number => {
    const known = indices.get(index);
    if (known !== undefined) return known;
    const { initial, slot, next } = region.carries[index]!;
    const number = apart.carries.length;
    indices.set(index, number);
    const own = makeSlot(slot as NodeOf<'slot'>, number);
    clones.set(slot, own);
    const entry = { initial, slot: own, next: own };
    apart.carries.push(entry);
    entry.next = clone(next);
    return number;
  };

  const stack = (node: Node): number => apart.outputs.push(clone(node)) - 1;
  for (const node of order) {
    if (node.space || !('of' in node) || node.of !== region) continue;
    const changed = node as unknown as { of: Region; index: number; what: string };
    if (node.op === 'final') Object.assign(changed, { index: carry(node.index), of: apart });
    else if (node.op === 'stack') {
      Object.assign(changed, { index: stack(region.outputs[node.index]!), of: apart });
    } else if (node.op === 'slot' && node.what === 'carry') {
      const columns = region.length * node.columns;
      const source = {
        op: 'stack',
        of: apart,
        index: stack(node),
        id: id++,
        inputs: [],
        dtype: node.dtype,
        columns,
        space: null,
        region: region.parent,
      } as Node;
      region.inputs.push({ source, slot: node });
      Object.assign(changed, { what: 'input', index: region.inputs.length - 1 });
    }
  }
}
