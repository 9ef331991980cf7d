import * as tf from '@tensorflow/tfjs';

import { choicesOf, type OrderPlacementConfig } from '../../envs/order-placement/config';
import { isOneChoice } from '../../envs/order-placement/references';
import { expectedRewards } from './order-choice/expected';
import { allowedChoices, planOrders } from './order-placement/programme';
import type { PolicySolver } from './policy';

/**
 * The choice that is best if it must be the same in every step of every episode; the first of equal ones.
 * @throws InputError where its expected reward is not known: ranges in episodes of several steps
 */
export function bestConstantChoice(config: OrderPlacementConfig): number {
  const rewards = isOneChoice(config) ? expectedRewards(config) : null;
  const valueOf = (choice: number): number =>
    rewards ? rewards[choice]! : planOrders(config, [choice]).value;
  let best = { choice: -1, value: -Infinity };
  for (const choice of allowedChoices(config)) {
    const value = valueOf(choice);
    if (value > best.value) best = { choice, value };
  }
  return best.choice;
}

export const bestConstantOrder: PolicySolver<OrderPlacementConfig> = {
  name: 'best-constant-order',
  description:
    'The same choice in every step: the one of greatest expected reward, computed exactly.',
  environments: ['order-placement'],
  create(_kindId, config) {
    const choice = bestConstantChoice(config);
    const { hold } = choicesOf(config);
    return {
      name: 'best-constant-order',
      kind: 'classical',
      act: ({ state }) =>
        tf.tidy(() =>
          tf.where(
            tf.greater(state.remaining!, 0),
            tf.scalar(choice, 'int32'),
            tf.scalar(hold, 'int32'),
          ),
        ),
    };
  },
};
