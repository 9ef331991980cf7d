/**
 * The intermediate form: what a recorded function computes, as a graph of pure operations.
 *
 * A value is a vector of `columns` numbers: one vector for each row of a space (a batch), or a single
 * one, a parameter, where `space` is null. Shapes are gone: reshaping, slicing, transposing and
 * joining are all the operation `pick`, which copies columns.
 */

export type DType = 'float32' | 'int32' | 'bool';

/** A set of rows: the batch of the program, or as many rows as an index picks from it. */
export interface Space {
  readonly name: string;
  /** null: the batch, whose size is known when the program is called. */
  readonly size: number | null;
}

/** The body of a loop: nodes that depend on what changes from step to step. */
export interface Region {
  readonly kind: 'scan' | 'iterate';
  readonly parent: Region | null;
  /** 0 outside of all loops. */
  readonly depth: number;
  readonly length: number;
  readonly reverse: boolean;
  /** Filled in when the body has been recorded. */
  readonly carries: Carry[];
  readonly inputs: LoopInput[];
  /** What each step puts out, for `stack`. */
  readonly outputs: Node[];
  /** iterate: goes on while it holds. */
  condition: Node | null;
}

export interface Carry {
  readonly initial: Node;
  readonly slot: Node;
  next: Node;
}

/** A value with T·k columns of which step t sees columns t·k … t·k + k − 1. */
export interface LoopInput {
  readonly source: Node;
  readonly slot: Node;
}

export type ReduceName = 'sum' | 'prod' | 'max' | 'min' | 'any' | 'all';

export type Operation =
  /** Input number `index` of the program. */
  | { readonly op: 'argument'; readonly index: number }
  /** One number for all columns, or one a column. */
  | { readonly op: 'constant'; readonly values: readonly number[] }
  /** factor · B^power for the batch size B. */
  | { readonly op: 'count'; readonly factor: number; readonly power: 1 | -1 }
  /** What a loop's body is given: the carry, the step's number, a row of an input. */
  | {
      readonly op: 'slot';
      readonly of: Region;
      readonly what: 'carry' | 'index' | 'input';
      readonly index: number;
    }
  /**
   * An elementwise function, by its name in emit/functions.ts; inputs of one column go with every column. Where an
   * input has a view, column j is its column `view[j]`.
   */
  | { readonly op: 'map'; readonly name: string; readonly views?: readonly (Int32Array | null)[] }
  /** Column j is column `source[j]` of the inputs side by side, or `fill` where that is −1. */
  | { readonly op: 'pick'; readonly source: Int32Array; readonly fill: number }
  /** Σ over pairs of inputs x [n] · w [n, columns]; the second of each pair a parameter. */
  | { readonly op: 'matmul'; readonly inner: readonly number[] }
  /** Σ over the rows of x [m]ᵀ · y [n]: a parameter [m, n]. */
  | { readonly op: 'outer' }
  /** Within a row, [outer, size, inner] → [outer, inner]. */
  | {
      readonly op: 'reduce';
      readonly name: ReduceName;
      readonly outer: number;
      readonly size: number;
      readonly inner: number;
    }
  /** The position of the largest or smallest within a row, [outer, size, inner] → [outer, inner]. */
  | {
      readonly op: 'locate';
      readonly name: 'argMax' | 'argMin';
      readonly outer: number;
      readonly size: number;
      readonly inner: number;
    }
  /** Running sum or product within a row, [outer, size, inner]. */
  | {
      readonly op: 'accumulate';
      readonly name: 'sum' | 'prod';
      readonly exclusive: boolean;
      readonly reverse: boolean;
      readonly outer: number;
      readonly size: number;
      readonly inner: number;
    }
  /** Over all rows: a parameter. */
  | { readonly op: 'reduceRows'; readonly name: ReduceName }
  /** Random numbers; inputs words [3], row [1], step [1]. */
  | {
      readonly op: 'draw';
      readonly kind: 'uniform' | 'normal' | 'integer';
      readonly use: number;
      readonly draw: number;
      /** Which word of the first block is the first number. */
      readonly word: number;
      readonly bound: number;
    }
  /** A keyed permutation of 0 … columns − 1; inputs words [3], step [1] and, if it changes, what is added to `draw`. */
  | { readonly op: 'permutation'; readonly use: number; readonly draw: number }
  /** Rows of the first input chosen by the second, a parameter with the row numbers of the new space. */
  | { readonly op: 'gatherRows' }
  /** Entries of a table [size, width] (a parameter, or the row's own columns) by number. */
  | { readonly op: 'lookup'; readonly size: number; readonly width: number }
  /** A carry when the loop has ended. */
  | { readonly op: 'final'; readonly of: Region; readonly index: number }
  /** An output of every step of a loop, T·k columns. */
  | { readonly op: 'stack'; readonly of: Region; readonly index: number }
  /** The second input; where the first holds in no row of a tile, the third, which is then the same. Those of one `branch` go together. */
  | { readonly op: 'guard'; readonly branch: number };

