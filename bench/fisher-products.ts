import { fisherVectorProduct } from '../algorithms/trpo/fisher';
import { flatten } from '../algorithms/trpo/flat';
import type { Chunk } from '../algorithms/trpo/surrogate';
import { splitRows } from '../engine/rows';
import { disposeTree } from '../engine/tensors';
import { awaitDevice } from './await-device';
import type { Work } from './timing';
import { updateProblem } from './update-problem';

/** Products with the damped Fisher matrix of a policy 4 → 64 → 64 → 2; its forward pass is done once, before. */
export function fisherProducts(rows: number): Work {
  const { policy, parameters, batch, options, dispose } = updateProblem(rows);
  const chunks = splitRows({ observation: batch.observation }, options.chunk).map(
    (chunk: Chunk) => ({
      ...batch,
      ...chunk,
      trace: policy.network.trace(parameters, chunk.observation),
    }),
  );
  const product = fisherVectorProduct(policy, parameters, chunks, options.damping);
  const vector = flatten(parameters);

  return {
    amount: 1,
    run() {
      const result = product(vector);
      awaitDevice(result);
      result.dispose();
    },
    dispose() {
      const traces = chunks.map(({ observation, trace }) => [
        observation,
        ...trace.inputs,
        ...trace.slopes,
        trace.output,
      ]);
      disposeTree([traces, vector]);
      dispose();
    },
  };
}
