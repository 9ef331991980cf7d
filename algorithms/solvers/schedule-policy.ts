import * as tf from '@tensorflow/tfjs';

import type { ExecutionConfig } from '../../envs/execution/config';
import type { ClassicalPolicy } from './policy';

/**
 * Follows a schedule in the execution environment: in period k the fraction of the remaining shares
 * that the schedule trades then. Where a capacity held a trade back, the later ones grow in proportion.
 * @param trades n₁ … n_N, shares; the environment takes a negative one as zero
 */
export function schedulePolicy(
  name: string,
  { action, periods }: Pick<ExecutionConfig, 'action' | 'periods'>,
  trades: Float64Array,
): ClassicalPolicy {
  const actions = new Float32Array(periods);
  let left = 0;
  // From the end, so that what is left is a sum of what is still to come and never a difference.
  for (let k = periods - 1; k >= 0; k -= 1) {
    left += trades[k]!;
    const fraction = left > 0 ? trades[k]! / left : 1;
    actions[k] = action === 'fraction' ? fraction : fraction * (periods - k);
  }
  const table = tf.keep(tf.tensor1d(actions));
  return {
    name,
    kind: 'classical',
    act: ({ state }) => tf.tidy(() => tf.reshape(tf.gather(table, state.step!), [-1, 1])),
    dispose: () => {
      table.dispose();
    },
  };
}
