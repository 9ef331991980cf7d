import * as tf from '@tensorflow/tfjs';

import { InputError } from '../engine/input-error';
import { normal } from '../engine/random';
import type { Tensors } from '../engine/tensors';
import type { EnvironmentDefinition } from './environment';
import { type ExecutionConfig, executionSchema } from './execution/config';
import { executionMetrics, measureExecution, volumeInPeriod } from './execution/metrics';
import { createObserver } from './execution/observation';
import { executionReferences } from './execution/references';
import type { EnvironmentKind } from './kind';
import { createCoefficient } from './processes/coefficients';
import { createImpact } from './processes/impact';
import { createLiquidity } from './processes/liquidity';
import { type Box, box } from './space';

/** The random numbers of a step (noise) and of a reset (the rest), by draw. */
export const draws = {
  noise: 0,
  volatility: 1,
  spread: 2,
  temporaryImpact: 3,
  permanentImpact: 4,
  transientImpact: 5,
  resilience: 6,
  capacity: 7,
} as const;

/** What every configuration's state holds; coefficients that vary and a displacement come on top. */
export type ExecutionState = Tensors & {
  /** [B] int32: periods done. */
  readonly step: tf.Tensor1D;
  /** [B] shares still to trade. */
  readonly remaining: tf.Tensor1D;
  /** [B] mid price less the arrival price, quote currency per share. */
  readonly priceMove: tf.Tensor1D;
  /** [B] implementation shortfall so far, the rest of the order marked at the mid price; quote currency. */
  readonly shortfall: tf.Tensor1D;
  /** [B] Σ market volume × priceMove over the periods done: the VWAP in the making. */
  readonly volumeMove: tf.Tensor1D;
};

/**
 * Sell (or buy) X shares in N periods of length τ, as in Almgren and Chriss (2000), section 1:
 * in period k the order trades n at S ∓ (ε + (η/τ)n + D + ½κn), then the mid price moves by
 * σ√τ ξ ∓ γn, and the displacement D becomes (D + κn)e^{−ρτ}.
 *
 * The reward is minus the increment of the implementation shortfall, the rest of the order marked
 * at the mid price: what the trade paid beyond the mid, less what the rest of the order gained by
 * the mid's move. Its sum over an episode is X·S₀ − Σ n·price, yet the value of a state does not
 * depend on how the price came there.
 */
export const kind: EnvironmentKind<typeof executionSchema> = {
  id: 'execution',
  title: 'Optimal execution',
  description:
    'Work a large order over a number of periods: fast costs impact, slow costs risk, and each period has its liquidity.',
  reward:
    'minus the increment of the implementation shortfall, minus the running risk λσ²τx² if asked for, times rewardScale; quote currency at rewardScale 1',
  schema: executionSchema,
  create: createExecution,
  references: executionReferences,
};

