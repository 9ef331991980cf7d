import { isWithin, type Node, type Region } from './graph';
import { bodyNodes, bodyRoots } from './liveness';

/** Values of at most so many columns stay in registers within a strip. */
export const mostRegisters = 4;

/** A value that lies in a tensor, not in the tile. */
const isFar = (node: Node): boolean =>
  node.space !== null && (node.op === 'argument' || (node.op === 'slot' && node.what === 'input'));

/** Whether an input must be in the tile's memory for this node to read it: it runs over its columns. */
function readsColumns(node: Node, input: Node): boolean {
  if (node.op === 'matmul' || node.op === 'outer') return true;
  // Chosen rows are read where they lie.
  if (node.op === 'gatherRows' || input.columns <= mostRegisters) return false;
  return node.op !== 'pick' || node.columns > mostRegisters;
}

/**
 * Inputs that have to be brought into the tile's memory for these nodes, for the loops whose results are
 * among them and for what is copied elsewhere. They are brought before everything else: a value that lies
 * in memory is read from there by whatever comes first.
 */
export function farReads(
  live: ReadonlySet<Node>,
  nodes: readonly Node[],
  copied: readonly Node[],
): Node[] {
  const reads = copied.filter((node) => node.op === 'slot' && node.columns > mostRegisters);
  const loops = new Set<Region>();
  for (const node of nodes) {
    if (node.op === 'final' || node.op === 'stack') loops.add(node.of);
    else if (node.op === 'guard') {
      reads.push(node.inputs[0]!, ...node.inputs.filter((input) => input.columns > mostRegisters));
    } else reads.push(...node.inputs.filter((input) => readsColumns(node, input)));
  }
  for (const loop of loops) {
    const roots = bodyRoots(live, loop);
    const body = bodyNodes(live, roots, loop).filter((node) => node.region === loop);
    reads.push(...farReads(live, body, roots).filter((node) => !isWithin(node, loop)));
  }
  return reads.filter(isFar);
}
