import * as tf from '@tensorflow/tfjs';

import type { Tensors } from '../../engine/tensors';
import type { MetricField } from '../environment';
import type { ExecutionConfig } from './config';

export const executionMetrics: Readonly<Record<string, MetricField>> = {
  shortfall: {
    unit: 'quote currency',
    worst: 'high',
    description:
      'Implementation shortfall (Perold 1988): X·S₀ less the proceeds of a sale, or the cost of a purchase less X·S₀. The aggregate `utility` is mean(shortfall) + riskAversion·variance(shortfall).',
  },
  shortfallBps: {
    unit: 'basis points',
    worst: 'high',
    description: 'Shortfall over the arrival notional X·S₀.',
  },
  slippageVwapBps: {
    unit: 'basis points',
    worst: 'high',
    description:
      'How much worse the average price of the order was than the VWAP of the mid price by market volume, over that VWAP.',
  },
  completion: { unit: '1', description: 'Fraction of the order that was traded.' },
  participation: {
    unit: '1',
    description: 'Shares traded over the market volume of the episode.',
  },
};

/**
 * What others trade in each row's current period.
 * @param step [B] int32
 * @returns [] or [B] shares
 */
export function volumeInPeriod(parameters: Tensors, step: tf.Tensor1D, periods: number): tf.Tensor {
  const volume = parameters.marketVolume!;
  if (volume.rank < 2) return volume;
  const now = tf.equal(tf.expandDims(step, 1), tf.range(0, periods, 1, 'int32'));
  return tf.sum(tf.mul(volume, tf.cast(now, 'float32')), 1);
}

/** The metrics of orders that are done, each [B]. */
export function measureExecution(
  parameters: Tensors,
  state: Tensors,
  { side, periods }: ExecutionConfig,
): Tensors {
  const { quantity, arrivalPrice, marketVolume } = parameters as Record<string, tf.Tensor>;
  const { remaining, shortfall, volumeMove } = state as Record<string, tf.Tensor>;
  const market = marketVolume!.rank < 2 ? tf.mul(marketVolume!, periods) : tf.sum(marketVolume!, 1);
  const traded = tf.sub(quantity!, remaining!);
  const vwapMove = tf.div(volumeMove!, market);
  const inFavour = side === 'sell' ? vwapMove : tf.neg(vwapMove);
  const worse = tf.add(inFavour, tf.div(shortfall!, quantity!));
  return {
    shortfall: shortfall!,
    shortfallBps: tf.mul(tf.div(shortfall!, tf.mul(quantity!, arrivalPrice!)), 1e4),
    slippageVwapBps: tf.mul(tf.div(worse, tf.add(arrivalPrice!, vwapMove)), 1e4),
    completion: tf.div(traded, quantity!),
    participation: tf.div(traded, market),
  };
}
