import { type Graph, type Node, operandsOf, reachable } from './graph';

/**
 * Joins sums of matrix products into one operation with one set of accumulators: x·A + (y·B + c)
 * becomes (x·A + y·B) + c, where nothing else needs the parts.
 */
export function joinProducts(graph: Graph): Graph {
  const order = reachable(graph.outputs.map(({ node }) => node));
  const uses = countUses(graph, order);
  let id = order.reduce((most, node) => Math.max(most, node.id), 0) + 1;
  const isAlone = (node: Node): boolean => uses.get(node) === 1;
  for (const node of [...order].reverse()) {
    if (node.op !== 'map' || node.name !== 'add' || !node.space) continue;
    const leaves: Node[] = [];
    const sums = new Set<Node>();
    const collect = (part: Node): void => {
      const isSum = part.op === 'map' && part.name === 'add' && part.columns === node.columns;
      if (isSum && part.region === node.region && (part === node || isAlone(part))) {
        sums.add(part);
        part.inputs.forEach(collect);
      } else leaves.push(part);
    };
    collect(node);
    const products = leaves.filter(
      (leaf) =>
        leaf.op === 'matmul' &&
        isAlone(leaf) &&
        leaf.region === node.region &&
        leaf.columns === node.columns,
    ) as (Node & { op: 'matmul' })[];
    if (products.length < 2) continue;
    const joined = {
      ...products[0]!,
      id: id++,
      inner: products.flatMap(({ inner }) => inner),
      inputs: products.flatMap(({ inputs }) => inputs),
    } as Node;
    const rest = leaves.filter((leaf) => !products.includes(leaf as (typeof products)[number]));
    const changed = node as { inputs: readonly Node[] };
    if (rest.length === 0) {
      const whole = node as unknown as Record<string, unknown>;
      delete whole['name'];
      Object.assign(whole, { op: 'matmul', inner: (joined as Node & { op: 'matmul' }).inner });
      changed.inputs = joined.inputs;
      continue;
    }
    const tail = rest.reduce((left, right) => ({ ...node, id: id++, inputs: [left, right] }) as Node);
    changed.inputs = [joined, tail];
  }
  return graph;
}

/** How often each node is read, outputs of the program included. */
export function countUses(graph: Graph, order: readonly Node[]): Map<Node, number> {
  const uses = new Map<Node, number>();
  const use = (node: Node): void => {
    uses.set(node, (uses.get(node) ?? 0) + 1);
  };
  graph.outputs.forEach(({ node }) => use(node));
  order.forEach((node) => operandsOf(node).forEach(use));
  return uses;
}
