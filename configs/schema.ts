import { z } from 'zod';

import {
  curriculumSchema,
  policySchema,
  selfPlaySchema,
  trainingSchema,
  trpoSchema,
  valueSchema,
} from '../algorithms/schema';
import { solvers } from '../algorithms/solvers/registry';
import { deviceNames } from '../engine/device';
import { environmentKinds } from '../envs/registry';

const moduleSchema = z
  .looseObject({
    module: z
      .string()
      .min(1)
      .describe(
        "File of one's own environment, relative to this config; its parameters beside it.",
      ),
  })
  .describe("One's own environment.");

/** The registered kinds by id, with the `id` key. */
const environmentSchemas = environmentKinds.map((kind) =>
  (kind.schema as z.ZodObject)
    .safeExtend({ id: z.literal(kind.id).describe('Which environment.') })
    .describe(kind.description),
);

type EnvironmentOptions = readonly [z.ZodObject, ...z.ZodObject[]];

const registeredSchema = z.discriminatedUnion(
  'id',
  environmentSchemas as unknown as EnvironmentOptions,
);

/** The classical policies of the library. */
const registeredPolicy = z.enum(solvers.map(({ name }) => name));

/** A module brings policies of its own, whose names are checked when it is loaded. */
const anyPolicy = z.union([registeredPolicy, z.string().min(1)]);

const evaluationSchemaWith = (policy: z.ZodType<string>) =>
  z
    .strictObject({
      baselines: z
        .array(policy)
        .default([])
        .describe('Classical policies that the trained one is compared with.'),
      seed: z
        .int()
        .nonnegative()
        .default(0)
        .describe(
          'Seed of the validation and test streams: the same noise whatever the seed of training.',
        ),
      every: z.int().positive().default(10).describe('Iterations between two validations.'),
      episodes: z
        .int()
        .min(2)
        .default(1024)
        .describe('Episodes of a validation, whose mean return chooses the best checkpoint.'),
      testEpisodes: z
        .int()
        .min(2)
        .default(10_000)
        .describe('Episodes of the final comparison, on streams met nowhere else.'),
    })
    .describe('Validation while training, and the comparison at the end.');

/** Of a folder. */
const nameSchema = z
  .string()
  .regex(/^(?!\.+$)[\w.-]+$/, 'a name of letters, digits, ".", "_" and "-"');

const stageKeySchema = z.unknown().optional();

/** What may differ from stage to stage. */
const stageSchema = z.strictObject({
  name: nameSchema.describe("Of the stage; its folder has its number too: '1-plain'."),
  description: stageKeySchema.describe('What the stage shows.'),
  env: stageKeySchema.describe(
    'Of another id: in place of the env outside; without an id or of the same: what differs from it.',
  ),
  policy: stageKeySchema.describe('What differs from the policy outside.'),
  value: stageKeySchema.describe('What differs from the value outside.'),
  trpo: stageKeySchema.describe('What differs from the trpo outside.'),
  training: stageKeySchema.describe('What differs from the training outside.'),
  selfPlay: stageKeySchema.describe('What differs from the selfPlay outside.'),
  curriculum: stageKeySchema.describe('What differs from the curriculum outside.'),
  evaluation: stageKeySchema.describe('What differs from the evaluation outside.'),
});

export const stagesSchema = z
  .array(stageSchema)
  .min(1, 'expected at least one stage')
  .describe(
    'Runs that `train` makes one after another, each with networks of its own: what each changes in the config around them, key by key.',
  );

/** What all stages of a config have in common. */
export const sharedKeys: readonly string[] = ['seed', 'device', 'threads', 'sweep', 'stages'];

const describedEnvironment =
  'The environment: its id, or the file of a module, and its parameters.';

/** Everything that a config file may say, with the environment's schema left to the caller. */
const configSchemaWith = <Environment extends z.ZodType>(
  env: Environment,
  policy: z.ZodType<string>,
) =>
  z.strictObject({
    name: nameSchema.optional().describe("Name of the run's folder; default the config file's."),
    description: z.string().default('').describe('What the experiment shows.'),
    seed: z
      .int()
      .nonnegative()
      .default(1)
      .describe('Seed of initialisation and training; 0 is a seed like any other.'),
    device: z
      .enum(deviceNames)
      .default('auto')
      .describe('Where tensors live; auto: the first that starts.'),
    threads: z
      .int()
      .positive()
      .nullable()
      .default(null)
      .describe('Threads of devices that have them; null: as many as cores.'),
    env,
    policy: policySchema.prefault({}),
    value: valueSchema.prefault({ fit: { kind: 'adam' } }),
    trpo: trpoSchema.prefault({}),
    training: trainingSchema.prefault({}),
    selfPlay: selfPlaySchema,
    curriculum: curriculumSchema,
    evaluation: evaluationSchemaWith(policy).prefault({}),
    sweep: z
      .record(z.string(), z.unknown())
      .optional()
      .describe(
        'A grid of runs that `train` makes one after another: lists of values by key, such as trpo.trustRegion: [0.01, 0.05]; each run has one of every list.',
      ),
    stages: stagesSchema.optional(),
  });

/** The whole schema: for editors and documentation. */
export const configSchema = configSchemaWith(
  z.union([registeredSchema, moduleSchema]).describe(describedEnvironment),
  anyPolicy,
);

/** An environment as a config names it, every default resolved (a module's when it is loaded). */
export type EnvironmentChoice =
  | { readonly id: string; readonly [parameter: string]: unknown }
  | { readonly module: string; readonly [parameter: string]: unknown };

type Parsed = z.output<typeof configSchema>;

/** A config with every default resolved, frozen. */
export type Config = Readonly<Omit<Parsed, 'env' | 'name' | 'sweep' | 'stages'>> & {
  readonly name: string;
  readonly env: EnvironmentChoice;
};

/**
 * The schema for a config whose environment is known, so that a mistake is reported for that
 * environment alone rather than for every one there is.
 * @param env the config's `env` as it was written
 */
export function schemaFor(env: unknown) {
  if (typeof env !== 'object' || env === null) {
    return configSchemaWith<z.ZodType>(z.looseObject({}), anyPolicy);
  }
  if ('module' in env) return configSchemaWith<z.ZodType>(moduleSchema, anyPolicy);
  const index = environmentKinds.findIndex(({ id }) => 'id' in env && id === env.id);
  return configSchemaWith<z.ZodType>(
    environmentSchemas[index] ?? registeredSchema,
    registeredPolicy,
  );
}
