import { policySchema, trainingSchema, trpoSchema, valueSchema } from '../algorithms/schema';
import type { LearnerConfig } from '../algorithms/schema';
import type { Environment } from '../envs/environment';
import { makeEnvironment } from '../envs/registry';

/**
 * The market of the figures: the simulation of Avellaneda and Stoikov (2008), section 3.3.
 * @param steps decisions in an episode
 */
export const benchmarkMarket = (steps = 200): Environment =>
  makeEnvironment({
    id: 'market-making',
    horizon: 1,
    steps,
    mid: { kind: 'brownian', initial: 100, volatility: 2, increments: 'binomial' },
    arrivals: { kind: 'poisson', rate: 140 },
    fills: { kind: 'exponential', decay: 1.5 },
  });

/**
 * Policy and value function of 64 × 64 tanh units. The rest is what sb3-contrib's TRPO does by
 * default, with larger minibatches for its critic: a step of at most 15 conjugate gradient
 * iterations, then ten epochs of Adam.
 * @param environments B
 * @param steps T, of one rollout
 */
export const benchmarkLearner = (environments: number, steps: number): LearnerConfig => ({
  policy: policySchema.parse({ hidden: [64, 64] }),
  value: valueSchema.parse({
    hidden: [64, 64],
    fit: { kind: 'adam', learningRate: 1e-3, epochs: 10, minibatch: 4096 },
  }),
  trpo: trpoSchema.parse({ trustRegion: 0.01, conjugateGradientIterations: 15 }),
  training: trainingSchema.parse({ environments, steps, discount: 0.99, lambda: 0.95 }),
});

export const seed = 0;
