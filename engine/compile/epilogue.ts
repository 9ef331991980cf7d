import { functions } from './emit/functions';
import type { Node, NodeOf } from './graph';

export interface EpilogueOptions {
  /** Row values that are still to be computed, in no group yet. */
  readonly waiting: ReadonlySet<Node>;
  /** Operands first. */
  readonly order: readonly Node[];
  /** The product stays in registers and leaves all but cheap functions of itself to the strip that follows. */
  readonly isNarrow: boolean;
  /** Whether a value is computed by now. */
  isThere(node: Node): boolean;
}

/**
 * Elementwise functions of a product that can follow column by column, with the cheap ones that they alone
 * wait for.
 */
export function epilogueOf(
  product: NodeOf<'matmul'>,
  { waiting, order, isNarrow, isThere }: EpilogueOptions,
): Node[] {
  const epilogue: Node[] = [];
  const inside = new Set<Node>([product]);
  const isReadable = (node: Node): boolean =>
    inside.has(node) || !node.space || (!isNarrow && isThere(node) && isBuffered(node));
  /** What has to be computed beside the product before an input can be read; null: it cannot be. */
  const preparation = (input: Node): Node[] | null => {
    if (isReadable(input)) return [];
    const isPart =
      input.op === 'map' && !input.views && functions[input.name]!.isCheap && waiting.has(input);
    if (!isPart || isNarrow || input.columns !== product.columns) return null;
    const steps = preparationOfAll(input.inputs);
    return steps && [...steps, input];
  };
  const preparationOfAll = (inputs: readonly Node[]): Node[] | null => {
    const steps = inputs.map(preparation);
    return steps.every((some) => some !== null) ? steps.flat() : null;
  };
  for (const node of order) {
    if (!waiting.has(node) || inside.has(node) || node.op !== 'map' || node.views) continue;
    if (node.columns !== product.columns || !node.inputs.some((input) => inside.has(input)))
      continue;
    if (isNarrow && !functions[node.name]!.isCheap) continue;
    const steps = preparationOfAll(node.inputs);
    if (steps === null) continue;
    for (const step of [...steps, node]) {
      if (inside.has(step)) continue;
      inside.add(step);
      epilogue.push(step);
    }
  }
  return epilogue;
}

/** Whether a value lies in the tile's memory and not in a tensor. */
const isBuffered = (node: Node): boolean =>
  node.op !== 'argument' && !(node.op === 'slot' && node.what === 'input');
