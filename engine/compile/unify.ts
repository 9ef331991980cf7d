import { type Graph, type Node, type NodeOf, operandsOf, reachable, type Region } from './graph';
import { CompileError } from './traced';

/**
 * One graph for every size of the batch, from two recordings of the same function at different sizes:
 * constants that differ must be a multiple of B or of 1/B, and become so; nothing else may differ.
 * @param rows the sizes that were recorded
 * @returns the first graph, changed
 * @throws CompileError if the function depends on the size in another way
 */
export function unifyGraphs(first: Graph, second: Graph, rows: readonly [number, number]): Graph {
  const left = reachable(first.outputs.map(({ node }) => node));
  const right = reachable(second.outputs.map(({ node }) => node));
  if (left.length !== right.length) throw new CompileError(dependsOnSize);
  const shapes = ({ outputs }: Graph) => outputs.map(({ shape, axis }) => `${axis}: ${shape}`);
  if (shapes(first).join(' ') !== shapes(second).join(' ')) throw new CompileError(dependsOnSize);
  const places = new Map(left.map((node, place) => [node, place]));
  const others = new Map(right.map((node, place) => [node, place]));
  left.forEach((node, place) => {
    const other = right[place]!;
    if (node.op === 'constant' && other.op === 'constant') unifyConstants(node, other, rows);
    else if (describe(node) !== describe(other)) throw new CompileError(dependsOnSize);
    const operands = operandsOf(node).map((operand) => places.get(operand));
    const theirs = operandsOf(other).map((operand) => others.get(operand));
    if (operands.join() !== theirs.join()) throw new CompileError(dependsOnSize);
  });
  return first;
}

const dependsOnSize =
  'what the function does depends on the number of rows in a way that is neither a multiple of it nor of its inverse';

function unifyConstants(
  node: NodeOf<'constant'>,
  other: NodeOf<'constant'>,
  [rows, otherRows]: readonly [number, number],
): void {
  if (node.dtype !== other.dtype || node.columns !== other.columns) {
    throw new CompileError(dependsOnSize);
  }
  const same = node.values.every((value, place) => Object.is(value, other.values[place]));
  if (same && node.values.length === other.values.length) return;
  if (node.values.length !== 1 || other.values.length !== 1) throw new CompileError(dependsOnSize);
  const [a, b] = [node.values[0]!, other.values[0]!];
  const factor = likely(a / rows, b / otherRows) ?? null;
  const inverse = likely(a * rows, b * otherRows) ?? null;
  if (factor === null && inverse === null) throw new CompileError(dependsOnSize);
  const changed = node as unknown as Record<string, unknown>;
  delete changed['values'];
  Object.assign(changed, {
    op: 'count',
    factor: factor ?? inverse,
    power: factor === null ? -1 : 1,
  });
}

/** The number that two float32 roundings of it suggest; undefined if they are of different numbers. */
function likely(a: number, b: number): number | undefined {
  const tolerance = 2 ** -22 * Math.abs(a);
  if (!(Math.abs(a - b) <= tolerance)) return undefined;
  const round = Math.round(a * 4096) / 4096;
  return Math.abs(round - a) <= tolerance ? round : (a + b) / 2;
}

const regionShape = ({ kind, length, reverse, carries, inputs, outputs }: Region): string =>
  `${kind} ${length} ${reverse} ${carries.length} ${inputs.length} ${outputs.length}`;

function describe(node: Node): string {
  const {
    id: _id,
    inputs: _inputs,
    space,
    region,
    ...rest
  } = node as Node & Record<string, unknown>;
  const parts = Object.entries(rest).map(([name, value]) => {
    if (name === 'of') return regionShape(value as Region);
    return ArrayBuffer.isView(value) ? (value as Int32Array).join() : String(value);
  });
  return [...parts, space ? (space.size ?? 'B') : '', region?.depth ?? 0].join(' ');
}
