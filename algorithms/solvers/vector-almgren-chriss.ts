import * as tf from '@tensorflow/tfjs';

import { scan } from '../../engine/loops';
import type { BasketExecutionConfig } from '../../envs/basket-execution/config';
import { createMarket } from '../../envs/basket-execution/market';
import { solveMatrix, times } from '../../envs/basket-execution/matrices';
import { periodsLeft, sizeOf } from '../../envs/basket-execution/observation';
import type { ClassicalPolicy, PolicyInput, PolicySolver } from './policy';

/**
 * The trades that minimise E + λV of what is left of each episode's basket, spread cost aside.
 *
 * With l periods left the least cost is ½xᵀΓx + xᵀP_l x, where all is sold in the last period, P₁ = G,
 * G = H̃/τ = (H − ½τΓ)/τ, and before that z = x − n minimises (x − z)ᵀG(x − z) + zᵀ(λτC + P_{l−1})z:
 *
 *   z = S⁻¹Gx,  S = G + λτC + P_{l−1},  P_l = G − GS⁻¹G.
 *
 * All matrices are in units of equal impact and times τ, so of order 1.
 * @returns [B, m] actions
 */
function tradeBasket(
  { parameters, state }: PolicyInput,
  config: BasketExecutionConfig,
  market: ReturnType<typeof createMarket>,
): tf.Tensor {
  const { assets, periods } = config;
  const { rootImpact, netImpact, risk } = market.figures(parameters, state);
  const held = state.held as tf.Tensor2D;
  const left = periodsLeft(state, periods);
  const impact = tf.add(tf.zeros([held.shape[0], assets, assets]), netImpact) as tf.Tensor3D;

  /** S⁻¹G of a period, from P of the next. */
  const keep = (next: tf.Tensor3D): tf.Tensor3D =>
    solveMatrix(tf.add(tf.add(impact, risk), next), impact, assets);
  const { carry } = scan(
    ({ next }: { next: tf.Tensor3D }, index) => {
      // P_{l−1} is reached after l − 2 steps.
      const goesOn = tf.less(tf.add(tf.cast(index, 'float32'), 2), tf.expandDims(left, 2));
      const earlier = tf.sub(impact, tf.matMul(impact, keep(next)));
      return { carry: { next: tf.where(goesOn, earlier, next) as tf.Tensor3D }, output: {} };
    },
    { next: impact },
    Math.max(0, periods - 2),
  );
  const scaled = tf.mul(held, rootImpact) as tf.Tensor2D;
  const trade = tf.sub(scaled, times(keep(carry.next), scaled));
  const size = tf.maximum(sizeOf(held, rootImpact), 1e-20);
  const beyondEven = tf.div(tf.sub(trade, tf.div(scaled, left)), size);
  return tf.where(tf.greater(left, 1), beyondEven, tf.zerosLike(beyondEven));
}

export const vectorAlmgrenChriss: PolicySolver<BasketExecutionConfig> = {
  name: 'vector-almgren-chriss',
  description:
    'The schedule of each episode’s basket that minimises expected cost plus risk aversion times variance, spread cost aside: a Riccati recursion backwards over the periods.',
  environments: ['basket-execution'],
  create(_kindId, config): ClassicalPolicy {
    const market = createMarket(config);
    return {
      name: 'vector-almgren-chriss',
      kind: 'classical',
      act: (input) => tf.tidy(() => tradeBasket(input, config, market)),
    };
  },
};
