import * as tf from '@tensorflow/tfjs';

import type { Tensors } from '../../engine/tensors';
import type { MetricField } from '../environment';
import { feeOn } from './prices';

/** Sums that an episode's metrics are made of, each [B]. */
export type Ledger = {
  /** What the purchases cost beyond the arrival price, fees and penalties included; quote currency. */
  readonly cost: tf.Tensor1D;
  /** Mid price less the arrival price, quote currency. */
  readonly move: tf.Tensor1D;
  readonly limitFills: tf.Tensor1D;
  readonly marketOrders: tf.Tensor1D;
  /** Units bought after the last step. */
  readonly closed: tf.Tensor1D;
  /** Sum over limit fills of the mid's move in their step. */
  readonly markout: tf.Tensor1D;
  readonly cancels: tf.Tensor1D;
};

export const openLedger = (rows: number): Ledger => {
  const zeros = (): tf.Tensor1D => tf.zeros([rows]);
  return {
    cost: zeros(),
    move: zeros(),
    limitFills: zeros(),
    marketOrders: zeros(),
    closed: zeros(),
    markout: zeros(),
    cancels: zeros(),
  };
};

/** What happened in a step, each [B]. */
export interface Events {
  /** What the purchases gained against the mid before its move: half spreads and ticks less fees and penalties. */
  readonly edge: tf.Tensor;
  readonly bought: tf.Tensor;
  readonly limitFills: tf.Tensor;
  readonly marketOrders: tf.Tensor;
  readonly closed: tf.Tensor;
  readonly cancelled: tf.Tensor;
  /** Of the mid. */
  readonly change: tf.Tensor;
}

export function enter(ledger: Ledger, events: Events): Ledger {
  const { edge, bought, limitFills, change } = events;
  return {
    cost: tf.add(ledger.cost, tf.sub(tf.mul(bought, ledger.move), edge)),
    move: tf.add(ledger.move, change),
    limitFills: tf.add(ledger.limitFills, limitFills),
    marketOrders: tf.add(ledger.marketOrders, events.marketOrders),
    closed: tf.add(ledger.closed, events.closed),
    markout: tf.add(ledger.markout, tf.mul(limitFills, change)),
    cancels: tf.add(ledger.cancels, events.cancelled),
  };
}

const units = (description: string): MetricField => ({ unit: 'units', description });

export const orderPlacementMetrics: Readonly<Record<string, MetricField>> = {
  shortfall: {
    unit: 'quote currency',
    worst: 'high',
    description:
      'What the purchases cost beyond the arrival price, fees and penalties included, and what is left, if anything, at the last mid price.',
  },
  gain: {
    unit: 'quote currency',
    description: 'What was bought, at the last mid price, less what it cost.',
  },
  limitFills: units('Units bought by limit orders.'),
  marketOrders: units('Units bought by market orders before the close.'),
  unfinished: { ...units('Units left after the last step.'), worst: 'high' },
  markout: {
    unit: 'quote currency',
    description:
      'Mean over the limit fills of the move of the mid price in the step of the fill, after it; negative: adverse selection. 0 without fills.',
  },
  cancels: {
    unit: 'orders',
    description: 'Resting orders that were given up, their place with them.',
  },
  fees: {
    unit: 'quote currency',
    worst: 'high',
    description: 'Fees paid, rebates negative; contained in the figures above.',
  },
};

/** The metrics of an episode that ends in this state, each [B]. */
export function measureLedger(
  quantity: number,
  parameters: Tensors,
  state: Tensors & Ledger & { readonly remaining: tf.Tensor1D },
): Tensors {
  const { remaining, cost, move, limitFills, marketOrders, closed, markout, cancels } = state;
  return {
    shortfall: tf.add(cost, tf.mul(remaining, move)),
    gain: tf.sub(tf.mul(tf.sub(quantity, remaining), move), cost),
    limitFills,
    marketOrders,
    unfinished: tf.add(remaining, closed),
    markout: tf.divNoNan(markout, limitFills),
    cancels,
    fees: tf.add(
      feeOn(parameters.makerFee, parameters, limitFills),
      feeOn(parameters.takerFee, parameters, tf.add(marketOrders, closed)),
    ),
  };
}
