import type * as tf from '@tensorflow/tfjs';

import type { TensorTree } from './tensors';

/** What loops do while a function is being recorded: their bodies are recorded once. */
export interface LoopRecorder {
  scan(
    body: (
      carry: TensorTree,
      index: tf.Scalar,
      input: TensorTree,
    ) => { carry: TensorTree; output: TensorTree },
    carry: TensorTree,
    length: number,
    options: { readonly inputs: TensorTree | undefined; readonly reverse: boolean },
  ): { carry: TensorTree; outputs: TensorTree };
  iterate(
    body: (carry: TensorTree, index: tf.Scalar) => TensorTree,
    carry: TensorTree,
    maximum: number,
    continueWhile: (carry: TensorTree) => tf.Tensor,
  ): TensorTree;
  branch(condition: tf.Tensor, then: () => TensorTree, otherwise: () => TensorTree): TensorTree;
}

let current: LoopRecorder | null = null;

/** null: operations run as they are called. */
export const currentRecorder = (): LoopRecorder | null => current;

/** Whether operations are being recorded: tensors then have shapes, but no values. */
export const isRecording = (): boolean => current !== null;

export function recordWith<Result>(recorder: LoopRecorder, work: () => Result): Result {
  const before = current;
  current = recorder;
  try {
    return work();
  } finally {
    current = before;
  }
}
