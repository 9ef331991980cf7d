import { z } from 'zod';

import { activations } from './policies/network';

const positive = z.number().positive();
const count = z.int().positive();
const share = z.number().gt(0).lte(1);

export const policySchema = z
  .strictObject({
    hidden: z
      .array(count)
      .default([64, 64])
      .describe('Sizes of the hidden layers of the policy network.'),
    activation: z.enum(activations).default('tanh').describe('Between the layers.'),
    initialLogStd: z
      .number()
      .default(-0.5)
      .describe(
        'Continuous actions: initial log standard deviation of the raw action, whose unit is the scale of the action.',
      ),
    learnStd: z
      .boolean()
      .default(true)
      .describe(
        'Continuous actions: whether the standard deviation is learned; if not, exploration stays as wide as it began.',
      ),
    residual: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .describe(
        'Continuous actions: a classical policy whose action is taken, with what is learned as its correction; null: what is learned acts alone.',
      ),
  })
  .describe('The policy network.');

const lineSearch = {
  backtrackRatio: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.8)
    .describe('Factor between tries of the line search.'),
  backtrackSteps: count.default(10).describe('Tries of the line search at most.'),
};

export const trpoSchema = z
  .strictObject({
    trustRegion: positive
      .default(0.01)
      .describe('Bound on the mean KL divergence of one update, δ.')
      .meta({ unit: 'nats' }),
    finalTrustRegion: positive
      .nullable()
      .default(null)
      .describe(
        'The bound in the last iteration; it moves there geometrically. null: the bound stays as it is.',
      )
      .meta({ unit: 'nats' }),
    damping: z
      .number()
      .nonnegative()
      .default(0.1)
      .describe('Multiple of the identity added to the Fisher matrix.'),
    conjugateGradientIterations: count.default(10).describe('At most, in one update.'),
    residualTolerance: z
      .number()
      .nonnegative()
      .default(1e-3)
      .describe('Conjugate gradients stop at this relative residual.'),
    ...lineSearch,
    fisherFraction: share
      .default(1)
      .describe('Share of the rows that enter the Fisher-vector products.'),
    chunk: count
      .default(8192)
      .describe(
        'Rows worked on at once: a bound on memory, not part of the result beyond rounding.',
      ),
  })
  .describe('The trust-region update of the policy.');

export const valueFitSchema = z
  .discriminatedUnion('kind', [
    z
      .strictObject({
        kind: z.literal('adam'),
        learningRate: positive.default(1e-3).describe('Adam step size.'),
        epochs: count.default(5).describe('Passes over the rows in one iteration.'),
        minibatch: count.default(2048).describe('Rows of one gradient step.'),
      })
      .describe('Adam on shuffled minibatches.'),
    z
      .strictObject({
        kind: z.literal('trust-region'),
        radius: positive
          .default(0.1)
          .describe('Bound on the mean squared change of the standardised value in one step.'),
        damping: z.number().nonnegative().default(0.01).describe('Multiple of the identity added.'),
        conjugateGradientIterations: count.default(10).describe('At most, in one step.'),
        residualTolerance: z
          .number()
          .nonnegative()
          .default(1e-3)
          .describe('Conjugate gradients stop at this relative residual.'),
        repeats: count.default(2).describe('Gauss–Newton steps in one iteration.'),
        ...lineSearch,
      })
      .describe(
        'Gauss–Newton steps in a trust region, with the conjugate gradients of the policy.',
      ),
  ])
  .describe('How the value network is fitted to the returns.');

export const valueSchema = z
  .strictObject({
    hidden: z
      .array(count)
      .default([64, 64])
      .describe('Sizes of the hidden layers of the value network.'),
    activation: z.enum(activations).default('tanh').describe('Between the layers.'),
    fit: valueFitSchema.prefault({ kind: 'adam' }),
  })
  .describe('The value network.');

export const trainingSchema = z
  .strictObject({
    environments: count.default(256).describe('Environments stepped together, B.'),
    steps: count.default(128).describe('Steps of each environment in one iteration, T.'),
    iterations: count.default(100).describe('Iterations of rollout and update.'),
    discount: share.default(0.99).describe('Discount factor a step, γ.'),
    lambda: z
      .number()
      .min(0)
      .max(1)
      .default(0.95)
      .describe('Decay of generalised advantage estimation, λ.'),
    subtractNoise: z
      .boolean()
      .default(true)
      .describe(
        'Leave out of advantages and value targets the part of a reward that the simulator knows to be zero-mean chance, such as what a driftless price earns on a position (a control variate): the same gradient on average, with less variance.',
      ),
    normaliseObservations: z
      .boolean()
      .default(true)
      .describe('Standardise observations by running moments.'),
    observationClip: positive
      .default(10)
      .describe('Observations, standardised where that is on, are clipped to ± this.'),
    entropyBonus: z
      .number()
      .nonnegative()
      .default(0)
      .describe(
        'Keeps a policy trying: what training adds to the reward for each nat by which an action was unlikely (−log π), falling evenly to 0 in the last iteration.',
      )
      .meta({ unit: 'reward / nat' }),
    parameters: z
      .record(z.string(), z.number())
      .default({})
      .describe(
        'Numeric parameters of the environment that are different in training, such as a share of random starts; evaluation keeps the values of env.',
      ),
    maximumFailures: count
      .default(5)
      .describe('Non-finite updates in a row after which the run stops.'),
  })
  .describe('The training loop.');

