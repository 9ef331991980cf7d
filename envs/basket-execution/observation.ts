import * as tf from '@tensorflow/tfjs';

import type { Tensors } from '../../engine/tensors';
import { type Box, box, type Field } from '../space';
import type { BasketExecutionConfig } from './config';
import type { BasketFigures, BasketMarket } from './market';
import { solveMatrix, times } from './matrices';

export interface BasketObserver {
  readonly space: Box;
  /** @returns [B, O] */
  observe(parameters: Tensors, state: Tensors): tf.Tensor2D;
}

/** What a row's features are made of. */
interface View extends BasketFigures {
  readonly parameters: Tensors;
  /** Periods left, [B, 1] float32. */
  readonly left: tf.Tensor2D;
  /** [B, 1], see {@link sizeOf}. */
  readonly size: tf.Tensor2D;
  /** What is left, in units of equal impact, over the size; [B, m]. */
  readonly relative: tf.Tensor2D;
}

interface Part {
  readonly fields: readonly Field[];
  /** [B, fields.length], or a batch of one where all rows are alike */
  values(view: View): tf.Tensor;
}

/** The spread cost beside the impact of an even trade is observed up to this. */
const mostSpread = 10;

/** Keeps nothing held from being divided by nothing. */
const tiny = 1e-20;

/**
 * The mean size of the assets' holdings in units of equal impact, √(Ση_i x_i²/m), [B, 1]. The best trades
 * are in proportion to it, so all else is observed relative to it.
 */
export const sizeOf = (held: tf.Tensor2D, rootImpact: tf.Tensor2D): tf.Tensor2D =>
  tf.sqrt(tf.mean(tf.square(tf.mul(held, rootImpact)), 1, true));

/** Periods left, [B, 1] float32. */
export const periodsLeft = (state: Tensors, periods: number): tf.Tensor2D =>
  tf.reshape(tf.sub(periods, tf.cast(state.step!, 'float32')), [-1, 1]);

/** What the agent sees, everything of order 1. */
export function createObserver(
  config: BasketExecutionConfig,
  market: BasketMarket,
): BasketObserver {
  const parts = [
    ...clock(config.periods),
    basketSize(config),
    ...holdings(config.assets),
    ...coefficients(config.assets, market),
    ...(config.spread > 0 ? [spreadCost(config)] : []),
  ];
  return {
    space: box(parts.flatMap(({ fields }) => fields)),
    observe(parameters, state) {
      const figures = market.figures(parameters, state);
      const held = state.held as tf.Tensor2D;
      const size = sizeOf(held, figures.rootImpact);
      const view: View = {
        ...figures,
        parameters,
        left: periodsLeft(state, config.periods),
        size,
        relative: tf.div(tf.mul(held, figures.rootImpact), tf.maximum(size, tiny)),
      };
      const rows = held.shape[0];
      return tf.concat(
        parts.map(({ fields, values }) => tf.add(tf.zeros([rows, fields.length]), values(view))),
        1,
      ) as tf.Tensor2D;
    },
  };
}

const field = (name: string, low: number, high: number, description: string): Field => ({
  name,
  unit: '1',
  low,
  high,
  description,
});

const each = (assets: number, name: string, low: number, description: string): Field[] =>
  Array.from({ length: assets }, (_, i) =>
    field(`${name}[${i}]`, low, Infinity, `Asset ${i}: ${description}`),
  );

const clock = (periods: number): Part[] => [
  {
    fields: [field('timeLeft', 0, 1, 'Periods left over all periods.')],
    values: ({ left }) => tf.div(left, periods),
  },
  {
    fields: [field('pace', 0, 1, '1 / periods left; 0 at the end.')],
    values: ({ left }) => tf.div(tf.minimum(left, 1), tf.maximum(left, 1)),
  },
];

const basketSize = ({ horizon, periods }: BasketExecutionConfig): Part => ({
  fields: [
    field(
      'size',
      0,
      Infinity,
      'Square root of what the own impact of trading a mean holding at once costs, in units of reward.',
    ),
  ],
  values: ({ parameters, size }) =>
    tf.mul(size, tf.sqrt(tf.mul(tf.reshape(parameters.rewardScale!, [-1, 1]), periods / horizon))),
});

const holdings = (assets: number): Part[] => [
  {
    fields: each(
      assets,
      'held',
      -Infinity,
      'what is left, in units of equal impact, over the basket’s mean size in them.',
    ),
    values: ({ relative }) => relative,
  },
  {
    fields: each(
      assets,
      'risk',
      -Infinity,
      'half the change of the risk λ·variance of a period per unit held, in the same units.',
    ),
    values: ({ risk, relative }) => times(risk, relative),
  },
  {
    fields: each(
      assets,
      'myopic',
      -Infinity,
      'the trade that is best if what it leaves costs risk for a period and then nothing, in the same units.',
    ),
    values: ({ relative, netImpact, risk }) => {
      const pull = tf.expandDims(times(risk, relative), 2);
      return tf.squeeze(solveMatrix(tf.add(netImpact, risk), pull, assets), [2]);
    },
  },
  {
    fields: each(assets, 'urgency', 0, 'risk beside impact, √λ·τσ/√η.'),
    values: ({ urgency }) => urgency,
  },
];

function coefficients(assets: number, { varies }: BasketMarket): Part[] {
  const pairs = Array.from({ length: assets }, (_, i) => i).flatMap((i) =>
    Array.from({ length: assets - 1 - i }, (_, k) => [i, i + 1 + k] as const),
  );
  const places = pairs.map(([i, j]) => i * assets + j);
  const parts: Part[] = [];
  if (varies.correlation && assets > 1) {
    parts.push({
      fields: pairs.map(([i, j]) =>
        field(`correlation[${i},${j}]`, -1, 1, `Correlation of assets ${i} and ${j}.`),
      ),
      values: ({ correlation }) =>
        tf.gather(tf.reshape(correlation, [-1, assets * assets]), tf.tensor1d(places, 'int32'), 1),
    });
  }
  if (varies.crossImpact && assets > 1) {
    parts.push({
      fields: [field('crossImpact', 0, 1, 'β of the episode.')],
      values: ({ crossImpact }) => crossImpact,
    });
  }
  if (varies.permanentImpact) {
    parts.push({
      fields: [field('permanentImpact', 0, 2, 'g of the episode.')],
      values: ({ permanentShare }) => permanentShare,
    });
  }
  return parts;
}

const spreadCost = ({ assets, periods, horizon }: BasketExecutionConfig): Part => ({
  fields: each(
    assets,
    'spread',
    0,
    `spread cost of a share beside the impact of an even trade of mean size; at most ${mostSpread}.`,
  ),
  values({ parameters, size, rootImpact, left }) {
    const cost = tf.mul(tf.reshape(parameters.spread!, [-1, 1]), horizon / periods);
    const impact = tf.div(tf.mul(size, rootImpact), tf.maximum(left, 1));
    return tf.minimum(tf.div(cost, tf.maximum(impact, tiny)), mostSpread);
  },
});
