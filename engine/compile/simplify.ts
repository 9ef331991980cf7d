import { functions } from './emit/functions';
import { type Graph, type Node, type NodeOf, operandsOf, reachable } from './graph';
import { outerLoops } from './liveness';

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
    const tail = rest.reduce(
      (left, right) => ({ ...node, id: id++, inputs: [left, right] }) as Node,
    );
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

/**
 * Products whose weights change from step to step within a tile become sums of products: the weights of
 * the others are laid out once, before the pass over the rows.
 */
export function spreadProducts(graph: Graph): Graph {
  const order = reachable(graph.outputs.map(({ node }) => node));
  const outer = outerLoops(new Set(order));
  let id = order.reduce((most, node) => Math.max(most, node.id), 0) + 1;
  for (const node of order) {
    if (node.op !== 'matmul') continue;
    const { columns, dtype, space, region } = node;
    const make = (operation: object, inputs: readonly Node[], size = columns): Node =>
      ({ ...operation, id: id++, inputs, dtype, columns: size, space, region }) as Node;
    const pairs = node.inner.map((size, pair) => ({
      size,
      x: node.inputs[2 * pair]!,
      weights: node.inputs[2 * pair + 1]!,
    }));
    const changes = ({ weights }: (typeof pairs)[number]): boolean =>
      weights.region !== null && !outer.has(weights.region);
    if (!pairs.some(changes)) continue;
    const sums = pairs.filter(changes).map(({ size, x, weights }) => {
      const places = Array.from({ length: size * columns }, (_, place) => place);
      const pick = (input: Node, from: (row: number, column: number) => number): Node => ({
        ...make(
          {
            op: 'pick',
            source: Int32Array.from(places, (at) => from(at % size, Math.floor(at / size))),
            fill: 0,
          },
          [input],
          size * columns,
        ),
        space: input.space,
      });
      const factors = [
        pick(x, (row) => row),
        pick(weights, (row, column) => row * columns + column),
      ];
      const products = make({ op: 'map', name: 'mul' }, factors, size * columns);
      return make({ op: 'reduce', name: 'sum', outer: columns, size, inner: 1 }, [products]);
    });
    const rest = pairs.filter((pair) => !changes(pair));
    if (rest.length > 0) {
      const inner = rest.map(({ size }) => size);
      sums.push(
        make(
          { op: 'matmul', inner },
          rest.flatMap(({ x, weights }) => [x, weights]),
        ),
      );
    }
    const total = sums.reduce((left, right) => make({ op: 'map', name: 'add' }, [left, right]));
    become(node, total);
  }
  return graph;
}

/** Makes a node another one, for all that read it. */
function become(node: Node, other: Node): void {
  const changed = node as unknown as Record<string, unknown>;
  const { id } = node;
  for (const name of Object.keys(changed)) delete changed[name];
  Object.assign(changed, other, { id });
}

/** Of work that only one branch needs: about what a block of random numbers costs. */
const dearBranch = 3;

/**
 * Decides for each branch whether it is worth a look at the rows of a tile: a branch that costs little
 * is always taken, and its guards are the values it computes.
 * @param canGuard false: all are taken
 */
export function settleGuards(graph: Graph, canGuard: boolean): Graph {
  const order = reachable(graph.outputs.map(({ node }) => node));
  const guards = order.filter((node): node is NodeOf<'guard'> => node.op === 'guard');
  for (const branch of new Set(guards.map((guard) => guard.branch))) {
    const own = guards.filter((guard) => guard.branch === branch);
    const work = onlyFor(own, order, graph).reduce((sum, node) => sum + costOf(node), 0);
    if (canGuard && work >= dearBranch) continue;
    for (const guard of own) {
      const taken = guard.inputs[1]!;
      Object.assign(guard as unknown as Record<string, unknown>, {
        op: 'pick',
        source: new Int32Array(taken.columns).map((_, column) => column),
        fill: 0,
        inputs: [taken],
      });
    }
  }
  return graph;
}

/** The nodes that nothing but the first branch of these guards needs. */
export function onlyFor(
  guards: readonly NodeOf<'guard'>[],
  order: readonly Node[],
  graph: Pick<Graph, 'outputs'>,
): Node[] {
  const own = new Set<Node>(guards);
  const shared = new Set<Node>(graph.outputs.map(({ node }) => node));
  const used = new Set<Node>();
  const only: Node[] = [];
  // Users come after what they use.
  for (const node of [...order].reverse()) {
    const isOnly = used.has(node) && !shared.has(node) && !own.has(node);
    if (isOnly) only.push(node);
    operandsOf(node).forEach((operand, place) => {
      if (isOnly || (own.has(node) && place === 1)) used.add(operand);
      else shared.add(operand);
    });
  }
  return only.filter((node) => node.space && !shared.has(node)).reverse();
}

/** In blocks of random numbers, roughly. */
function costOf(node: Node): number {
  switch (node.op) {
    case 'draw':
      return Math.ceil(node.columns / 4);
    case 'matmul':
      return node.inner.reduce((sum, size) => sum + size, 0) * node.columns;
    case 'map':
      return (functions[node.name]!.isCheap ? 0.02 : 0.3) * node.columns;
    case 'lookup':
    case 'locate':
      return 0.3 * node.columns;
    default:
      return 0.01 * node.columns;
  }
}
