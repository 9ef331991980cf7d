import * as tf from '@tensorflow/tfjs';

import type { Tensors } from '../../engine/tensors';
import { type Box, box, type Field } from '../space';
import { isLeft, leastOf, openPairs, type Places } from './arrangement';

export interface SequencingObserver {
  readonly space: Box;
  /** @returns [B, O] */
  observe(parameters: Tensors, state: Tensors): tf.Tensor2D;
}

const ofTrades = {
  excess:
    'what the rest of the order costs more than after the best of them if it comes next, and then always the nearest.',
  next: 'what it pays for the trade just done; 0 before the first.',
  leastAfter: 'the least that another trade left would pay right after it.',
  meanAfter: 'the mean of what the other trades left would pay right after it.',
  leastBefore: 'the least that it would pay right after another trade left.',
  meanBefore: 'the mean of what it would pay right after the other trades left.',
} as const;

/**
 * What the agent sees of the trades that are left: what each pays for the one just done, what they would
 * pay for each other, sums of that and the rollout; ranked by the rollout, so that the numbering of the
 * trades is of no account, in units of the episode's mean |d|, and zeros for what is done.
 */
export function createObserver(slots: number): SequencingObserver {
  const field = (name: string, description: string): Field => ({
    name,
    unit: 'mean |d| of the episode',
    low: -Infinity,
    high: Infinity,
    description,
  });
  const places = Array.from({ length: slots }, (_, place) => place);
  return {
    space: box([
      {
        name: 'left',
        unit: '1',
        low: 0,
        high: 1,
        description: 'Trades left over slots.',
      },
      {
        name: 'unit',
        unit: 'reward',
        low: 0,
        high: Infinity,
        description: 'The mean |d| of the episode, in which the costs below are measured.',
      },
      {
        name: 'restReward',
        unit: 'reward',
        low: -Infinity,
        high: Infinity,
        description: 'What rest below comes to in reward.',
      },
      field(
        'rest',
        'The least that the rest of the order costs if one of the trades comes next, and then always the nearest.',
      ),
      ...Object.entries(ofTrades).flatMap(([name, description]) =>
        places.map((place) =>
          field(`${name}[${place}]`, `Of the trades left, number ${place} by rank: ${description}`),
        ),
      ),
      ...places.flatMap((first) =>
        places.map((second) =>
          field(
            `cost[${first},${second}]`,
            `What trade number ${second} by rank would pay right after number ${first}; 0 for itself.`,
          ),
        ),
      ),
    ]),
    observe(parameters, state) {
      const { left, costs, next, rest, unit } = state as Places & { readonly unit: tf.Tensor1D };
      const open = isLeft(left, slots);
      const { matrix, pairs } = openPairs(costs, open);
      const others = tf.maximum(tf.sub(tf.reshape(left, [-1, 1]), 1), 1);
      const least = tf.slice(rest, [0, 0], [-1, 1]);
      const scale = tf.reshape(parameters.rewardScale!, [-1, 1]);
      const figures: Record<keyof typeof ofTrades, tf.Tensor> = {
        excess: tf.where(open, tf.sub(rest, least), tf.zerosLike(rest)),
        next,
        leastAfter: leastOf(matrix, pairs, 2),
        meanAfter: tf.div(tf.sum(matrix, 2), others),
        leastBefore: leastOf(matrix, pairs, 1),
        meanBefore: tf.div(tf.sum(matrix, 1), others),
      };
      const money = tf.concat([least, ...Object.values(figures), costs], 1);
      return tf.concat(
        [
          tf.reshape(tf.div(left, slots), [-1, 1]),
          tf.mul(tf.reshape(unit, [-1, 1]), scale),
          tf.neg(tf.mul(least, scale)),
          tf.div(money, tf.reshape(tf.maximum(unit, 1e-20), [-1, 1])),
        ],
        1,
      ) as tf.Tensor2D;
    },
  };
}
