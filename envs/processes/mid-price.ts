import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';

import { type Draw, type Key, normal, uniform } from '../../engine/random';
import type { Tensors } from '../../engine/tensors';
import type { Driver } from './driver';

const initial = z
  .number()
  .positive()
  .default(100)
  .describe('Mid price at the start of an episode; never observed.')
  .meta({ unit: 'quote currency' });

const volatility = z
  .number()
  .nonnegative()
  .default(2)
  .describe('Standard deviation of the move of the mid price per square root of time.')
  .meta({ unit: 'quote currency / √time' });

const jumps = z
  .strictObject({
    rate: z.number().positive().describe('Jumps per unit of time.').meta({ unit: '1/time' }),
    mean: z.number().default(0).describe('Mean of a jump.').meta({ unit: 'quote currency' }),
    deviation: z
      .number()
      .nonnegative()
      .describe('Standard deviation of a jump.')
      .meta({ unit: 'quote currency' }),
  })
  .nullable()
  .default(null)
  .describe('Normally distributed jumps on top of the diffusion, at most one a step; null: none.')
  .meta({ unit: '' });

/** The mid price: one of four diffusions, the last three with jumps if wanted. */
export const midPriceSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('constant').describe('The mid price never moves.').meta({ unit: '' }),
    initial,
  }),
  z.strictObject({
    kind: z
      .literal('brownian')
      .describe('Arithmetic Brownian motion, dS = μ dt + σ dW.')
      .meta({ unit: '' }),
    initial,
    volatility,
    drift: z
      .number()
      .default(0)
      .describe('Mean move per unit of time.')
      .meta({ unit: 'quote currency / time' }),
    increments: z
      .enum(['gaussian', 'binomial'])
      .default('gaussian')
      .describe('Gaussian increments, or ±σ√dt with probability ½ each.')
      .meta({ unit: '' }),
    jumps,
  }),
  z.strictObject({
    kind: z
      .literal('geometric')
      .describe('Geometric Brownian motion, dS/S = μ dt + σ dW, simulated exactly.')
      .meta({ unit: '' }),
    initial,
    volatility: z
      .number()
      .nonnegative()
      .default(0.02)
      .describe('Standard deviation of the logarithmic return per square root of time.')
      .meta({ unit: '1/√time' }),
    drift: z
      .number()
      .default(0)
      .describe('Expected relative return per unit of time.')
      .meta({ unit: '1/time' }),
    jumps,
  }),
  z.strictObject({
    kind: z
      .literal('ornstein-uhlenbeck')
      .describe('Mean reversion, dS = θ(m − S) dt + σ dW, simulated exactly.')
      .meta({ unit: '' }),
    initial,
    volatility,
    reversion: z
      .number()
      .positive()
      .default(1)
      .describe('Speed of mean reversion θ.')
      .meta({ unit: '1/time' }),
    level: z
      .number()
      .default(0)
      .describe('Long-run mean less the initial mid price, m − S₀.')
      .meta({ unit: 'quote currency' }),
    jumps,
  }),
]);

export type MidPriceConfig = z.output<typeof midPriceSchema>;

/** The random draws that a mid price makes in a step, numbered by the environment. */
export interface MidPriceDraws {
  readonly move: Draw;
  readonly jump: Draw;
  readonly jumpSize: Draw;
}

/**
 * The mid price as S = S₀ + move; the state holds `move` [B], which is all that needs precision.
 */
export interface MidPrice {
  parameters(): Tensors;
  /** @returns [B] the change of the mid price over one step; null if it never moves */
  change(parameters: Tensors, move: tf.Tensor1D, key: Key): tf.Tensor1D | null;
  /** @returns [] or [B] the mean of the change, given where the price is; null: zero */
  expectedChange(parameters: Tensors, move: tf.Tensor1D): tf.Tensor | null;
  readonly drivers: readonly Driver[];
}

/**
 * @param dt length of a step, in units of time
 */
export function createMidPrice(config: MidPriceConfig, dt: number, draws: MidPriceDraws): MidPrice {
  const diffusion = createDiffusion(config, dt, draws.move);
  if (config.kind === 'constant' || config.jumps === null) return diffusion;
  const { rate, mean, deviation } = config.jumps;
  return {
    drivers: diffusion.drivers,
    parameters: () => ({
      ...diffusion.parameters(),
      jumpRate: tf.scalar(rate),
      jumpMean: tf.scalar(mean),
      jumpDeviation: tf.scalar(deviation),
    }),
    change(parameters, move, key) {
      const jumped = tf.less(uniform(key, draws.jump), tf.mul(parameters.jumpRate!, dt));
      const size = tf.add(
        parameters.jumpMean!,
        tf.mul(parameters.jumpDeviation!, normal(key, draws.jumpSize)),
      );
      const jump = tf.mul(tf.cast(jumped, 'float32'), size);
      return tf.add(diffusion.change(parameters, move, key)!, jump);
    },
    expectedChange(parameters, move) {
      const chance = tf.minimum(1, tf.mul(parameters.jumpRate!, dt));
      const jump = tf.mul(chance, parameters.jumpMean!);
      const drift = diffusion.expectedChange(parameters, move);
      return drift ? tf.add(drift, jump) : jump;
    },
  };
}

