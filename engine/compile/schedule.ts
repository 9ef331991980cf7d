import { functions } from './emit/functions';
import { type Graph, type Node, reachable, type Region, type Space } from './graph';
import {
  bodyNodes,
  bodyRoots,
  capturesOf,
  isReduction,
  liveCarries,
  liveStacks,
  outerLoops,
  readsOf,
} from './liveness';
import { CompileError } from './traced';

/** What a program does, in order. */
export type Statement =
  /** Arithmetic on parameters, node by node. */
  | { readonly kind: 'parameters'; readonly nodes: readonly Node[] }
  /** One pass over the rows of a space, tile by tile, in parallel. */
  | { readonly kind: 'rows'; readonly phase: RowPhase }
  /** A loop around passes. */
  | {
      readonly kind: 'loop';
      readonly region: Region;
      /** Numbers of the carries that anything needs. */
      readonly carries: readonly number[];
      /** Numbers of the outputs that anything needs. */
      readonly stacks: readonly number[];
      /** iterate: computes the condition. */
      readonly test: readonly Statement[];
      readonly body: readonly Statement[];
    };

/** A pass: every value it needs is computed in its tiles or read from memory. */
export interface RowPhase {
  readonly number: number;
  readonly space: Space;
  /** In an order in which operands come first; loops within a tile appear as their results. */
  readonly nodes: readonly Node[];
  /** Row values that later passes read: they are written to memory. */
  readonly stored: readonly Node[];
  /** Row values that are outputs of the program. */
  readonly outputs: readonly Node[];
  /** Sums over the rows; parameters once the pass is over. */
  readonly reductions: readonly Node[];
}

export interface Schedule {
  readonly graph: Graph;
  readonly statements: readonly Statement[];
  readonly phases: readonly RowPhase[];
  /** Every node that is needed. */
  readonly live: ReadonlySet<Node>;
  /** Row values kept in memory between passes. */
  readonly stored: ReadonlySet<Node>;
}

const isRowArgument = (node: Node): boolean => node.op === 'argument' && node.space !== null;

/**
 * Places every node: parameters are computed once, rows in passes over tiles. A sum over the rows ends a
 * pass for whatever needs it; a value that a later pass needs is stored, unless it is cheap to compute
 * again from what is in memory.
 */
export function schedule(graph: Graph): Schedule {
  const live = new Set(reachable(graph.outputs.map(({ node }) => node)));
  const context: Context = {
    live,
    outer: outerLoops(live),
    phases: [],
    stored: new Set(),
    outputs: new Set(graph.outputs.map(({ node }) => node)),
    chosen: new Set(
      [...live].flatMap((node) => (node.op === 'gatherRows' ? [node.inputs[0]!] : [])),
    ),
  };
  const roots = graph.outputs.map(({ node }) => node);
  const statements = scheduleRegion(context, null, roots, new Set());
  return { graph, statements, phases: context.phases, live, stored: context.stored };
}

interface Context {
  readonly live: ReadonlySet<Node>;
  /** Loops that have passes inside. */
  readonly outer: ReadonlySet<Region>;
  readonly phases: RowPhase[];
  readonly stored: Set<Node>;
  readonly outputs: ReadonlySet<Node>;
  /** Values whose rows are chosen by number: they must be in memory. */
  readonly chosen: ReadonlySet<Node>;
}

