import * as tf from '@tensorflow/tfjs';

import type { Tensors } from '../../engine/tensors';
import type { Driver } from '../processes/driver';
import { perSide } from '../processes/sides';
import type { ExcitationConfig } from './config';

/** What just happened, each bool [B, 1]. */
interface Happened {
  readonly happens: tf.Tensor;
  readonly isMarket: tf.Tensor;
  readonly hitsBid: tf.Tensor;
}

/**
 * Self-excitation of arrivals (Hawkes): an event raises an intensity, which decays at rate β. Between
 * events intensities fall, so that the present total bounds the coming ones: a candidate drawn at the
 * present total is kept with the probability of what is left of it (Ogata's thinning).
 */
export interface Excitation {
  parameters(): Tensors;
  initial(rows: number): Tensors;
  /** [B, 1] of all events now. @param market [] or [B, 1] μ; @param others [B, 1] limit orders and cancellations */
  total(state: Tensors, market: tf.Tensor, others: tf.Tensor): tf.Tensor;
  /** Of market orders that hit the bid and that lift the ask, where all rates are divided by `scaled`. */
  marketRates(
    state: Tensors,
    market: tf.Tensor,
  ): { readonly bid: tf.Tensor; readonly ask: tf.Tensor };
  /** A number below the total as a number below the sum of rates that excitation of all does not scale. */
  scaled(state: Tensors, choice: tf.Tensor): tf.Tensor;
  /** @param time [B, 1] */
  decay(parameters: Tensors, state: Tensors, time: tf.Tensor): Tensors;
  jump(parameters: Tensors, state: Tensors, happened: Happened): Tensors;
  readonly drivers: readonly Driver[];
}

export function createExcitation(config: ExcitationConfig | null): Excitation {
  if (config === null) {
    return {
      parameters: () => ({}),
      initial: () => ({}),
      total: (_state, market, others) => tf.add(tf.mul(market, 2), others),
      marketRates: (_state, market) => ({ bid: market, ask: market }),
      scaled: (_state, choice) => choice,
      decay: () => ({}),
      jump: () => ({}),
      drivers: [],
    };
  }
  const common = {
    parameters: () => ({
      excitationJump: tf.scalar(config.jump),
      excitationDecay: tf.scalar(config.decay),
    }),
    decay: ({ excitationDecay }: Tensors, { excitation }: Tensors, time: tf.Tensor): Tensors => ({
      excitation: tf.mul(excitation!, tf.exp(tf.neg(tf.mul(perSide(excitationDecay!), time)))),
    }),
  };
  const field = (name: string, unit: string, description: string) => ({
    name,
    unit,
    low: 0,
    high: Infinity,
    description,
  });
  if (config.of === 'all') {
    return {
      ...common,
      initial: (rows) => ({ excitation: tf.zeros([rows, 1]) }),
      total: ({ excitation }, market, others) =>
        tf.mul(tf.add(excitation!, 1), tf.add(tf.mul(market, 2), others)),
      marketRates: (_state, market) => ({ bid: market, ask: market }),
      scaled: ({ excitation }, choice) => tf.div(choice, tf.add(excitation!, 1)),
      jump: ({ excitationJump }, { excitation }, { happens }) => ({
        excitation: tf.add(
          excitation!,
          tf.mul(tf.cast(happens, 'float32'), perSide(excitationJump!)),
        ),
      }),
      drivers: [
        {
          fields: [
            field('excitation', '1', 'By how much every rate is raised, in multiples of itself.'),
          ],
          observe: (_parameters, { excitation }) => tf.reshape(excitation!, [-1]),
        },
      ],
    };
  }
  const side = (both: tf.Tensor, index: 0 | 1): tf.Tensor => tf.slice(both, [0, index], [-1, 1]);
  return {
    ...common,
    initial: (rows) => ({ excitation: tf.zeros([rows, 2]) }),
    total: ({ excitation }, market, others) =>
      tf.add(tf.add(tf.mul(market, 2), tf.sum(excitation!, 1, true)), others),
    marketRates: ({ excitation }, market) => ({
      bid: tf.add(market, side(excitation!, 0)),
      ask: tf.add(market, side(excitation!, 1)),
    }),
    scaled: (_state, choice) => choice,
    jump({ excitationJump }, { excitation }, { happens, isMarket, hitsBid }) {
      const market = tf.logicalAnd(happens, isMarket);
      const hits = [
        tf.logicalAnd(market, hitsBid),
        tf.logicalAnd(market, tf.logicalNot(hitsBid)),
      ].map((one) => tf.cast(one, 'float32'));
      return {
        excitation: tf.add(excitation!, tf.mul(tf.concat(hits, 1), perSide(excitationJump!))),
      };
    },
    drivers: [
      {
        fields: (['bid', 'ask'] as const).map((name) =>
          field(
            `${name}Excitation`,
            'market rates',
            `By how much the rate of market orders that hit the ${name} is raised, in multiples of their own.`,
          ),
        ),
        observe: ({ marketRate }, { excitation }) => tf.div(excitation!, perSide(marketRate!)),
      },
    ],
  };
}
