import * as tf from '@tensorflow/tfjs';

import type { Tensors } from '../../engine/tensors';
import { feeParameters } from '../processes/fees';
import type { OrderPlacementConfig } from './config';

/** Units bought in a step, each [B]. */
export interface Purchases {
  readonly byMarketOrder: tf.Tensor;
  readonly byLimitOrder: tf.Tensor;
  /** After the last step. */
  readonly atClose: tf.Tensor;
}

export const priceParameters = ({
  fees,
  unfinished,
  arrivalPrice,
}: OrderPlacementConfig): Tensors => ({
  ...feeParameters(fees),
  arrivalPrice: tf.scalar(arrivalPrice),
  ...(unfinished.kind === 'cross'
    ? { penalty: tf.scalar(unfinished.penalty), quadratic: tf.scalar(unfinished.quadratic) }
    : {}),
});

/** What a fee of that rate takes on so many units, at the arrival price; rate absent: nothing. */
export const feeOn = (
  rate: tf.Tensor | undefined,
  { arrivalPrice }: Tensors,
  units: tf.Tensor,
): tf.Tensor => (rate ? tf.mul(tf.mul(rate, arrivalPrice!), units) : tf.zerosLike(units));

/**
 * What purchases gain against the mid: a limit order half the spread and its depth, less the maker fee; a
 * market order minus half the spread, less the taker fee; and after the last step penalties come on top.
 * @param spread [] or [B] quote currency
 * @param depth [B] of the limit order, ticks below the best bid
 * @returns [B] quote currency
 */
export function edgeOf(
  parameters: Tensors,
  { byMarketOrder, byLimitOrder, atClose }: Purchases,
  spread: tf.Tensor,
  depth: tf.Tensor,
): tf.Tensor {
  const { tick, penalty, quadratic, makerFee, takerFee } = parameters;
  const halfSpread = tf.mul(spread, 0.5);
  const crossing = tf.add(byMarketOrder, atClose);
  const earned = tf.sub(
    tf.mul(byLimitOrder, tf.add(halfSpread, tf.mul(depth, tick!))),
    tf.mul(crossing, halfSpread),
  );
  const fees = tf.add(
    feeOn(makerFee, parameters, byLimitOrder),
    feeOn(takerFee, parameters, crossing),
  );
  const net = tf.sub(earned, fees);
  if (!penalty) return net;
  return tf.sub(net, tf.mul(atClose, tf.add(penalty, tf.mul(quadratic!, atClose))));
}
