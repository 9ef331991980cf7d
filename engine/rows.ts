import * as tf from '@tensorflow/tfjs';

import { isRecording } from './recorder';
import { leavesOf, mapTrees, type TensorTree } from './tensors';

/**
 * Cuts a batch along axis 0 into chunks of a fixed size (the last may be shorter). Work over many
 * rows runs chunk by chunk, so that intermediates stay in the cache and memory stays bounded, and
 * the sums over the batch are added in one fixed order. While a function is being recorded everything
 * is one chunk: what is compiled cuts the rows by itself.
 * @param tree every leaf [N, …] with the same N
 */
export function splitRows<Tree extends TensorTree>(tree: Tree, chunk: number): Tree[] {
  if (isRecording()) return [tree];
  const rows = leavesOf(tree)[0]!.shape[0]!;
  const starts = Array.from({ length: Math.ceil(rows / chunk) }, (_, index) => index * chunk);
  return starts.map((start) =>
    mapTrees((leaf) => tf.slice(leaf!, [start], [Math.min(chunk, rows - start)]), tree),
  );
}

/** The sum of trees of one structure, added pairwise in a fixed binary tree. */
export function sumTrees<Tree extends TensorTree>(trees: readonly Tree[]): Tree {
  if (trees.length === 1) return trees[0]!;
  const half = Math.ceil(trees.length / 2);
  return mapTrees(
    (left, right) => tf.add(left!, right!),
    sumTrees(trees.slice(0, half)),
    sumTrees(trees.slice(half)),
  );
}

/** Rows of every leaf by index. @param index [n] int32 */
export function gatherRows<Tree extends TensorTree>(tree: Tree, index: tf.Tensor1D): Tree {
  return mapTrees((leaf) => tf.gather(leaf!, index), tree);
}
