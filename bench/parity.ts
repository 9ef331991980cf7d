import * as tf from '@tensorflow/tfjs';

import { compile, type CompiledArguments } from '../engine/compile/compile';
import { disposeTree, leavesOf, type TensorTree, tidyTree } from '../engine/tensors';

/** A computation whose program is compared with the plain operations it consists of. */
export interface ParityCase {
  readonly name: string;
  /** Largest difference, over the largest number of the result. 0: the same bits. */
  readonly tolerance: number;
  /** More are not compared, as device `cpu` would take minutes; default all. */
  readonly mostRows?: number;
  /** Inputs, on the present device. @param rows B */
  make(rows: number): CompiledArguments;
  compute(given: CompiledArguments): TensorTree;
}

/** How far the results of a case are apart. */
export interface ParityResult {
  readonly name: string;
  readonly rows: number;
  readonly tolerance: number;
  /** The largest difference over the largest number, over all results. */
  readonly difference: number;
  readonly agrees: boolean;
}

/** A program that is compared at several sizes. */
export interface ParityProgram {
  readonly name: string;
  /** @returns how the present device and device `cpu`, one operation after the other, agree */
  compare(rows: number): Promise<ParityResult>;
}

export function parityProgram(one: ParityCase): ParityProgram {
  const program = compile(
    (given: CompiledArguments) => ({ results: leavesOf(one.compute(given)) }) as TensorTree,
    { name: one.name },
  );
  return {
    name: one.name,
    async compare(rows) {
      const device = tf.getBackend();
      const given = one.make(rows);
      const made = program(given);
      const actual = leavesOf(made).map((tensor) => tensor.dataSync().slice());
      disposeTree(made);
      await tf.setBackend('cpu');
      const expected = tidyTree(() => {
        const tree = one.compute(given);
        return leavesOf(tree).map((tensor) => tf.clone(tensor));
      });
      const differences = expected.map((tensor, index) =>
        differenceOf(actual[index]!, tensor.dataSync()),
      );
      const difference = differences.reduce((most, each) => (each <= most ? most : each), 0);
      disposeTree([expected, ...Object.values(given).map((tree) => tree as TensorTree)]);
      await tf.setBackend(device);
      const { name, tolerance } = one;
      return { name, rows, tolerance, difference, agrees: difference <= tolerance };
    },
  };
}

/** The largest difference over the largest number; infinite where one is finite alone. */
function differenceOf(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let largest = 0;
  let difference = 0;
  for (let place = 0; place < expected.length; place += 1) {
    const [a, b] = [actual[place]!, expected[place]!];
    if (Object.is(a, b) || a === b) {
      largest = Math.max(largest, Math.abs(b) < Infinity ? Math.abs(b) : 0);
      continue;
    }
    if (!Number.isFinite(a) || !Number.isFinite(b)) return Infinity;
    largest = Math.max(largest, Math.abs(b));
    difference = Math.max(difference, Math.abs(a - b));
  }
  return difference === 0 ? 0 : difference / largest;
}
