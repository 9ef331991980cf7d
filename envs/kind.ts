import type { z } from 'zod';

import type { EnvironmentDefinition } from './environment';
import type { GameDefinition } from './game';
import type { DataSource } from './market-data/data-source';

/** A family of environments that a config can ask for by its id. */
export interface EnvironmentKind<Schema extends z.ZodType = z.ZodType> {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  /** What the reward of a step is, with its unit: for the documentation. */
  readonly reward?: string;
  /** Every parameter with its default, unit and description; the `id` key is not part of it. */
  readonly schema: Schema;
  /** @param data what `load` gave, where there is `load` */
  create(config: z.output<Schema>, data?: unknown): EnvironmentDefinition;
  /** Recorded data that the config asks for; absent or null: none is needed. */
  load?(config: z.output<Schema>, source: DataSource): Promise<unknown>;
  /** The config with each path of a file replaced; absent: it names no files. */
  mapPaths?(config: z.output<Schema>, map: (path: string) => string): z.output<Schema>;
  /** The game of two players that a config describes; absent or null: there is one player. */
  createGame?(config: z.output<Schema>): GameDefinition | null;
  /** The classical policies between which a score is measured; absent or null: none are known. */
  references?(config: z.output<Schema>): References | null;
}

/** Names of classical policies whose mean returns mark 0 and 1 of the normalised score. */
export interface References {
  /** What a trader without a model would do: 0. */
  readonly naive: string;
  /** The best there is, exactly or within the printed digits: 1. */
  readonly optimum: string;
}
