import type { PolicySolver } from '../algorithms/solvers/policy';
import { solvers } from '../algorithms/solvers/registry';
import type { EnvironmentChoice } from '../configs/schema';
import type { Environment } from '../envs/environment';
import { findKind, makeFromKind } from '../envs/registry';
import type { EnvironmentKind } from '../envs/kind';
import { parseConfig } from '../envs/parse-config';
import { fileSource } from './file-source';
import { loadEnvironmentModule } from './load-environment';

export interface OpenedEnvironment {
  readonly kind: EnvironmentKind;
  /** The environment's own parameters, every default resolved. */
  readonly parameters: object;
  /** The config's `env` with every default resolved. */
  readonly choice: EnvironmentChoice;
  /** Recorded data that the environment plays; null: none. */
  readonly data: unknown;
  readonly environment: Environment;
  /** The classical policies there are, for this environment and others; a module's own come first. */
  readonly policies: readonly PolicySolver[];
}

/** Makes the environment that a config chose, of the registry or of a user's module. */
export async function openEnvironment(choice: EnvironmentChoice): Promise<OpenedEnvironment> {
  const { kind, policies, key, given } = await findChosen(choice);
  const parameters = parseConfig(kind.schema, given, 'env') as object;
  const data = (await kind.load?.(parameters, fileSource)) ?? null;
  return {
    kind,
    parameters,
    choice: { ...key, ...parameters },
    data,
    environment: makeFromKind(kind, parameters, data),
    policies,
  };
}

async function findChosen(choice: EnvironmentChoice) {
  if ('module' in choice && typeof choice.module === 'string') {
    const { module, ...given } = choice;
    const { kind, policies } = await loadEnvironmentModule(module, process.cwd());
    return { kind, policies: [...policies, ...solvers], key: { module }, given };
  }
  const { id, ...given } = choice as Extract<EnvironmentChoice, { id: string }>;
  return { kind: findKind(id), policies: solvers, key: { id }, given };
}
