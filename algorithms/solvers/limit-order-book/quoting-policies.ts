import * as tf from '@tensorflow/tfjs';

import type { LimitOrderBookConfig } from '../../../envs/limit-order-book/config';
import { makeChoices } from '../../../envs/limit-order-book/make';
import type { ClassicalPolicy, PolicySolver } from '../policy';

export const isMaking = ({ task }: LimitOrderBookConfig): boolean => task.kind === 'make';

/** One choice on both sides; no quote where that is not allowed. */
function quoting(name: string, choice: number): ClassicalPolicy {
  return {
    name,
    kind: 'classical',
    act: ({ actionMask }) =>
      tf.tidy(() => {
        const heads = tf
          .split(actionMask!, 2, 1)
          .map((mask) => tf.slice(mask, [0, choice], [-1, 1]));
        return tf.mul(tf.cast(tf.concat(heads, 1), 'int32'), tf.scalar(choice, 'int32'));
      }),
  };
}

/** Stays out of the book. */
export const bookNoQuotes = (): ClassicalPolicy => quoting('no-quotes', makeChoices.none);

export const joinQuotes: PolicySolver<LimitOrderBookConfig> = {
  name: 'join-quotes',
  description: 'Quotes at both best prices, whatever the inventory, as far as its bounds allow.',
  environments: ['limit-order-book'],
  fits: isMaking,
  create: () => quoting('join-quotes', makeChoices.join),
};
