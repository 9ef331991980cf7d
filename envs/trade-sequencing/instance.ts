import * as tf from '@tensorflow/tfjs';

import { InputError } from '../../engine/input-error';
import { type Key, uniform } from '../../engine/random';
import type { Tensors } from '../../engine/tensors';
import { createCoefficient } from '../processes/coefficients';
import { correlationMatrix, createCorrelations } from '../processes/correlations';
import { createList } from '../processes/lists';
import { createQuantities } from '../processes/quantities';
import { entriesWhere } from './arrangement';
import type { TradeSequencingConfig } from './config';

/** The random numbers of a reset, by draw. */
export const draws = {
  trades: 0,
  quantity: 1,
  side: 2,
  volatility: 3,
  dailyVolume: 4,
  correlation: 5,
  resilience: 6,
  duration: 7,
  spread: 8,
  crossImpact: 9,
} as const;

/** An episode's trades as far as their order matters, as they are numbered. */
export interface Instance {
  /** [B, n] bool: there is a trade; the slots from then on are empty. */
  readonly exists: tf.Tensor2D;
  /** d_ij at i·n + j, [B, n²] quote currency: what j pays for being done right after i; 0 where i = j or one is empty. */
  readonly costs: tf.Tensor2D;
  /** θ, [B, n] 1/time. */
  readonly resilience: tf.Tensor2D;
  /** [B, n] time. */
  readonly duration: tf.Tensor2D;
  /** Σ ½Λ_jj q_j² + ½ spread_j |q_j|, [B] quote currency, in every order the same. */
  readonly ownCost: tf.Tensor1D;
}

export interface Instances {
  parameters(): Tensors;
  draw(parameters: Tensors, key: Key): Instance;
}

/**
 * Trades and their cross impact, section 2b of the domain reference: the price of j moves by Λ_jk for a
 * share of k, Λ_jj = Yσ_j/ADV_j, else Λ_jk = βYρ_jk σ_j/ADV_k, so that j right after i pays
 * d_ij = q_i q_j Λ_ji e^{−θ_j τ_j}.
 * @throws InputError for lists of the wrong length and numbers out of range
 */
export function createInstances(config: TradeSequencingConfig): Instances {
  const { slots } = config;
  const [fewest, most] = rangeOf(config);
  const list = (
    name: 'volatility' | 'dailyVolume' | 'resilience' | 'duration' | 'spread',
    positive = false,
  ) =>
    createList({
      name,
      value: config[name],
      count: slots,
      draw: draws[name],
      item: 'slot',
      positive,
    });
  const volatility = list('volatility');
  const dailyVolume = list('dailyVolume', true);
  const resilience = list('resilience');
  const duration = list('duration');
  const spread = list('spread');
  const correlations = createCorrelations(config.correlation, slots, draws.correlation);
  const crossImpact = createCoefficient({
    name: 'crossImpact',
    value: config.crossImpact,
    periods: 1,
    draw: draws.crossImpact,
  });
  const quantities = createQuantities(config.quantity, slots, draws, 'slot');
  const parts = [volatility, dailyVolume, resilience, duration, spread, correlations, crossImpact];

  return {
    parameters: () => ({
      ...Object.assign({}, ...parts.map((part) => part.parameters())),
      ...quantities.parameters(),
      impact: tf.scalar(config.impact),
      fewestTrades: tf.scalar(fewest),
      mostTrades: tf.scalar(most),
    }),
    draw(parameters, key) {
      const drawn: Tensors = Object.assign({}, ...parts.map((part) => part.draw(parameters, key)));
      const rows = key.row.size;
      const exists = existing(parameters, key, slots);
      const quantity = tf.mul(quantities.draw(parameters, key), tf.cast(exists, 'float32'));
      const sigma = volatility.current(parameters, drawn);
      const participation = tf.div(quantity, dailyVolume.current(parameters, drawn));
      const exposure = tf.mul(quantity, sigma);
      const impact = column(parameters.impact!);
      const full = tf.zeros([rows, slots]);
      const theta = tf.add(full, resilience.current(parameters, drawn)) as tf.Tensor2D;
      const time = tf.add(full, duration.current(parameters, drawn)) as tf.Tensor2D;
      const decay = tf.exp(tf.neg(tf.mul(theta, time)));
      const reach = tf.mul(impact, column(crossImpact.current(parameters, drawn)));
      const correlation = correlationMatrix(correlations.root(parameters, drawn));
      const costs = tf.mul(
        tf.mul(
          tf.expandDims(tf.mul(participation, reach), 2),
          tf.mul(
            correlation,
            entriesWhere(slots, (i, j) => i !== j),
          ),
        ),
        tf.expandDims(tf.mul(exposure, decay), 1),
      );
      const own = tf.mul(
        0.5,
        tf.add(
          tf.mul(impact, tf.mul(participation, exposure)),
          tf.mul(spread.current(parameters, drawn), tf.abs(quantity)),
        ),
      );
      return {
        exists,
        costs: tf.reshape(costs, [rows, slots * slots]),
        resilience: theta,
        duration: time,
        ownCost: tf.sum(own, 1),
      };
    },
  };
}

/** [B, n] bool: the first slots, as many as the episode has trades. */
function existing(parameters: Tensors, key: Key, slots: number): tf.Tensor2D {
  const [low, high] = [parameters.fewestTrades!, parameters.mostTrades!];
  const span = tf.add(tf.sub(high, low), 1);
  const count = tf.minimum(tf.add(low, tf.floor(tf.mul(uniform(key, draws.trades), span))), high);
  return tf.less(tf.range(0, slots), column(count)) as tf.Tensor2D;
}

const column = (value: tf.Tensor): tf.Tensor => tf.reshape(value, [-1, 1]);

function rangeOf({ trades, slots }: TradeSequencingConfig): [number, number] {
  const [low, high] = typeof trades === 'number' ? [trades, trades] : [trades.low, trades.high];
  if (low > high) throw new InputError(`env.trades: low ${low}, high ${high}; expected low ≤ high`);
  if (high > slots) {
    throw new InputError(
      `env.trades: ${high}, but env.slots is ${slots}; expected no more than slots`,
    );
  }
  return [low, high];
}
