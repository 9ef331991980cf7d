import { type Graph, type Node, reachable, type Region } from './graph';
import type { Schedule, Statement } from './schedule';
import { type Group, planTile, type StripItem } from './tile-plan';

/** A graph as text, a line a node, bodies of loops indented: what the debug switch shows. */
export function printGraph({ name, inputs, outputs }: Graph): string {
  const order = reachable(outputs.map(({ node }) => node));
  const regions = new Set<Region>();
  for (const node of order) {
    if (node.op === 'final' || node.op === 'stack') regions.add(node.of);
  }
  const lines = order.map(
    (node) => '  '.repeat((node.region?.depth ?? 0) + 1) + printNode(node, inputs),
  );
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
      return `draw ${node.kind} use ${node.use} draw ${node.draw}${node.word ? ` word ${node.word}` : ''}`;
    case 'final':
    case 'stack':
      return `${node.op} ${node.index} of ${node.of.kind} × ${node.of.length}`;
    default:
      return node.op;
  }
}

const abbreviate = (values: readonly number[]): string =>
  values.length <= 8 ? values.join(' ') : `${values.slice(0, 6).join(' ')} … (${values.length})`;

/** What a program does in order: arithmetic on parameters, passes over the rows and their groups, loops. */
export function printSchedule(schedule: Schedule): string {
  const indent = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`);
  const ids = (nodes: readonly Node[]): string => nodes.map(({ id }) => `%${id}`).join(' ');
  const describeItem = (item: StripItem): string =>
    item.kind === 'node' ? `%${item.node.id}` : `${item.kind} %${item.node.id}`;
  const describeGroup = (group: Group): string[] => {
    switch (group.kind) {
      case 'strip':
        return [`row by row: ${group.items.map(describeItem).join(', ')}`];
      case 'product':
        return [`product %${group.node.id}, then ${ids(group.epilogue) || 'nothing'}`];
      case 'outer':
        return [`sum of products over the rows %${group.node.id}`];
      case 'guard':
        return [
          `if %${group.condition.id} in any row:`,
          ...indent(group.then.flatMap(describeGroup)),
          'else:',
          ...indent(group.otherwise.flatMap(describeGroup)),
        ];
      case 'loop':
        return [
          `for ${group.region.length} steps within the tile:`,
          ...indent(group.body.flatMap(describeGroup)),
        ];
    }
  };
  const describe = (statement: Statement): string[] => {
    switch (statement.kind) {
      case 'parameters':
        return [`parameters: ${ids(statement.nodes)}`];
      case 'rows': {
        const { phase } = statement;
        const plan = planTile(schedule, phase);
        return [
          `pass ${phase.number} over ${phase.space.name}, ${plan.columns} columns of scratch memory` +
            `${phase.stored.length > 0 ? `, stores ${ids(phase.stored)}` : ''}:`,
          ...indent(plan.groups.flatMap(describeGroup)),
        ];
      }
      case 'loop':
        return [
          `for ${statement.region.kind === 'iterate' ? 'at most ' : ''}${statement.region.length} steps:`,
          ...indent([...statement.test, ...statement.body].flatMap(describe)),
        ];
    }
  };
  return [`${schedule.graph.name}:`, ...indent(schedule.statements.flatMap(describe))].join('\n');
}
