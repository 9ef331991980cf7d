import type { z } from 'zod';

import type { EnvironmentDefinition } from './environment';

/** A family of environments that a config can ask for by its id. */
export interface EnvironmentKind<Schema extends z.ZodType = z.ZodType> {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  /** What the reward of a step is, with its unit: for the documentation. */
  readonly reward?: string;
  /** Every parameter with its default, unit and description; the `id` key is not part of it. */
  readonly schema: Schema;
  create(config: z.output<Schema>): EnvironmentDefinition;
}