export const selfPlaySchema = z
  .strictObject({
    opponent: z
      .enum(['sampled', 'greedy'])
      .default('sampled')
      .describe(
        'How the other player acts while one of them trains: by chance or at its likeliest.',
      ),
  })
  .nullable()
  .default(null)
  .describe(
    'Both players of a game learn in turn, each in an environment that the other is part of; null: one player learns.',
  );

export const initialiseSchema = z
  .strictObject({
    from: z.string().min(1).describe('The classical policy whose actions are learned.'),
    tolerance: positive
      .default(0.02)
      .describe(
        'Cloning ends where the mean actions differ from the solver’s by no more on states not seen before: root mean square in units of the action’s scale; for choices the share that differ.',
      ),
    rounds: count
      .default(50)
      .describe('At most so many rounds: each steps all environments once and fits.'),
    epochs: count.default(4).describe('Passes over the rows of a round.'),
    minibatch: count.default(512).describe('Rows of one gradient step (Adam).'),
    learningRate: positive.default(1e-3).describe('Adam step size.'),
    finalLearningRate: positive
      .nullable()
      .default(null)
      .describe(
        'Adam step size in the last of the rounds; it moves there geometrically. null: it stays as it is.',
      ),
    logStd: z
      .number()
      .nullable()
      .default(null)
      .describe(
        'Continuous actions: log standard deviation after cloning, wide enough to explore from; null: policy.initialLogStd.',
      ),
    criticIterations: count
      .default(10)
      .describe('Iterations in which the clone plays and only the value network learns.'),
    criticRepeats: count
      .default(5)
      .describe(
        'How many times as long as in training the value network is fitted in each of them: its rows are worth more than one look.',
      ),
  })
  .nullable()
  .default(null)
  .describe('The policy begins as a clone of a classical one.');

export type InitialiseConfig = NonNullable<z.output<typeof initialiseSchema>>;

const levelSchema = z.strictObject({
  name: z.string().min(1).describe('How curves and messages call the level.'),
  env: z
    .record(z.string(), z.unknown())
    .describe(
      'What differs from env at this level: numeric parameters only, so that nothing is recompiled.',
    ),
});

export const curriculumSchema = z
  .strictObject({
    initialise: initialiseSchema,
    levels: z
      .array(levelSchema)
      .default([])
      .describe('Easier levels, the easiest first; the environment itself is the last level.'),
    pass: z
      .strictObject({
        score: z
          .number()
          .default(0.95)
          .describe('Normalised score against the level’s optimum that has to be reached.'),
        evaluations: count.default(2).describe('In so many validations in a row.'),
      })
      .prefault({})
      .describe('When a level is passed.'),
    references: z
      .strictObject({
        naive: z.string().min(1).describe('The classical policy whose score is 0.'),
        optimum: z.string().min(1).describe('The classical policy whose score is 1.'),
      })
      .nullable()
      .default(null)
      .describe(
        'What scores are measured between, at every level and by evaluate, such as where no optimum is known; null: the environment’s own naive policy and optimum.',
      ),
    end: z
      .boolean()
      .default(false)
      .describe('Training ends once the last level is passed as well.'),
    mix: z
      .number()
      .min(0)
      .lt(1)
      .default(0.1)
      .describe('Share of the environments that stay at earlier levels, spread evenly over them.'),
  })
  .nullable()
  .default(null)
  .describe('From the classical solution and from easy to hard; null: neither.');

export type CurriculumConfig = NonNullable<z.output<typeof curriculumSchema>>;
export type SelfPlayConfig = z.output<typeof selfPlaySchema>;
export type PolicyConfig = z.output<typeof policySchema>;
export type TrpoConfig = z.output<typeof trpoSchema>;
export type ValueConfig = z.output<typeof valueSchema>;
export type TrainingConfig = z.output<typeof trainingSchema>;

/** What training needs from a config, beside the environment. */
export interface LearnerConfig {
  readonly policy: PolicyConfig;
  readonly value: ValueConfig;
  readonly trpo: TrpoConfig;
  readonly training: TrainingConfig;
  readonly selfPlay?: SelfPlayConfig;
}
