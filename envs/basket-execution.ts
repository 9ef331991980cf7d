import * as tf from '@tensorflow/tfjs';

import type { Tensors } from '../engine/tensors';
import { type BasketExecutionConfig, basketExecutionSchema } from './basket-execution/config';
import { createMarket } from './basket-execution/market';
import { times } from './basket-execution/matrices';
import { basketMetrics } from './basket-execution/metrics';
import { createObserver, periodsLeft, sizeOf } from './basket-execution/observation';
import type { EnvironmentDefinition } from './environment';
import type { EnvironmentKind } from './kind';
import { type Box, box } from './space';

export { draws } from './basket-execution/market';

/** What every configuration's state holds; the market's coefficients that vary come on top. */
export type BasketExecutionState = Tensors & {
  /** [B] int32: periods done. */
  readonly step: tf.Tensor1D;
  /** [B, m] what was to be sold of each asset, shares; negative for a purchase. */
  readonly quantity: tf.Tensor2D;
  /** [B, m] what is still to be sold. */
  readonly held: tf.Tensor2D;
  /** [B] Σ over trades and assets of √η|n|. */
  readonly volume: tf.Tensor1D;
  /** [B] so far, quote currency; the shortfall with the rest marked at the mid prices. */
  readonly shortfall: tf.Tensor1D;
  readonly expectedCost: tf.Tensor1D;
  readonly riskCost: tf.Tensor1D;
};

/**
 * Trade a basket of m assets in N periods of length τ: Almgren and Chriss (2000), Optimal execution of
 * portfolio transactions, Journal of Risk 3, appendix A. In each period the trades n are executed at
 * Hn/τ + ε sgn n below the mid prices, which then move by σ√τ Rξ − Γn, ρ = RRᵀ.
 *
 * The reward is minus the increment of the implementation shortfall, what is left marked at the mid
 * prices, and minus λτ xᵀCx of what is left: a schedule returns −(E + λV) on average.
 */
export const kind: EnvironmentKind<typeof basketExecutionSchema> = {
  id: 'basket-execution',
  title: 'Execution of a basket',
  description:
    'Work orders in several correlated assets at once: fast costs impact, which the assets have on each other, slow costs risk, which one position hedges of another.',
  reward:
    'minus the increment of the implementation shortfall, minus the running risk λτ xᵀCx, times rewardScale; quote currency at rewardScale 1',
  schema: basketExecutionSchema,
  create: createBasketExecution,
  references: ({ spread }) =>
    spread > 0 ? null : { naive: 'twap', optimum: 'vector-almgren-chriss' },
};

/** How far a trade can be from an even pace, in units of the basket's mean holding. */
const most = 4;

function createBasketExecution(
  config: BasketExecutionConfig,
): EnvironmentDefinition<BasketExecutionState> {
  const { periods } = config;
  const tau = config.horizon / periods;
  const market = createMarket(config);
  const observer = createObserver(config, market);

  return {
    id: kind.id,
    observationSpace: observer.space,
    actionSpace: actionSpace(config),
    horizon: periods,
    truncates: false,
    metrics: basketMetrics,
    parameters: () => ({
      ...market.parameters(),
      spread: tf.scalar(config.spread),
      rewardScale: tf.scalar(config.rewardScale),
    }),
    reset(parameters, key) {
      const rows = key.row.size;
      const zeros = (): tf.Tensor1D => tf.zeros([rows]);
      const drawn = market.draw(parameters, key);
      return {
        ...drawn,
        step: tf.zeros([rows], 'int32') as tf.Tensor1D,
        held: tf.clone(drawn.quantity),
        volume: zeros(),
        shortfall: zeros(),
        expectedCost: zeros(),
        riskCost: zeros(),
      };
    },
    transition(parameters, state, action, key) {
      const { rootImpact, impactMatrix, permanentShare, risk } = market.figures(parameters, state);
      const last = tf.equal(state.step, periods - 1) as tf.Tensor1D;
      const scaled = tf.mul(state.held, rootImpact) as tf.Tensor2D;
      const beyond = tf.mul(tf.clipByValue(action, -most, most), sizeOf(state.held, rootImpact));
      // In units of equal impact: √η times shares.
      const trade = tf.where(
        tf.expandDims(last, 1),
        scaled,
        tf.add(tf.div(scaled, periodsLeft(state, periods)), beyond),
      ) as tf.Tensor2D;
      const rest = tf.sub(scaled, trade) as tf.Tensor2D;
      const held = tf.div(rest, rootImpact) as tf.Tensor2D;
      const volume = tf.sum(tf.abs(trade), 1) as tf.Tensor1D;

      const pressure = times(impactMatrix, trade);
      const impact = tf.div(
        tf.add(dot(trade, pressure), tf.mul(column(permanentShare), dot(rest, pressure))),
        tau,
      );
      const shares = tf.sum(tf.abs(tf.div(trade, rootImpact)), 1);
      const cost = tf.add(impact, tf.mul(shares, parameters.spread!));
      const riskCost = tf.div(dot(rest, times(risk, rest)), tau);
      const chance = dot(held, market.noise(parameters, state, key));

      return {
        state: {
          ...state,
          step: tf.add(state.step, tf.scalar(1, 'int32')) as tf.Tensor1D,
          held,
          volume: tf.add(state.volume, volume),
          shortfall: tf.add(state.shortfall, tf.sub(cost, chance)),
          expectedCost: tf.add(state.expectedCost, cost),
          riskCost: tf.add(state.riskCost, riskCost),
        },
        reward: tf.mul(
          tf.sub(chance, tf.add(cost, riskCost)),
          parameters.rewardScale!,
        ) as tf.Tensor1D,
        noise: tf.mul(chance, parameters.rewardScale!) as tf.Tensor1D,
        terminated: last,
      };
    },
    observe: observer.observe,
    measure(parameters, state) {
      const { rootImpact } = market.figures(parameters, state);
      const size = tf.sum(tf.abs(tf.mul(state.quantity, rootImpact)), 1);
      return {
        shortfall: state.shortfall,
        expectedCost: state.expectedCost,
        riskCost: state.riskCost,
        turnover: tf.div(state.volume, tf.maximum(size, 1e-20)),
      };
    },
  };
}

/** [B, m] by [B, m]: [B] */
const dot = (left: tf.Tensor2D, right: tf.Tensor2D): tf.Tensor1D => tf.sum(tf.mul(left, right), 1);

const column = (value: tf.Tensor2D): tf.Tensor1D => tf.reshape(value, [-1]);

const actionSpace = ({ assets }: BasketExecutionConfig): Box =>
  box(
    Array.from({ length: assets }, (_, i) => ({
      name: `trade[${i}]`,
      unit: 'the basket’s mean holding',
      low: -most,
      high: most,
      centre: 0,
      scale: 0.25,
      description: `Trade of asset ${i} beyond an even pace over the periods left, in units of the basket’s mean holding √(mean ηx²/η); negative: that much less is sold, or more bought. The last period trades all that remains.`,
    })),
  );
