import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';

import type { Tensors } from '../../engine/tensors';
import { perSide } from './sides';

/** How likely a market order is to reach a quote at a given depth. */
export const fillsSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z
      .literal('exponential')
      .describe('exp(−kδ); above one where the depth δ is negative.')
      .meta({ unit: '' }),
    decay: z
      .number()
      .positive()
      .default(1.5)
      .describe('Decay k of the fill probability with depth (κ in some literature).')
      .meta({ unit: '1/quote currency' }),
  }),
  z.strictObject({
    kind: z.literal('power').describe('1 / (1 + (δ/w)^n) for δ > 0, else 1.').meta({ unit: '' }),
    width: z
      .number()
      .positive()
      .describe('Depth w at which half of the orders reach the quote.')
      .meta({ unit: 'quote currency' }),
    exponent: z.number().positive().describe('Exponent n of the tail.').meta({ unit: '' }),
  }),
  z.strictObject({
    kind: z
      .literal('triangular')
      .describe('1 − δ/w for 0 ≤ δ ≤ w, 1 below and 0 above.')
      .meta({ unit: '' }),
    width: z
      .number()
      .positive()
      .describe('Depth w from which no order reaches the quote.')
      .meta({ unit: 'quote currency' }),
  }),
]);

export type FillsConfig = z.output<typeof fillsSchema>;

export interface Fills {
  parameters(): Tensors;
  /** @param depths [B, 2] quote currency; @returns [B, 2] */
  probability(parameters: Tensors, depths: tf.Tensor): tf.Tensor;
}

export function createFills(config: FillsConfig): Fills {
  switch (config.kind) {
    case 'exponential':
      return {
        parameters: () => ({ fillDecay: tf.scalar(config.decay) }),
        probability: ({ fillDecay }, depths) => tf.exp(tf.mul(depths, perSide(tf.neg(fillDecay!)))),
      };
    case 'power':
      return {
        parameters: () => ({
          fillWidth: tf.scalar(config.width),
          fillExponent: tf.scalar(config.exponent),
        }),
        probability({ fillWidth, fillExponent }, depths) {
          const relative = tf.relu(tf.div(depths, perSide(fillWidth!)));
          return tf.reciprocal(tf.add(tf.pow(relative, perSide(fillExponent!)), 1));
        },
      };
    case 'triangular':
      return {
        parameters: () => ({ fillWidth: tf.scalar(config.width) }),
        probability: ({ fillWidth }, depths) =>
          tf.clipByValue(tf.sub(1, tf.div(depths, perSide(fillWidth!))), 0, 1),
      };
  }
}

/** The same law for one depth, for solvers. @param depth quote currency */
export function fillProbability(config: FillsConfig, depth: number): number {
  switch (config.kind) {
    case 'exponential':
      return Math.exp(-config.decay * depth);
    case 'power':
      return 1 / (1 + Math.max(depth / config.width, 0) ** config.exponent);
    case 'triangular':
      return Math.min(Math.max(1 - depth / config.width, 0), 1);
  }
}

/**
 * The depth δ that earns most per market order, argmax δ·p(δ). A power law of exponent n ≤ 1 has no
 * such depth; its width is returned.
 * @returns quote currency
 */
export function mostProfitableDepth(config: FillsConfig): number {
  switch (config.kind) {
    case 'exponential':
      return 1 / config.decay;
    case 'power':
      return config.exponent > 1
        ? config.width * (config.exponent - 1) ** (-1 / config.exponent)
        : config.width;
    case 'triangular':
      return config.width / 2;
  }
}
