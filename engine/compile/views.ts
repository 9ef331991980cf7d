import { type Graph, type Node, type NodeOf, reachable } from './graph';
import { mostRegisters } from './far-reads';

/**
 * Elementwise functions of many columns read copied columns where they were copied from, so that the copy takes
 * no memory and no time: what is spread over a row, transposed or shifted is so while it is read.
 */
export function viewPicks(graph: Graph): Graph {
  const order = reachable(graph.outputs.map(({ node }) => node));
  for (const node of order) {
    if (node.op !== 'map' || node.views || !node.space || node.columns <= mostRegisters) continue;
    const picks = node.inputs.map((input) => (canBeRead(input) ? input : null));
    if (!picks.some((pick) => pick !== null)) continue;
    Object.assign(node as unknown as Record<string, unknown>, {
      inputs: node.inputs.map((input, place) => picks[place]?.inputs[0] ?? input),
      views: picks.map((pick) => pick?.source ?? null),
    });
  }
  return graph;
}

/** Columns of one value that lies in the tile's memory. */
const canBeRead = (node: Node): node is NodeOf<'pick'> =>
  node.op === 'pick' &&
  node.columns > 1 &&
  node.inputs.length === 1 &&
  node.inputs[0]!.space !== null &&
  node.inputs[0]!.columns > mostRegisters &&
  node.source.every((place) => place >= 0);

/** Whether a function reads columns of another number than its own, so that all of them must be there first. */
export const readsAcross = (node: Node, input: Node): boolean =>
  node.op === 'map' &&
  (node.views?.some((view, place) => view !== null && node.inputs[place] === input) ?? false);
