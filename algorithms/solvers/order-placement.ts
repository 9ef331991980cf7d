import * as tf from '@tensorflow/tfjs';

import { choicesOf, type OrderPlacementConfig } from '../../envs/order-placement/config';
import { pendingNames } from '../../envs/order-placement/observation';
import { chainEntry } from '../../envs/order-placement/process';
import type { Tensors } from '../../engine/tensors';
import { type OrderPlan, planOrders } from './order-placement/programme';
import type { ClassicalPolicy, PolicySolver } from './policy';

/** The exact optimum of the environment, by dynamic programming. */
export const orderPlacement: PolicySolver<OrderPlacementConfig> = {
  name: 'order-placement',
  description:
    'The orders of least expected shortfall, by dynamic programming over time, units left, queue and market.',
  environments: ['order-placement'],
  create: (_kindId, config) => planPolicy('order-placement', config, planOrders(config)),
};

/** A policy that looks its choices up. */
function planPolicy(name: string, config: OrderPlacementConfig, plan: OrderPlan): ClassicalPolicy {
  // Made once, on the device in use.
  let table: tf.Tensor1D | undefined;
  return {
    name,
    kind: 'classical',
    act: ({ state }) => {
      table ??= tf.keep(tf.tensor1d(plan.choices, 'int32'));
      return tf.tidy(() => {
        const chosen = tf.gather(table!, entryOf(config, plan, state) as tf.Tensor1D) as tf.Tensor;
        const hold = tf.scalar(choicesOf(config).hold, 'int32');
        return tf.where(tf.greater(state.remaining!, 0), chosen, hold);
      });
    },
    dispose() {
      table?.dispose();
      table = undefined;
    },
  };
}

/** [B] int32: where the choice of each row stands in the plan. */
function entryOf(
  config: OrderPlacementConfig,
  { market, layout }: OrderPlan,
  state: Tensors,
): tf.Tensor {
  const whole = (value: number) => tf.scalar(value, 'int32');
  const inOrder = (
    entry: tf.Tensor,
    [digit, base]: readonly [digit: tf.Tensor, base: number],
  ): tf.Tensor => tf.add(tf.mul(entry, whole(base)), digit);

  const remaining = tf.cast(state.remaining!, 'int32');
  const depth = tf.cast(state.depth!, 'int32');
  const ahead = tf.cast(state.ahead!, 'int32');
  const place = tf.add(tf.mul(depth, whole(market.longest + 1)), tf.add(ahead, whole(1)));
  const { count } = choicesOf(config);
  const digits: (readonly [tf.Tensor, number])[] = [
    ...pendingNames(config.latency).map((name) => [state[name]!, count] as const),
    [tf.maximum(tf.sub(remaining, whole(1)), whole(0)), config.quantity],
    [tf.where(tf.greaterEqual(depth, whole(0)), place, tf.zerosLike(place)), layout.orders],
    ...['signal', 'spread', 'imbalance'].flatMap((name, index) => {
      const chain = state[chainEntry(name)];
      return chain ? [[chain, market.chains[index]!.values.length] as const] : [];
    }),
  ];
  return digits.reduce<tf.Tensor>(inOrder, state.step!);
}
