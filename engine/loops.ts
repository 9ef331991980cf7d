import * as tf from '@tensorflow/tfjs';

import { currentRecorder } from './recorder';
import { cloneTree, disposeTree, mapTrees, tidyTree, type TensorTree } from './tensors';

export interface ScanOptions<Input extends TensorTree> {
  /** Per-step inputs, each leaf [T, …]; step t receives the leaf's row t. */
  readonly inputs?: Input;
  /** Runs t = T − 1 … 0; outputs stay in the order of t. Default false. */
  readonly reverse?: boolean;
}

/**
 * Runs `body` over t = 0 … T − 1, threading a carry and stacking what each step puts out.
 * @param body pure; receives the carry, the step index t ([] int32) and row t of the inputs
 * @param length T, static
 * @returns the last carry, and the outputs with T in front of every leaf's shape
 */
export function scan<
  Carry extends TensorTree,
  Output extends TensorTree,
  Input extends TensorTree = Record<string, never>,
>(
  body: (carry: Carry, index: tf.Scalar, input: Input) => { carry: Carry; output: Output },
  carry: Carry,
  length: number,
  options: ScanOptions<Input> = {},
): { carry: Carry; outputs: Output } {
  const { inputs, reverse = false } = options;
  const recorder = currentRecorder();
  if (recorder) {
    const recorded = recorder.scan(body as never, carry, length, { inputs, reverse });
    return recorded as { carry: Carry; outputs: Output };
  }
  let current = cloneTree(carry);
  const steps: Output[] = new Array<Output>(length);
  for (let count = 0; count < length; count += 1) {
    const t = reverse ? length - 1 - count : count;
    const previous = current;
    const next = tidyTree(() => {
      const input = inputs ? rowOf(inputs, t) : ({} as Input);
      const { carry, output } = body(previous, tf.scalar(t, 'int32'), input);
      return { carry: cloneTree(carry), output: cloneTree(output) };
    });
    disposeTree(previous);
    current = next.carry;
    steps[t] = next.output;
  }
  const outputs =
    length > 0
      ? mapTrees((...leaves) => tf.stack(leaves), ...(steps as [Output, ...Output[]]))
      : ({} as Output);
  disposeTree(steps);
  return { carry: current, outputs };
}

/**
 * Repeats `body` while a condition on the carry holds, at most `maximum` times. Once the condition
 * fails the carry stays as it is: the same result as `maximum` steps that keep a finished carry
 * through `where`, which is what a compiled loop does.
 * @param body pure; receives the carry and the step's index ([] int32)
 * @param continueWhile the carry → [] bool
 */
export function iterate<Carry extends TensorTree>(
  body: (carry: Carry, index: tf.Scalar) => Carry,
  carry: Carry,
  maximum: number,
  continueWhile: (carry: Carry) => tf.Tensor,
): Carry {
  const recorder = currentRecorder();
  if (recorder) {
    return recorder.iterate(body as never, carry, maximum, continueWhile as never) as Carry;
  }
  let current = cloneTree(carry);
  for (let count = 0; count < maximum; count += 1) {
    const previous = current;
    if (!holds(() => continueWhile(previous))) break;
    current = tidyTree(() => cloneTree(body(previous, tf.scalar(count, 'int32'))));
    disposeTree(previous);
  }
  return current;
}

/**
 * `then()` where the scalar condition holds, else `otherwise()`: the guard around work that is
 * seldom needed, such as the resets of a batch in which no episode ended. Both branches must return
 * trees of the same structure and shapes, so that a compiled program may compute either.
 * @param condition [] bool
 */
export function branch<Tree extends TensorTree>(
  condition: tf.Tensor,
  then: () => Tree,
  otherwise: () => Tree,
): Tree {
  const recorder = currentRecorder();
  if (recorder) return recorder.branch(condition, then, otherwise) as Tree;
  return tidyTree(() => (holds(() => condition) ? then() : otherwise()));
}

/** The one place where an eager loop looks at a value: a single boolean decides whether to go on. */
function holds(condition: () => tf.Tensor): boolean {
  return tf.tidy(() => condition().dataSync()[0] !== 0);
}

/** Row t of every leaf [T, …]: […]. */
const rowOf = <Tree extends TensorTree>(tree: Tree, t: number): Tree =>
  mapTrees((leaf) => tf.squeeze(tf.slice(leaf!, [t], [1]), [0]), tree);
