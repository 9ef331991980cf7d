import * as tf from '@tensorflow/tfjs';

import type { Tensors } from '../engine/tensors';
import type { EnvironmentDefinition, MetricField } from './environment';
import type { EnvironmentKind } from './kind';
import type { Discrete } from './space';
import { arrange, isLeft, type Places } from './trade-sequencing/arrangement';
import { type TradeSequencingConfig, tradeSequencingSchema } from './trade-sequencing/config';
import { createInstances } from './trade-sequencing/instance';
import { rollOut } from './trade-sequencing/lookahead';
import { createObserver } from './trade-sequencing/observation';

export { draws } from './trade-sequencing/instance';

/** The trades left, ranked by their rollouts, and what the order has cost so far. */
export type TradeSequencingState = Tensors &
  Places & {
    /** [B] the episode's mean |d_ij| over i ≠ j, quote currency. */
    readonly unit: tf.Tensor1D;
    /** [B] in every order the same, quote currency. */
    readonly ownCost: tf.Tensor1D;
    /** [B] Σ d over the trades done, quote currency. */
    readonly crossCost: tf.Tensor1D;
    /** [B] the same with impact that decays over all trades since. */
    readonly longCrossCost: tf.Tensor1D;
  };

const metrics: Readonly<Record<string, MetricField>> = {
  orderCost: {
    unit: 'quote currency',
    worst: 'high',
    description:
      'What the order of the trades costs: the sum of what each pays for the impact of the one just before.',
  },
  oneStepCost: {
    unit: 'quote currency',
    worst: 'high',
    description: 'The same and the own cost of the trades, which no order changes.',
  },
  fullCost: {
    unit: 'quote currency',
    worst: 'high',
    description:
      'Own cost, and what each trade pays for the impact of all before it, decayed over the time since: the truth of which one step is an approximation.',
  },
};

/**
 * Do n trades one after the other, in the order that costs least: an asymmetric travelling salesperson on an
 * open path, whose distance from i to j is the cross impact that j pays for being done right after i.
 * Correlated trades on one side of the market cost each other, hedging ones gain.
 */
export const kind: EnvironmentKind<typeof tradeSequencingSchema> = {
  id: 'trade-sequencing',
  title: 'Sequencing of trades',
  description:
    'Choose the order in which to do trades of correlated assets, each of which pays for the impact that the one before had on it.',
  reward:
    'minus the cross impact that the trade pays for the one just before, times rewardScale; quote currency at rewardScale 1',
  schema: tradeSequencingSchema,
  create: createTradeSequencing,
  references: () => ({ naive: 'random', optimum: 'tour' }),
};

function createTradeSequencing(
  config: TradeSequencingConfig,
): EnvironmentDefinition<TradeSequencingState> {
  const { slots } = config;
  const instances = createInstances(config);
  const observer = createObserver(slots);

  return {
    id: kind.id,
    observationSpace: observer.space,
    actionSpace: actionSpace(slots),
    horizon: slots,
    truncates: false,
    metrics,
    parameters: () => ({
      ...instances.parameters(),
      rewardScale: tf.scalar(config.rewardScale),
    }),
    reset(parameters, key) {
      const rows = key.row.size;
      const { exists, costs, ownCost, ...times } = instances.draw(parameters, key);
      const none = (): tf.Tensor2D => tf.zeros([rows, slots]);
      const next = none();
      const rest = rollOut({ costs, next }, exists);
      const trade = tf.add(none(), tf.range(1, slots + 1)) as tf.Tensor2D;
      const places = arrange({ trade, costs, next, rest, pressure: none(), ...times }, exists);
      const ordered = tf.maximum(tf.mul(places.left, tf.sub(places.left, 1)), 1);
      return {
        ...places,
        unit: tf.div(tf.sum(tf.abs(costs), 1), ordered) as tf.Tensor1D,
        ownCost,
        crossCost: tf.zeros([rows]) as tf.Tensor1D,
        longCrossCost: tf.zeros([rows]) as tf.Tensor1D,
      };
    },
    transition(parameters, state, action) {
      const { left, costs, next, pressure, resilience, duration } = state;
      const place = tf.minimum(tf.cast(action, 'float32'), tf.sub(left, 1));
      const chosen = tf.equal(tf.range(0, slots), tf.reshape(place, [-1, 1]));
      const here = tf.cast(chosen, 'float32') as tf.Tensor2D;
      const cost = tf.sum(tf.mul(next, here), 1) as tf.Tensor1D;
      const longCost = tf.sum(tf.mul(pressure, here), 1);

      const matrix = tf.reshape(costs, [-1, slots, slots]);
      const after = tf.sum(tf.mul(matrix, tf.expandDims(here, 2)), 1) as tf.Tensor2D;
      const passed = tf.sum(tf.mul(duration, here), 1, true);
      const faded = tf.mul(pressure, tf.exp(tf.neg(tf.mul(resilience, passed))));
      const remains = tf.logicalAnd(isLeft(left, slots), tf.logicalNot(chosen)) as tf.Tensor2D;
      const places = arrange(
        {
          trade: state.trade,
          costs,
          next: after,
          rest: rollOut({ costs, next: after }, remains),
          pressure: tf.add(faded, after),
          resilience,
          duration,
        },
        remains,
      );
      return {
        state: {
          ...state,
          ...places,
          crossCost: tf.add(state.crossCost, cost),
          longCrossCost: tf.add(state.longCrossCost, longCost) as tf.Tensor1D,
        },
        reward: tf.mul(cost, tf.neg(parameters.rewardScale!)) as tf.Tensor1D,
        terminated: tf.less(left, 1.5) as tf.Tensor1D,
      };
    },
    observe: observer.observe,
    actionMask: (_, { left }) => isLeft(left, slots),
    measure: (_, { crossCost, longCrossCost, ownCost }) => ({
      orderCost: crossCost,
      oneStepCost: tf.add(ownCost, crossCost),
      fullCost: tf.add(ownCost, longCrossCost),
    }),
  };
}

const actionSpace = (slots: number): Discrete => ({
  kind: 'discrete',
  name: 'next trade',
  description:
    'Which of the trades left to do next, ranked by what the rest of the order costs if it comes next and then always the nearest.',
  labels: Array.from({ length: slots }, (_, place) =>
    place === 0 ? 'the cheapest by that rule' : `rank ${place + 1}`,
  ),
});
