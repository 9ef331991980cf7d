import * as tf from '@tensorflow/tfjs';

import { fisherVectorProduct } from '../algorithms/trpo/fisher';
import { flatten } from '../algorithms/trpo/flat';
import { compile } from '../engine/compile/compile';
import { iterate } from '../engine/loops';
import { splitRows } from '../engine/rows';
import { disposeTree, type Tensors } from '../engine/tensors';
import { awaitDevice } from './await-device';
import type { Work } from './timing';
import { updateProblem } from './update-problem';

interface Input {
  readonly rows: { readonly observation: tf.Tensor2D };
  readonly parameters: { readonly weights: Tensors; readonly vector: tf.Tensor1D };
}

/** Products one after the other, as in conjugate gradients: the forward pass is done once for all of them. */
const productsPerRun = 10;

/** Products with the damped Fisher matrix of a policy 4 → 64 → 64 → 2, ten after one forward pass. */
export function fisherProducts(rows: number): Work {
  const { policy, parameters, batch, options, dispose } = updateProblem(rows);
  const vector = flatten(parameters);
  const multiply = compile(
    ({ rows: { observation }, parameters: { weights, vector: start } }: Input) => {
      const chunks = splitRows({ observation }, options.chunk);
      const product = fisherVectorProduct(policy, weights, chunks, options.damping);
      // Each goes on from the one before, scaled back, so that none can be left out.
      return iterate(
        ({ at }: { at: tf.Tensor }) => {
          const image = product(at as tf.Tensor1D);
          return { at: tf.div(image, tf.norm(image)) };
        },
        { at: start as tf.Tensor },
        productsPerRun,
        ({ at }) => tf.greater(tf.sum(tf.square(at)), 0),
      ).at;
    },
    { name: 'Fisher products' },
  );
  const input: Input = {
    rows: { observation: batch.observation },
    parameters: { weights: parameters, vector },
  };

  return {
    amount: productsPerRun,
    run() {
      const result = multiply(input);
      awaitDevice(result);
      result.dispose();
    },
    dispose() {
      disposeTree(vector);
      dispose();
    },
  };
}
