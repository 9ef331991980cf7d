import { type DrawAttributes, kernelNames, type PermutationAttributes } from '../../random-kernels';
import { CompileError, expanded, type Lowering } from '../traced';

export const randomLowerings: Readonly<Record<string, Lowering>> = {
  [kernelNames.draw]: (recording, [words, row, step], attributes) => {
    const { kind, use, draw, count, word, flat, bound } = attributes as unknown as DrawAttributes;
    const rows = row!.shape[0]!;
    // A parameter with the numbers of several rows, which are no batch.
    const isList = row!.axis < 0;
    if (isList && step!.node.space) {
      throw new CompileError('numbers of the rows are a parameter, their steps a batch');
    }
    const node = recording.builder.make(
      { op: 'draw', kind, use, draw, word, bound },
      {
        inputs: [
          expanded(recording, words!),
          isList ? expanded(recording, row!) : row!.node,
          step!.node,
        ],
        dtype: kind === 'integer' ? 'int32' : 'float32',
        columns: isList ? rows * count : count,
      },
    );
    return { node, shape: flat ? [rows] : [rows, count], axis: row!.axis };
  },
  [kernelNames.permutation]: (recording, [words, step, added], attributes) => {
    const { use, draw, count } = attributes as unknown as PermutationAttributes;
    const node = recording.builder.make(
      { op: 'permutation', use, draw },
      {
        inputs: [expanded(recording, words!), step!.node, ...(added ? [added.node] : [])],
        dtype: 'int32',
        columns: count,
      },
    );
    return { node, shape: [count], axis: -1 };
  },
};
