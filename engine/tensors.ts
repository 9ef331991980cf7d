import * as tf from '@tensorflow/tfjs';

import './gradients';

/** A record of named tensors: the state of an environment, the parameters of a network. */
export type Tensors = Readonly<Record<string, tf.Tensor>>;

/** Tensors nested in records and arrays: what loops carry. */
export type TensorTree =
  tf.Tensor | readonly TensorTree[] | { readonly [name: string]: TensorTree };

const isTensor = (tree: TensorTree): tree is tf.Tensor => tree instanceof tf.Tensor;

/** Applies `change` to corresponding tensors of one or more trees of the same structure. */
export function mapTrees<Tree extends TensorTree>(
  change: (...tensors: tf.Tensor[]) => tf.Tensor,
  first: Tree,
  ...rest: Tree[]
): Tree {
  const go = (...trees: TensorTree[]): TensorTree => {
    const head = trees[0] as TensorTree;
    if (isTensor(head)) return change(...(trees as tf.Tensor[]));
    if (Array.isArray(head)) {
      return head.map((_, index) => go(...trees.map((tree) => (tree as TensorTree[])[index]!)));
    }
    return Object.fromEntries(
      Object.keys(head).map((name) => [
        name,
        go(...trees.map((tree) => (tree as Record<string, TensorTree>)[name]!)),
      ]),
    );
  };
  return go(first, ...rest) as Tree;
}

/** The tensors of a tree in a fixed order: record keys and array indices as they stand. */
export function leavesOf(tree: TensorTree): tf.Tensor[] {
  if (isTensor(tree)) return [tree];
  return (Array.isArray(tree) ? (tree as readonly TensorTree[]) : Object.values(tree)).flatMap(
    leavesOf,
  );
}

/** New tensors on the same data, so that either tree may be disposed of without harm to the other. */
export const cloneTree = <Tree extends TensorTree>(tree: Tree): Tree =>
  mapTrees((leaf) => tf.clone(leaf!), tree);

/** `tf.tidy` for work that returns a tree: all tensors it made are freed but those of the tree. */
export function tidyTree<Tree extends TensorTree>(work: () => Tree): Tree {
  // tf.tidy finds the tensors of nested records and arrays; only its type knows no readonly ones.
  return tf.tidy(work as unknown as () => tf.Tensor) as unknown as Tree;
}

/** Exempts every tensor of the tree from the surrounding `tf.tidy`. */
export function keepTree<Tree extends TensorTree>(tree: Tree): Tree {
  leavesOf(tree).forEach((tensor) => tf.keep(tensor));
  return tree;
}

/** New tensors on the same data that outlive the surrounding `tf.tidy`; the caller disposes of them. */
export const detach = <Tree extends TensorTree>(tree: Tree): Tree => keepTree(cloneTree(tree));

/** Frees every tensor of the tree; a tensor that stands in it twice is freed once. */
export function disposeTree(tree: TensorTree): void {
  for (const tensor of new Set(leavesOf(tree))) if (!tensor.isDisposed) tensor.dispose();
}

/**
 * Row by row choice between two trees of the same structure.
 * @param condition [B] bool
 * @returns per leaf [B, …]: `whenTrue` where the condition holds, else `whenFalse`
 */
export function whereTree<Tree extends TensorTree>(
  condition: tf.Tensor,
  whenTrue: Tree,
  whenFalse: Tree,
): Tree {
  return mapTrees(
    (yes, no) => (yes === no ? yes! : tf.where(alignRank(condition, no!.rank), yes!, no!)),
    whenTrue,
    whenFalse,
  );
}

function alignRank(condition: tf.Tensor, rank: number): tf.Tensor {
  if (condition.rank >= rank) return condition;
  return tf.reshape(condition, [
    ...condition.shape,
    ...Array<number>(rank - condition.rank).fill(1),
  ]);
}
