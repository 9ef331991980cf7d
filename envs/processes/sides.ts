import * as tf from '@tensorflow/tfjs';

/**
 * Both sides of the market travel in one tensor [B, 2]: column 0 the bid, column 1 the ask.
 * What a fill on each side does to the inventory: a filled bid buys, a filled ask sells.
 * @returns [2] float32: (1, −1)
 */
export const inventoryDirections = (): tf.Tensor1D => tf.tensor1d([1, -1]);

/**
 * Lets a value per episode act on both sides.
 * @param value [] or [B]
 * @returns [] or [B, 1]
 */
export const perSide = (value: tf.Tensor): tf.Tensor =>
  value.rank === 0 ? value : tf.reshape(value, [-1, 1]);
