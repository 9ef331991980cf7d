import { trpoUpdate } from '../algorithms/trpo/update';
import { disposeTree } from '../engine/tensors';
import { awaitDevice } from './await-device';
import type { Work } from './timing';
import { updateProblem } from './update-problem';

/** Updates of a policy 4 → 64 → 64 → 2: gradient, ten conjugate gradient iterations, line search. */
export function trpoUpdates(rows: number): Work {
  const { policy, parameters, batch, options, key, dispose } = updateProblem(rows);
  return {
    amount: 1,
    run() {
      const update = trpoUpdate(policy, parameters, batch, options, key);
      awaitDevice(update.diagnostics.kl);
      disposeTree([update.parameters, update.diagnostics]);
    },
    dispose,
  };
}
