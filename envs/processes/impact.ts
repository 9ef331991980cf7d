import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';

import type { Key } from '../../engine/random';
import type { Tensors } from '../../engine/tensors';
import {
  type Coefficient,
  coefficientSchema,
  createCoefficient,
  profileSchema,
} from './coefficients';

/** The keys of a config that say what trading costs. */
export const impactFields = {
  spread: coefficientSchema
    .default(0.0625)
    .describe(
      'Cost ε of each share traded, whatever the size: half the bid–ask spread plus fees; a number, or { low, high, scale } drawn for each episode.',
    )
    .meta({ unit: 'quote currency / share' }),
  temporaryImpact: profileSchema
    .default(2.5e-6)
    .describe(
      'Temporary impact η: trading n shares in a period of length τ moves its own price by η·n/τ. A number, one number a period, or { low, high, scale, per } drawn for each episode.',
    )
    .meta({ unit: 'quote currency / share per (share / time)' }),
  permanentImpact: coefficientSchema
    .default(2.5e-7)
    .describe(
      'Permanent impact γ: trading n shares moves the mid price by γ·n for good; a number, or { low, high, scale } drawn for each episode.',
    )
    .meta({ unit: 'quote currency / share²' }),
  transientImpact: z
    .strictObject({
      impact: coefficientSchema
        .describe('κ: trading n shares displaces the price by κ·n, half of which it pays itself.')
        .meta({ unit: 'quote currency / share²' }),
      resilience: coefficientSchema
        .describe('ρ: the displacement decays as e^(−ρt).')
        .meta({ unit: '1/time' }),
    })
    .nullable()
    .default(null)
    .describe('Impact that fades (Obizhaeva and Wang 2013); null: none.')
    .meta({ unit: '' }),
};

export type ImpactConfig = z.output<z.ZodObject<typeof impactFields>>;

/** Numbers of the draws at a reset. */
export interface ImpactDraws {
  readonly spread: number;
  readonly temporaryImpact: number;
  readonly permanentImpact: number;
  readonly transientImpact: number;
  readonly resilience: number;
}

/** What trading does to prices. Trades are positive numbers of shares, [B], on either side of the market. */
export interface Impact {
  readonly coefficients: readonly Coefficient[];
  /** Null without transient impact: how far the price is displaced against the order, [B] `displacement`. */
  readonly transient: { readonly impact: Coefficient; readonly resilience: Coefficient } | null;
  /** @returns what the state of B episodes keeps at their start, beside the coefficients */
  initial(key: Key): Tensors;
  /** @returns [B] quote currency that the trade pays beyond the mid price before it */
  cost(parameters: Tensors, state: Tensors, trade: tf.Tensor): tf.Tensor;
  /** @returns [B] quote currency per share by which the trade moves the mid price, against the order, for good */
  permanentMove(parameters: Tensors, state: Tensors, trade: tf.Tensor): tf.Tensor;
  /** @returns what the state keeps after the trade and one period, beside the coefficients */
  decay(parameters: Tensors, state: Tensors, trade: tf.Tensor): Tensors;
}

/**
 * Spread, temporary and permanent impact of Almgren and Chriss (2000), section 1.2, and transient
 * impact with exponential resilience.
 * @param periodLength τ
 */
export function createImpact(
  config: ImpactConfig,
  periods: number,
  periodLength: number,
  draws: ImpactDraws,
): Impact {
  const make = (name: Exclude<keyof ImpactDraws, 'transientImpact' | 'resilience'>) =>
    createCoefficient({ name, value: config[name], periods, draw: draws[name] });
  const [spread, temporary, permanent] = [
    make('spread'),
    make('temporaryImpact'),
    make('permanentImpact'),
  ];
  const transient = config.transientImpact && {
    impact: createCoefficient({
      name: 'transientImpact',
      value: config.transientImpact.impact,
      periods,
      draw: draws.transientImpact,
    }),
    resilience: createCoefficient({
      name: 'resilience',
      value: config.transientImpact.resilience,
      periods,
      draw: draws.resilience,
    }),
  };

  return {
    coefficients: [
      spread,
      temporary,
      permanent,
      ...(transient ? [transient.impact, transient.resilience] : []),
    ],
    transient,
    initial: (key) => (transient ? { displacement: tf.zeros([key.row.size]) } : {}),
    cost(parameters, state, trade) {
      const slope = tf.mul(temporary.current(parameters, state), 1 / periodLength);
      const own = transient
        ? tf.add(slope, tf.mul(transient.impact.current(parameters, state), 0.5))
        : slope;
      const perShare = tf.add(tf.mul(own, trade), spread.current(parameters, state));
      return tf.mul(trade, transient ? tf.add(perShare, state.displacement!) : perShare);
    },
    permanentMove: (parameters, state, trade) =>
      tf.mul(permanent.current(parameters, state), trade),
    decay(parameters, state, trade) {
      if (!transient) return {};
      const fade = tf.exp(tf.mul(transient.resilience.current(parameters, state), -periodLength));
      const pushed = tf.mul(transient.impact.current(parameters, state), trade);
      return { displacement: tf.mul(tf.add(state.displacement!, pushed), fade) };
    },
  };
}
