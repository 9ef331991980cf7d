import * as tf from '@tensorflow/tfjs';

import { branch, scan } from '../../engine/loops';
import { type Key, uniform, uniforms } from '../../engine/random';
import { type Tensors, whereTree } from '../../engine/tensors';
import type { PredationState } from './rules';

/** What is random in one period of random moves, each [B] uniform in [0, 1). */
export interface PeriodShares {
  readonly predator: tf.Tensor;
  readonly defender: tf.Tensor;
  readonly noise: tf.Tensor;
}

export interface RandomStart {
  readonly parameters: Tensors;
  readonly key: Key;
  readonly draws: {
    readonly randomStart: number;
    readonly periodsPlayed: number;
    readonly predatorMoves: number;
    readonly defenderMoves: number;
    readonly marketMoves: number;
  };
  readonly fresh: PredationState;
  /** T */
  readonly periods: number;
  /** One period of random moves. */
  play(state: PredationState, shares: PeriodShares): PredationState;
  /** The same state with a profit of zero. */
  openAccount(state: PredationState): PredationState;
}

/**
 * The share `randomStart` of the episodes begins after 0 … T − 1 periods of random moves, all equally
 * likely, so that a learner also meets what its own play avoids.
 */
export function startAnywhere(start: RandomStart): PredationState {
  const { parameters, key, draws, fresh, periods, play, openAccount } = start;
  if (periods === 1) return fresh;
  const walk = (): PredationState => {
    const chosen = tf.less(uniform(key, draws.randomStart), parameters.randomStart!);
    const played = tf.floor(tf.mul(uniform(key, draws.periodsPlayed), periods));
    const length = tf.mul(tf.cast(chosen, 'float32'), played);
    const tables = [draws.predatorMoves, draws.defenderMoves, draws.marketMoves].map((draw) =>
      uniforms(key, draw, periods - 1),
    );
    const { carry } = scan(
      (state, index) => {
        const now = tf.cast(tf.equal(tf.range(0, periods - 1, 1, 'int32'), index), 'float32');
        const [predator, defender, noise] = tables.map((table) => tf.sum(tf.mul(table, now), 1));
        const next = play(state, { predator: predator!, defender: defender!, noise: noise! });
        const active = tf.less(tf.cast(index, 'float32'), length) as tf.Tensor1D;
        return { carry: whereTree(active, next, state), output: {} };
      },
      fresh,
      periods - 1,
    );
    return openAccount(carry);
  };
  return branch(tf.any(tf.greater(parameters.randomStart!, 0)), walk, () => fresh);
}
