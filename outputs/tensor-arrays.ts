import * as tf from '@tensorflow/tfjs';

import { InputError } from '../engine/input-error';
import type { TensorTree } from '../engine/tensors';
import type { ArrayData } from './safetensors';

/**
 * The tensors of a tree as named arrays: names are the paths of the leaves, joined by '/'
 * (`policy/layer0/weights`). Copies; waits for the device.
 */
export async function readArrays(
  tree: TensorTree,
  prefix = '',
): Promise<Record<string, ArrayData>> {
  const leaves = pathsOf(tree, prefix);
  const arrays = await Promise.all(
    leaves.map(async ([name, tensor]) => [name, await readArray(tensor)] as const),
  );
  const named = Object.fromEntries(arrays);
  if (Object.keys(named).length < leaves.length) {
    throw new Error('Two tensors of the tree have the same path.');
  }
  return named;
}

async function readArray(tensor: tf.Tensor): Promise<ArrayData> {
  const data = await tensor.data();
  const { shape } = tensor;
  switch (tensor.dtype) {
    case 'float32':
      return { dtype: 'float32', shape, data: new Float32Array(data as Float32Array) };
    case 'int32':
      return { dtype: 'int32', shape, data: new Int32Array(data as Int32Array) };
    case 'bool':
      return { dtype: 'bool', shape, data: new Uint8Array(data as Uint8Array) };
    default:
      throw new Error(`Tensors of dtype ${tensor.dtype} cannot be saved.`);
  }
}

/**
 * New tensors from named arrays, in the structure of `like`; the caller disposes of them. Arrays
 * that the tree has no place for are ignored: they belong to other trees of the same file.
 * @throws InputError if an array is missing or differs from its tensor in shape or dtype
 */
export function restoreTensors<Tree extends TensorTree>(
  arrays: Readonly<Record<string, ArrayData>>,
  like: Tree,
  prefix = '',
): Tree {
  // All are checked before the first tensor is made, so that a refusal leaves nothing behind.
  for (const [name, tensor] of pathsOf(like, prefix)) checkArray(name, arrays[name], tensor);
  const restore = (tree: TensorTree, path: string): TensorTree => {
    if (tree instanceof tf.Tensor) {
      const { data, shape, dtype } = arrays[path]!;
      return tf.tensor(data.slice(), [...shape], dtype as 'float32' | 'int32' | 'bool');
    }
    const members = membersOf(tree).map(
      ([name, member]) => [name, restore(member, joinPath(path, name))] as const,
    );
    return Array.isArray(tree) ? members.map(([, member]) => member) : Object.fromEntries(members);
  };
  return restore(like, prefix) as Tree;
}

function checkArray(name: string, array: ArrayData | undefined, tensor: tf.Tensor): void {
  if (!array)
    throw new InputError(`The checkpoint has no array ${name}: it is of another kind of run.`);
  const found = `${array.dtype} [${array.shape.join(', ')}]`;
  const needed = `${tensor.dtype} [${tensor.shape.join(', ')}]`;
  if (found !== needed) {
    throw new InputError(
      `The checkpoint's array ${name} is ${found} where this config needs ${needed}: it was made with another config.`,
    );
  }
}

function pathsOf(tree: TensorTree, path: string): [string, tf.Tensor][] {
  if (tree instanceof tf.Tensor) return [[path, tree]];
  return membersOf(tree).flatMap(([name, member]) => pathsOf(member, joinPath(path, name)));
}

const membersOf = (tree: Exclude<TensorTree, tf.Tensor>): [string, TensorTree][] =>
  Object.entries(tree as Readonly<Record<string, TensorTree>>);

const joinPath = (path: string, name: string): string => (path ? `${path}/${name}` : name);