export type Node = Operation & {
  readonly id: number;
  readonly inputs: readonly Node[];
  readonly dtype: DType;
  readonly columns: number;
  readonly space: Space | null;
  /** The innermost loop whose steps it depends on. */
  readonly region: Region | null;
};

/** The nodes with a given operation. */
export type NodeOf<Name extends Operation['op']> = Extract<Node, { readonly op: Name }>;

/** Where the numbers of an input or output lie in its tensor: [outer, rows, inner], or all of it. */
export interface Layout {
  readonly outer: number;
  readonly inner: number;
}

export interface Input {
  readonly name: string;
  readonly dtype: DType;
  /** The shape with −1 where the batch is. */
  readonly shape: readonly number[];
  /** Axis of the batch; −1: a parameter. */
  readonly axis: number;
  readonly node: Node;
}

export interface Output {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly axis: number;
  readonly node: Node;
}

/** A recorded function. */
export interface Graph {
  readonly name: string;
  readonly inputs: readonly Input[];
  readonly outputs: readonly Output[];
  /** Rows of the batch if the program is for one size only. */
  readonly rows: number | null;
}

/** What a node depends on. What a loop carries depends on itself: this is the one way to go in circles. */
export function operandsOf(node: Node): readonly Node[] {
  switch (node.op) {
    case 'final': {
      const { initial, next } = node.of.carries[node.index]!;
      return [initial, next, ...conditionOf(node.of)];
    }
    case 'stack':
      return [node.of.outputs[node.index]!, ...conditionOf(node.of)];
    case 'slot': {
      if (node.what === 'index') return [];
      if (node.what === 'input') return [node.of.inputs[node.index]!.source];
      const { initial, next } = node.of.carries[node.index]!;
      return [initial, next];
    }
    default:
      return node.inputs;
  }
}

const conditionOf = ({ condition }: Region): readonly Node[] => (condition ? [condition] : []);

/** Every node that the roots depend on, operands first but for what loops carry. */
export function reachable(roots: readonly Node[]): Node[] {
  const seen = new Set<Node>();
  const order: Node[] = [];
  const visit = (root: Node): void => {
    const pending: { node: Node; operands: readonly Node[]; next: number }[] = [];
    const enter = (node: Node): void => {
      if (seen.has(node)) return;
      seen.add(node);
      pending.push({ node, operands: operandsOf(node), next: 0 });
    };
    enter(root);
    while (pending.length > 0) {
      const top = pending[pending.length - 1]!;
      if (top.next < top.operands.length) enter(top.operands[top.next++]!);
      else {
        order.push(top.node);
        pending.pop();
      }
    }
  };
  roots.forEach(visit);
  return order;
}

export const isUniform = (node: Node): node is NodeOf<'constant'> =>
  node.op === 'constant' && node.values.length === 1;

/** Whether a node stands in the body of a loop, directly or deeper. */
export function isWithin(node: Node, region: Region): boolean {
  for (let at: Region | null = node.region; at; at = at.parent) if (at === region) return true;
  return false;
}
