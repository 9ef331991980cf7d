import { type PolicyBatch, trpoUpdate } from '../algorithms/trpo/update';
import { compile } from '../engine/compile/compile';
import { disposeTree, type Tensors } from '../engine/tensors';
import { awaitDevice } from './await-device';
import type { Work } from './timing';
import { updateProblem } from './update-problem';

interface Input {
  readonly rows: PolicyBatch & Tensors;
  readonly parameters: { readonly weights: Tensors };
}

/** Updates of a policy 4 → 64 → 64 → 2: gradient, ten conjugate gradient iterations, line search. */
export function trpoUpdates(rows: number): Work {
  const { policy, parameters, batch, options, key, dispose } = updateProblem(rows);
  const apply = compile(
    ({ rows: own, parameters: { weights } }: Input) =>
      trpoUpdate(policy, weights, own, options, key),
    { name: 'update' },
  );
  const input: Input = { rows: { ...batch }, parameters: { weights: parameters } };
  return {
    amount: 1,
    run() {
      const update = apply(input);
      awaitDevice(update.diagnostics.kl);
      disposeTree([update.parameters, update.diagnostics]);
    },
    dispose,
  };
}
