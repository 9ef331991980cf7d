import * as tf from '@tensorflow/tfjs';

import { InputError } from '../../engine/input-error';
import type { Tensors } from '../../engine/tensors';
import {
  type Coefficient,
  createCoefficient,
  isRandom,
  largest,
  type ProfileConfig,
  referencePerPeriod,
} from './coefficients';

/** How many shares each period can take. */
export interface Liquidity {
  /** Null: as many as one likes. */
  readonly capacity: Coefficient | null;
  parameters(): Tensors;
  /** What the state of B episodes keeps: [B, N] `capacity` in shares, the current period first. */
  draw: Coefficient['draw'];
  advance: Coefficient['advance'];
  /**
   * The feasible trade nearest to the wanted one: within this period's capacity, and large enough that
   * the periods after it can take the rest; the last period takes all that remains.
   * @param wanted [B] shares, 0 … remaining
   * @param remaining [B] shares
   * @param later the state after this period
   * @param last [B] bool: this is the last period
   */
  project(
    trade: { readonly wanted: tf.Tensor; readonly remaining: tf.Tensor; readonly last: tf.Tensor },
    state: Tensors,
    later: Tensors,
  ): tf.Tensor;
}

export interface LiquidityOptions {
  readonly value: ProfileConfig | null;
  readonly quantity: number;
  readonly periods: number;
  readonly draw: number;
}

/**
 * Capacities drawn at random that cannot hold the order are scaled up, all by one factor, until they do.
 * @throws InputError if the periods can never hold the order, stating the shortfall
 */
export function createLiquidity({ value, quantity, periods, draw }: LiquidityOptions): Liquidity {
  if (value === null) {
    return {
      capacity: null,
      parameters: () => ({}),
      draw: () => ({}),
      advance: () => ({}),
      project: ({ wanted, remaining, last }) => tf.where(last, remaining, wanted),
    };
  }
  const total = isRandom(value)
    ? periods * largest(value)
    : referencePerPeriod(value, periods).reduce((sum, shares) => sum + shares, 0);
  if (total < quantity) {
    throw new InputError(
      `env.capacity: the periods can take ${total} shares in all, ${quantity - total} fewer than the quantity ${quantity}`,
    );
  }
  const capacity = createCoefficient({ name: 'capacity', value, periods, draw, tabulate: true });
  return {
    capacity,
    parameters: () => capacity.parameters(),
    draw(parameters, key) {
      const drawn = capacity.draw(parameters, key).capacity!;
      if (!isRandom(value)) return { capacity: drawn };
      const order = tf.reshape(parameters.quantity!, [-1, 1]);
      return { capacity: tf.mul(drawn, tf.maximum(tf.div(order, tf.sum(drawn, 1, true)), 1)) };
    },
    advance: (state) => capacity.advance(state),
    project({ wanted, remaining }, state, later) {
      const least = tf.relu(tf.sub(remaining, tf.sum(later.capacity!, 1)));
      // Where rounding left the rest a hair above the capacity, the rest goes first.
      const most = tf.maximum(capacity.current({}, state), least);
      return tf.minimum(tf.maximum(wanted, least), most);
    },
  };
}
