import { type Graph, type Node, reachable, type Region } from './graph';

/** A graph as text, a line a node, bodies of loops indented: what the debug switch shows. */
export function printGraph({ name, inputs, outputs }: Graph): string {
  const order = reachable(outputs.map(({ node }) => node));
  const regions = new Set<Region>();
  for (const node of order) {
    if (node.op === 'final' || node.op === 'stack') regions.add(node.of);
  }
  const lines = order.map((node) => '  '.repeat((node.region?.depth ?? 0) + 1) + printNode(node, inputs));
  const loops = [...regions].map(
    (region) =>
      `  ${region.kind} × ${region.length}: carry ${region.carries
        .map(({ initial, slot, next }) => `%${slot.id} ← %${initial.id}, %${next.id}`)
        .join('; ')}`,
  );
  const results = outputs.map(({ node, shape }) => `%${node.id} [${shapeText(shape)}]`);
  return [`${name}:`, ...lines, ...loops, `  return ${results.join(', ')}`].join('\n');
}

const shapeText = (shape: readonly number[]): string =>
  shape.map((size) => (size < 0 ? 'B' : size)).join(', ');

function printNode(node: Node, inputs: Graph['inputs']): string {
  const type = `${node.dtype === 'float32' ? 'f' : node.dtype === 'int32' ? 'i' : 'b'}${node.columns}`;
  const rows = node.space ? (node.space.size === null ? '[B] ' : `[${node.space.size}] `) : '';
  const operands = node.inputs.map(({ id }) => `%${id}`).join(', ');
  return `%${node.id} ${rows}${type} = ${describeOperation(node, inputs)} ${operands}`.trimEnd();
}

function describeOperation(node: Node, inputs: Graph['inputs']): string {
  switch (node.op) {
    case 'argument':
      return `argument ${inputs[node.index]!.name}`;
    case 'constant':
      return `constant ${abbreviate(node.values)}`;
    case 'count':
      return `${node.factor} · B^${node.power}`;
    case 'slot':
      return `${node.what} ${node.index}`;
    case 'map':
      return node.name;
    case 'pick':
      return `pick [${abbreviate(Array.from(node.source))}]`;
    case 'reduce':
    case 'locate':
    case 'accumulate':
      return `${node.op} ${node.name} [${node.outer}, ${node.size}, ${node.inner}]`;
    case 'reduceRows':
      return `${node.name} over rows`;
    case 'draw':
      return `draw ${node.kind} use ${node.use} draw ${node.draw}`;
    case 'final':
    case 'stack':
      return `${node.op} ${node.index} of ${node.of.kind} × ${node.of.length}`;
    default:
      return node.op;
  }
}

const abbreviate = (values: readonly number[]): string =>
  values.length <= 8 ? values.join(' ') : `${values.slice(0, 6).join(' ')} … (${values.length})`;
