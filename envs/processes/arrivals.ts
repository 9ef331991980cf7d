import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';

import type { Tensors } from '../../engine/tensors';
import type { Driver } from './driver';
import { perSide } from './sides';

/** Market orders that arrive on each side of the book. */
export const arrivalsSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('poisson').describe('Arrivals at a constant rate.').meta({ unit: '' }),
    rate: z
      .number()
      .nonnegative()
      .default(140)
      .describe('Market orders per side and unit of time (A or λ in the literature).')
      .meta({ unit: '1/time' }),
  }),
  z.strictObject({
    kind: z
      .literal('hawkes')
      .describe(
        'Self-exciting arrivals, dλ = β(μ − λ) dt + α dN on each side; an episode starts at λ = μ.',
      )
      .meta({ unit: '' }),
    baseline: z
      .number()
      .positive()
      .describe('Rate μ to which the intensity decays.')
      .meta({ unit: '1/time' }),
    jump: z
      .number()
      .nonnegative()
      .describe('Rise α of a side’s intensity at each arrival on that side.')
      .meta({ unit: '1/time' }),
    decay: z
      .number()
      .positive()
      .describe('Speed of decay β; stationary if α/β < 1.')
      .meta({ unit: '1/time' }),
  }),
]);

export type ArrivalsConfig = z.output<typeof arrivalsSchema>;

/**
 * Arrivals within a step of length dt, at most one a side: an order arrives where a uniform number
 * lies below λ·dt. The same uniform number decides upon fills, so that an order fills a quote only
 * if it arrives (save where an exponential law takes a negative depth to be reached more than surely).
 */
export interface Arrivals {
  parameters(): Tensors;
  /** State entries, none for Poisson arrivals. */
  initial(parameters: Tensors, rows: number): Tensors;
  /** @returns λ·dt, [], [B, 1] or [B, 2] (the sides whose bids and asks are hit) */
  expectedOrders(parameters: Tensors, state: Tensors): tf.Tensor;
  /** @param draws [B, 2] uniform numbers; @param expected what `expectedOrders` returned */
  advance(parameters: Tensors, state: Tensors, draws: tf.Tensor2D, expected: tf.Tensor): Tensors;
  readonly drivers: readonly Driver[];
}

/** @param dt length of a step, in units of time */
export function createArrivals(config: ArrivalsConfig, dt: number): Arrivals {
  switch (config.kind) {
    case 'poisson':
      return {
        parameters: () => ({ arrivalRate: tf.scalar(config.rate) }),
        initial: () => ({}),
        expectedOrders: ({ arrivalRate }) => perSide(tf.mul(arrivalRate!, dt)),
        advance: () => ({}),
        drivers: [],
      };
    case 'hawkes':
      return {
        parameters: () => ({
          baseline: tf.scalar(config.baseline),
          excitation: tf.scalar(config.jump),
          excitationDecay: tf.scalar(config.decay),
        }),
        initial: ({ baseline }, rows) => ({
          intensity: tf.add(tf.zeros([rows, 2]), perSide(baseline!)),
        }),
        expectedOrders: (_parameters, state) => tf.mul(state.intensity!, dt),
        advance({ baseline, excitation, excitationDecay }, state, draws, expected) {
          const arrived = tf.cast(tf.less(draws, expected), 'float32');
          const decay = perSide(tf.exp(tf.mul(excitationDecay!, -dt)));
          const resting = perSide(baseline!);
          const decayed = tf.add(resting, tf.mul(tf.sub(state.intensity!, resting), decay));
          return { intensity: tf.add(decayed, tf.mul(arrived, perSide(excitation!))) };
        },
        drivers: [
          {
            fields: (['bid', 'ask'] as const).map((side) => ({
              name: `${side}Intensity`,
              unit: 'baselines',
              low: 0,
              high: Infinity,
              description: `Intensity of market orders that can fill a${side === 'bid' ? '' : 'n'} ${side}, in multiples of the baseline.`,
            })),
            observe: ({ baseline }, state) => tf.div(state.intensity!, perSide(baseline!)),
          },
        ],
      };
  }
}

/**
 * The rate at which orders arrive on one side in the long run; at the baseline if the process is
 * explosive.
 * @returns 1/time
 */
export function meanArrivalRate(config: ArrivalsConfig): number {
  switch (config.kind) {
    case 'poisson':
      return config.rate;
    case 'hawkes': {
      const branching = config.jump / config.decay;
      return branching < 1 ? config.baseline / (1 - branching) : config.baseline;
    }
  }
}
