import * as tf from '@tensorflow/tfjs';

import { scan } from '../../engine/loops';
import { entriesWhere, far, type Places } from './arrangement';

/**
 * What the rest of the order costs if a trade comes next and then always the one that pays least for the
 * one before: for every trade left, next one included. The rollout of a greedy heuristic, as in Bertsekas,
 * Tsitsiklis and Wu (1997), Rollout algorithms for combinatorial optimization, Journal of Heuristics 3.
 * @param isLeft [B, n] bool, wherever the trades stand
 * @returns [B, n] quote currency; 0 where no trade is left
 */
export function rollOut(
  { costs, next }: Pick<Places, 'costs' | 'next'>,
  isLeft: tf.Tensor2D,
): tf.Tensor2D {
  const [rows, slots] = isLeft.shape;
  const matrix = tf.reshape(costs, [rows, slots, slots]);
  const lines = tf.unstack(matrix, 1).map((line) => tf.expandDims(line, 1));
  const others = tf.logicalAnd(
    tf.expandDims(isLeft, 1),
    tf.cast(
      entriesWhere(slots, (first, other) => first !== other),
      'bool',
    ),
  );
  const { carry } = scan(
    ({ total, ways, open }: { total: tf.Tensor; ways: tf.Tensor; open: tf.Tensor }) => {
      const reach = tf.where(open, ways, tf.fill([rows, slots, slots], far));
      const least = tf.min(reach, 2);
      const follower = tf.argMin(reach, 2);
      const chosen = tf.oneHot(follower as tf.Tensor2D, slots);
      // The costs from the follower on, for each first trade.
      const share = tf.unstack(tf.cast(chosen, 'float32'), 2);
      const onwards = lines
        .map((line, k) => tf.mul(tf.expandDims(share[k]!, 2), line))
        .reduce((sum, part) => tf.add(sum, part));
      return {
        carry: {
          total: tf.add(total, tf.where(tf.less(least, far), least, tf.zerosLike(least))),
          ways: onwards,
          open: tf.logicalAnd(open, tf.logicalNot(tf.cast(chosen, 'bool'))),
        },
        output: {},
      };
    },
    { total: next as tf.Tensor, ways: matrix, open: others as tf.Tensor },
    slots - 1,
  );
  return tf.where(isLeft, carry.total, tf.zerosLike(carry.total)) as tf.Tensor2D;
}