function scheduleRegion(
  context: Context,
  region: Region | null,
  roots: readonly Node[],
  known: ReadonlySet<Node>,
): Statement[] {
  const { live, outer } = context;
  const done = new Set(known);
  const items: Node[] = [];
  for (const node of bodyNodes(live, roots, region)) {
    // What comes from outside of the loop is there already.
    const isGiven = node.region !== region || node.op === 'slot' || isRowArgument(node);
    if (isGiven) done.add(node);
    else if (!done.has(node)) items.push(node);
  }
  const loopsOf = (node: Node): Region | null =>
    (node.op === 'final' || node.op === 'stack') && outer.has(node.of) ? node.of : null;
  const remaining = new Set(items);
  const statements: Statement[] = [];

  const operands = (node: Node): readonly Node[] => readsOf(live, node);
  const isParameter = (node: Node): boolean => !node.space && !isReduction(node) && !loopsOf(node);
  const isInMemory = (node: Node): boolean =>
    node.op === 'argument' || context.stored.has(node) || (node.op === 'slot' && done.has(node));
  /** Whether a pass can have the value without much work. */
  const isAtHand = (node: Node): boolean =>
    !node.space ||
    isInMemory(node) ||
    (isCheap(node) &&
      node.inputs.every((input) => (input.space ? isAtHand(input) : done.has(input))));

  const takeParameters = (): void => {
    const nodes: Node[] = [];
    for (const node of remaining) {
      if (!isParameter(node) || !operands(node).every((operand) => done.has(operand))) continue;
      nodes.push(node);
      done.add(node);
      remaining.delete(node);
    }
    if (nodes.length > 0) statements.push({ kind: 'parameters', nodes });
  };

  /** Row values that could be computed now, each with all it needs. */
  const candidatesOf = (): Set<Node> => {
    const candidates = new Set<Node>();
    for (const node of remaining) {
      if (loopsOf(node) || isParameter(node)) continue;
      const ready = operands(node).every((operand) => {
        if (!operand.space) return done.has(operand);
        if (node.op === 'gatherRows' && operand === node.inputs[0]) return isInMemory(operand);
        return candidates.has(operand) || isAtHand(operand) || done.has(operand);
      });
      if (ready) candidates.add(node);
    }
    return candidates;
  };

  const runPhase = (wanted: readonly Node[], alsoStored: readonly Node[]): void => {
    const space = rowSpaceOf(wanted[0]!);
    const inPhase = wanted.filter((node) => rowSpaceOf(node) === space);
    const nodes: Node[] = [];
    const seen = new Set<Node>();
    const visit = (node: Node): void => {
      if (seen.has(node)) return;
      seen.add(node);
      if (!node.space && !isReduction(node)) return;
      if (isInMemory(node)) return;
      if (node.op !== 'gatherRows') {
        operands(node).forEach((operand) => {
          if (operand.space) visit(operand);
        });
      }
      nodes.push(node);
    };
    inPhase.forEach(visit);
    const here = new Set(nodes);
    for (const node of nodes) {
      remaining.delete(node);
      if (!isReduction(node)) done.add(node);
    }
    // What later passes need of this one.
    const stored = new Set<Node>(alsoStored.filter((node) => here.has(node)));
    const demand = (node: Node): void => {
      if (!node.space || isInMemory(node) || stored.has(node) || !here.has(node)) return;
      const canAgain =
        isCheap(node) &&
        node.inputs.every(
          (input) => !input.space || isInMemory(input) || here.has(input) || isAtHand(input),
        );
      if (!canAgain) stored.add(node);
      else node.inputs.forEach(demand);
    };
    for (const node of remaining) {
      for (const operand of operands(node)) {
        if (node.op === 'gatherRows' && operand === node.inputs[0] && here.has(operand))
          stored.add(operand);
        else demand(operand);
      }
    }
    stored.forEach((node) => context.stored.add(node));
    const phase: RowPhase = {
      number: context.phases.length,
      space,
      nodes,
      stored: [...stored],
      outputs: nodes.filter(
        (node) => region === null && context.outputs.has(node) && inPhase.includes(node),
      ),
      reductions: nodes.filter(isReduction),
    };
    context.phases.push(phase);
    statements.push({ kind: 'rows', phase });
    phase.reductions.forEach((node) => done.add(node));
  };

  while (remaining.size > 0) {
    const before = remaining.size;
    takeParameters();
    const candidates = candidatesOf();
    const sums = [...candidates].filter(isReduction);
    const gathered = [...candidates].filter((node) => context.chosen.has(node));
    if (sums.length > 0) {
      const space = rowSpaceOf(sums[0]!);
      const results = [...candidates].filter(
        (node) => node.space === space && region === null && context.outputs.has(node),
      );
      runPhase([...sums, ...results], gathered);
    } else if (gathered.length > 0) {
      runPhase(gathered, gathered);
    } else {
      const loop = readyLoop(
        remaining,
        loopsOf,
        (node) => done.has(node) || candidates.has(node) || isAtHand(node),
        live,
      );
      if (loop) {
        const captured = capturesOf(live, loop).filter((node) => node.space);
        const missing = captured.filter(
          (node) => !isAtHand(node) || (context.chosen.has(node) && !isInMemory(node)),
        );
        // What is cheap to compute from the rest of them is left to the loop.
        const kept = new Set(missing.filter((node) => !isCheap(node) || context.chosen.has(node)));
        const canAgain = (node: Node): boolean =>
          isAtHand(node) ||
          kept.has(node) ||
          (isCheap(node) &&
            node.inputs.every((input) => (input.space ? canAgain(input) : done.has(input))));
        missing.filter((node) => !canAgain(node)).forEach((node) => kept.add(node));
        if (kept.size > 0) {
          runPhase([...kept], [...kept]);
          continue;
        }
        statements.push(scheduleLoop(context, loop, done));
        for (const node of [...remaining]) {
          if (loopsOf(node) === loop) {
            done.add(node);
            remaining.delete(node);
          }
        }
      } else if (candidates.size > 0) {
        const results = [...candidates].filter((node) => roots.includes(node));
        if (results.length === 0) {
          // Nothing needs them but what a pass has computed again: they are done with.
          candidates.forEach((node) => remaining.delete(node));
        } else runPhase(results, region === null ? [] : results);
      }
    }
    if (remaining.size === before && remaining.size > 0) {
      const stuck = [...remaining][0]!;
      throw new CompileError(`${stuck.op} of ${stuck.columns} columns cannot be placed`);
    }
  }
  return statements;
}

function readyLoop(
  remaining: ReadonlySet<Node>,
  loopsOf: (node: Node) => Region | null,
  isReady: (node: Node) => boolean,
  live: ReadonlySet<Node>,
): Region | null {
  for (const node of remaining) {
    const loop = loopsOf(node);
    if (loop && capturesOf(live, loop).every(isReady)) return loop;
  }
  return null;
}

function scheduleLoop(context: Context, region: Region, done: ReadonlySet<Node>): Statement {
  const { live } = context;
  const carries = liveCarries(live, region);
  for (const index of carries) {
    if (region.carries[index]!.slot.space) {
      throw new CompileError('a loop that sums over the batch carries rows from step to step');
    }
  }
  const stacks = liveStacks(live, region);
  if (stacks.some((index) => region.outputs[index]!.space)) {
    throw new CompileError('a loop that sums over the batch puts out rows in every step');
  }
  const test = region.condition ? scheduleRegion(context, region, [region.condition], done) : [];
  const body = scheduleRegion(context, region, bodyRoots(live, region), done);
  return { kind: 'loop', region, carries, stacks, test, body };
}

/** The rows a node is about: its own, or those it sums over. */
function rowSpaceOf(node: Node): Space {
  const space = node.space ?? node.inputs.find((input) => input.space)?.space;
  if (!space) throw new CompileError(`${node.op} of no rows`);
  return space;
}

/** About as fast to compute as to read. */
const isCheap = (node: Node): boolean =>
  node.op === 'pick' || (node.op === 'map' && functions[node.name]!.isCheap);