function createExecution(config: ExecutionConfig): EnvironmentDefinition<ExecutionState> {
  const { periods, quantity, marketVolume } = config;
  const periodLength = config.horizon / periods;
  const towards = config.side === 'sell' ? 1 : -1;
  const volatility = createCoefficient({
    name: 'volatility',
    value: config.volatility,
    periods,
    draw: draws.volatility,
  });
  if (typeof config.volatility !== 'number' && config.volatility.low === 0) {
    throw new InputError('env.volatility.low: 0; a volatility that varies must be positive');
  }
  if (Array.isArray(marketVolume) && marketVolume.length !== periods) {
    throw new InputError(
      `env.marketVolume: ${marketVolume.length} numbers for ${periods} periods; expected one a period`,
    );
  }
  const impact = createImpact(config, periods, periodLength, draws);
  const liquidity = createLiquidity({
    value: config.capacity,
    quantity,
    periods,
    draw: draws.capacity,
  });
  const observer = createObserver(config, { volatility, impact, capacity: liquidity.capacity });
  const coefficients = [volatility, ...impact.coefficients];
  const penaliseRisk = config.reward === 'shortfall-and-risk';

  return {
    id: kind.id,
    observationSpace: observer.space,
    actionSpace: actionSpace(config),
    horizon: periods,
    truncates: false,
    metrics: executionMetrics,
    parameters: () => ({
      quantity: tf.scalar(quantity),
      arrivalPrice: tf.scalar(config.arrivalPrice),
      riskAversion: tf.scalar(config.riskAversion),
      rewardScale: tf.scalar(config.rewardScale),
      marketVolume: Array.isArray(marketVolume)
        ? tf.tensor2d(marketVolume, [1, periods])
        : tf.scalar(marketVolume as number),
      ...Object.assign({}, ...coefficients.map((coefficient) => coefficient.parameters())),
      ...liquidity.parameters(),
    }),
    reset(parameters, key) {
      const rows = key.row.size;
      const zeros = (): tf.Tensor1D => tf.zeros([rows]);
      return {
        step: tf.zeros([rows], 'int32') as tf.Tensor1D,
        remaining: tf.add(zeros(), parameters.quantity!) as tf.Tensor1D,
        priceMove: zeros(),
        shortfall: zeros(),
        volumeMove: zeros(),
        ...impact.initial(key),
        ...Object.assign({}, ...coefficients.map(({ draw }) => draw(parameters, key))),
        ...liquidity.draw(parameters, key),
      };
    },
    transition(parameters, state, action, key) {
      const last = tf.equal(state.step, periods - 1) as tf.Tensor1D;
      const later = liquidity.advance(state);
      const wanted = tf.mul(fractionOf(config, state, action), state.remaining);
      const order = { wanted, remaining: state.remaining, last };
      const trade = liquidity.project(order, state, later);
      const remaining = tf.sub(state.remaining, trade) as tf.Tensor1D;

      const sigma = volatility.current(parameters, state);
      const noise = tf.mul(normal(key, draws.noise), tf.mul(sigma, Math.sqrt(periodLength)));
      const pressure = impact.permanentMove(parameters, state, trade);
      const move = towards === 1 ? tf.sub(noise, pressure) : tf.add(noise, pressure);

      const gained = tf.mul(remaining, towards === 1 ? move : tf.neg(move));
      const increment = tf.sub(impact.cost(parameters, state, trade), gained);
      const loss = penaliseRisk
        ? tf.add(increment, runningRisk(parameters.riskAversion!, sigma, periodLength, remaining))
        : increment;

      return {
        state: {
          ...state,
          step: tf.add(state.step, tf.scalar(1, 'int32')) as tf.Tensor1D,
          remaining,
          priceMove: tf.add(state.priceMove, move) as tf.Tensor1D,
          shortfall: tf.add(state.shortfall, increment) as tf.Tensor1D,
          volumeMove: tf.add(
            state.volumeMove,
            tf.mul(state.priceMove, volumeInPeriod(parameters, state.step, periods)),
          ) as tf.Tensor1D,
          ...impact.decay(parameters, state, trade),
          ...Object.assign({}, ...coefficients.map((coefficient) => coefficient.advance(state))),
          ...later,
        },
        reward: tf.mul(loss, tf.neg(parameters.rewardScale!)) as tf.Tensor1D,
        noise: tf.mul(
          tf.mul(remaining, noise),
          towards === 1 ? parameters.rewardScale! : tf.neg(parameters.rewardScale!),
        ) as tf.Tensor1D,
        terminated: last,
      };
    },
    observe: (parameters, state) => observer.observe(parameters, state),
    measure: (parameters, state) => measureExecution(parameters, state, config),
  };
}

/** λσ²τx²: what the shares held through a period add to λ times the variance of the shortfall. */
const runningRisk = (
  riskAversion: tf.Tensor,
  sigma: tf.Tensor,
  periodLength: number,
  held: tf.Tensor,
): tf.Tensor =>
  tf.mul(tf.square(held), tf.mul(tf.mul(riskAversion, periodLength), tf.square(sigma)));

/** @returns [B] the wanted fraction of the remaining shares, 0 … 1 */
function fractionOf(
  { action: meaning, periods }: ExecutionConfig,
  state: ExecutionState,
  action: tf.Tensor,
): tf.Tensor {
  const given = tf.reshape(action, [-1]);
  if (meaning === 'fraction') return tf.clipByValue(given, 0, 1);
  const left = tf.sub(periods, tf.cast(state.step, 'float32'));
  return tf.clipByValue(tf.div(given, left), 0, 1);
}

function actionSpace({ action, periods }: ExecutionConfig): Box {
  if (action === 'fraction') {
    return box([
      {
        name: 'fraction',
        unit: '1',
        low: 0,
        high: 1,
        centre: 0.5,
        scale: 0.25,
        description:
          'Fraction of the remaining shares to trade now; moved to the nearest feasible trade. The last period trades all that remains.',
      },
    ]);
  }
  return box([
    {
      name: 'pace',
      unit: 'remaining shares / periods left',
      low: 0,
      high: periods,
      centre: 1,
      scale: 0.5,
      description:
        'Trade as a multiple of an even pace; moved to the nearest feasible trade. The last period trades all that remains.',
    },
  ]);
}