function createDiffusion(config: MidPriceConfig, dt: number, draw: Draw): MidPrice {
  const start = () => ({ initialPrice: tf.scalar(config.initial) });
  switch (config.kind) {
    case 'constant':
      return { parameters: start, change: () => null, expectedChange: () => null, drivers: [] };
    case 'brownian': {
      const noise = config.increments === 'binomial' ? randomSign : normal;
      return {
        drivers: [],
        parameters: () => ({
          ...start(),
          volatility: tf.scalar(config.volatility),
          ...(config.drift === 0 ? {} : { drift: tf.scalar(config.drift) }),
        }),
        change({ volatility, drift }, _move, key) {
          const shock = tf.mul(tf.mul(volatility!, Math.sqrt(dt)), noise(key, draw));
          return (drift ? tf.add(shock, tf.mul(drift, dt)) : shock) as tf.Tensor1D;
        },
        expectedChange: ({ drift }) => (drift ? tf.mul(drift, dt) : null),
      };
    }
    case 'geometric':
      return {
        drivers: [moveDriver(config)],
        parameters: () => ({
          ...start(),
          volatility: tf.scalar(config.volatility),
          drift: tf.scalar(config.drift),
        }),
        change({ initialPrice, volatility, drift }, move, key) {
          const mean = tf.mul(tf.sub(drift!, tf.mul(tf.square(volatility!), 0.5)), dt);
          const shock = tf.mul(tf.mul(volatility!, Math.sqrt(dt)), normal(key, draw));
          const relative = tf.sub(tf.exp(tf.add(mean, shock)), 1);
          return tf.mul(tf.add(initialPrice!, move), relative);
        },
        expectedChange: ({ initialPrice, drift }, move) =>
          tf.mul(tf.add(initialPrice!, move), tf.expm1(tf.mul(drift!, dt))),
      };
    case 'ornstein-uhlenbeck':
      return {
        drivers: [deviationDriver(config)],
        parameters: () => ({
          ...start(),
          volatility: tf.scalar(config.volatility),
          reversion: tf.scalar(config.reversion),
          level: tf.scalar(config.level),
        }),
        change({ volatility, reversion, level }, move, key) {
          const decay = tf.exp(tf.mul(reversion!, -dt));
          const variance = tf.div(tf.sub(1, tf.square(decay)), tf.mul(reversion!, 2));
          const shock = tf.mul(tf.mul(volatility!, tf.sqrt(variance)), normal(key, draw));
          return tf.add(tf.mul(tf.sub(level!, move), tf.sub(1, decay)), shock);
        },
        expectedChange: ({ reversion, level }, move) =>
          tf.neg(tf.mul(tf.sub(level!, move), tf.expm1(tf.mul(reversion!, -dt)))),
      };
  }
}

/** [B] float32: −1 or 1 with probability ½ each. */
function randomSign(key: Key, draw: Draw): tf.Tensor1D {
  const up = tf.cast(tf.less(uniform(key, draw), 0.5), 'float32');
  return tf.sub(tf.mul(up, 2), 1);
}

function moveDriver(config: { readonly initial: number; readonly volatility: number }): Driver {
  const unit = config.initial * (config.volatility || 1);
  return {
    fields: [
      {
        name: 'move',
        unit: `${unit} quote currency`,
        low: -Infinity,
        high: Infinity,
        description: 'Move of the mid price since the start of the episode.',
      },
    ],
    observe: (_parameters, state) => tf.mul(state.move!, 1 / unit),
  };
}

function deviationDriver(config: {
  readonly volatility: number;
  readonly reversion: number;
}): Driver {
  // The stationary standard deviation of the process.
  const unit = config.volatility / Math.sqrt(2 * config.reversion) || 1;
  return {
    fields: [
      {
        name: 'deviation',
        unit: `${Number(unit.toPrecision(6))} quote currency`,
        low: -Infinity,
        high: Infinity,
        description: 'Mid price less its long-run mean, in stationary standard deviations.',
      },
    ],
    observe: (parameters, state) => tf.mul(tf.sub(state.move!, parameters.level!), 1 / unit),
  };
}
