import * as tf from '@tensorflow/tfjs';

import type { ExecuteConfig, LimitOrderBookConfig } from '../../../envs/limit-order-book/config';
import { executeChoices } from '../../../envs/limit-order-book/execute';
import type { ClassicalPolicy, PolicyInput, PolicySolver } from '../policy';

/** Whether the task is to execute an order. */
export const isExecution = (
  config: LimitOrderBookConfig,
): config is LimitOrderBookConfig & { readonly task: ExecuteConfig } =>
  config.task.kind === 'execute';

const playing = (name: string, act: (input: PolicyInput) => tf.Tensor): ClassicalPolicy => ({
  name,
  kind: 'classical',
  act: (input) => tf.tidy(() => tf.cast(act(input), 'int32')),
});

const everywhere = ({ state }: PolicyInput, choice: number): tf.Tensor =>
  tf.fill([state.time!.shape[0]!], choice, 'int32');

/** Shares left of the order, [B]. */
const leftOf = ({ task }: { readonly task: ExecuteConfig }, { state }: PolicyInput): tf.Tensor =>
  task.side === 'sell' ? state.inventory! : tf.neg(state.inventory!);

/** A market order of a lot at the start of each of ⌈Q/lot⌉ equal parts of the time. */
export function bookTwap(config: LimitOrderBookConfig & { readonly task: ExecuteConfig }) {
  const { lot, quantity } = config.task;
  const lots = Math.ceil(quantity / lot);
  return playing('twap', (input) => {
    const begun = tf.add(
      tf.floor(tf.add(tf.mul(tf.div(input.state.time!, input.parameters.horizon!), lots), 1e-4)),
      1,
    );
    const due = tf.greater(leftOf(config, input), tf.sub(quantity, tf.mul(begun, lot)));
    return tf.mul(tf.cast(due, 'float32'), executeChoices.marketLot);
  });
}

export const immediate: PolicySolver<LimitOrderBookConfig> = {
  name: 'immediate',
  description: 'The whole order at once, at market.',
  environments: ['limit-order-book'],
  fits: isExecution,
  create: () => playing('immediate', (input) => everywhere(input, executeChoices.marketAll)),
};

export const joinBest: PolicySolver<LimitOrderBookConfig> = {
  name: 'join-best',
  description:
    'A limit order at the best quote, which follows it and loses its place; the rest at market in the end.',
  environments: ['limit-order-book'],
  fits: isExecution,
  create: () => playing('join-best', (input) => everywhere(input, executeChoices.join)),
};

/**
 * Submit and leave (Nevmyvaka, Kearns, Papandreou and Sycara 2005): one limit order, left where it was
 * put; what remains of it at the horizon trades at market. The tuned one is the best of the distances.
 */
export const submitAndLeave: readonly PolicySolver<LimitOrderBookConfig>[] = [0, 1, 2, 3].map(
  (ticks) => ({
    name: `submit-and-leave-${ticks}`,
    description: `One limit order ${ticks === 0 ? 'at' : `${ticks} tick${ticks > 1 ? 's' : ''} behind`} the best quote, left there; the rest at market in the end.`,
    environments: ['limit-order-book'],
    fits: (config) => isExecution(config) && ticks <= config.task.behind,
    create: () =>
      playing(`submit-and-leave-${ticks}`, ({ state }) =>
        tf.mul(
          tf.cast(tf.equal(state.step!, tf.scalar(0, 'int32')), 'float32'),
          executeChoices.join + ticks,
        ),
      ),
  }),
);
