import * as tf from '@tensorflow/tfjs';

import { InputError } from '../../../engine/input-error';
import type { Tensors } from '../../../engine/tensors';
import { draws } from '../../../envs/order-placement';
import { choicesOf, type OrderPlacementConfig } from '../../../envs/order-placement/config';
import { createMarket } from '../../../envs/order-placement/market';
import { isOneChoice } from '../../../envs/order-placement/references';
import type { PolicySolver } from '../policy';

/** The oracle of one-step episodes: what `chooseOrder` does, for every row's signal, spread and fill law. */
export const orderChoice: PolicySolver<OrderPlacementConfig> = {
  name: 'order-choice',
  description:
    'The order of greatest expected reward, where an episode is one choice for one unit.',
  environments: ['order-placement'],
  create(_kindId, config) {
    if (!isOneChoice(config)) {
      throw new InputError(
        'env: more than one choice; order-choice expects quantity: 1, steps: 1 and queue.length: 0',
      );
    }
    const valueOf = createValuation(config);
    return {
      name: 'order-choice',
      kind: 'classical',
      act: ({ parameters, state }) => tf.tidy(() => tf.argMax(valueOf(parameters, state), 1)),
    };
  },
};

/**
 * The expected reward of each choice, as `gain`: μ − s/2 for a market order,
 * p₀e^{−kj}(μ − a(1 − p₀) + s/2 + j·tick) for a limit order, less fees, and what follows if nothing is filled.
 * @returns a function to [B, levels + 2] in the order of the choices, quote currency
 */
export function createValuation(
  config: OrderPlacementConfig,
): (parameters: Tensors, state: Tensors) => tf.Tensor2D {
  const market = createMarket(config, draws);
  const choices = choicesOf(config);
  return (parameters, state) => {
    const { tick, arrivalPrice, adverseSelection, penalty, quadratic } = parameters;
    const { makerFee, takerFee } = parameters;
    const filledRows = (value: tf.Tensor) => tf.add(tf.zerosLike(state.remaining!), value);
    const less = (value: tf.Tensor, rate: tf.Tensor | undefined) =>
      rate ? tf.sub(value, tf.mul(rate, arrivalPrice!)) : value;

    const drift = market.drift(parameters, state);
    const halfSpread = tf.mul(market.spread(parameters, state), 0.5);
    const crossing = less(tf.sub(drift, halfSpread), takerFee);
    const atClose = penalty ? tf.sub(crossing, tf.add(penalty, quadratic!)) : tf.zerosLike(drift);
    const sellers = market.reach(parameters, state, tf.scalar(0));
    // The bid's expected fall where sellers come, below its mean.
    const adverse = tf.mul(adverseSelection!, tf.sub(1, sellers));

    const limit = (depth: number): tf.Tensor => {
      const filled = market.reach(parameters, state, tf.scalar(depth));
      const price = less(tf.add(halfSpread, tf.mul(tick!, depth)), makerFee);
      const onFill = tf.mul(filled, tf.add(tf.sub(drift, adverse), price));
      if (!penalty) return onFill;
      const onNone = tf.add(tf.mul(tf.sub(1, filled), atClose), tf.mul(filled, adverse));
      return tf.add(onFill, onNone);
    };
    const values = Array.from({ length: choices.count }, (_, choice) => {
      if (choice === choices.market) return crossing;
      return choice === choices.hold ? atClose : limit(choice - 1);
    });
    const allowed = values.map((value, choice) =>
      (choice === choices.market && !config.marketOrders) ||
      (choice === choices.hold && !config.waiting)
        ? tf.scalar(-Infinity)
        : value,
    );
    return tf.stack(allowed.map(filledRows), 1) as tf.Tensor2D;
  };
}
