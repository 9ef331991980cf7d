import { InputError } from '../engine/input-error';
import { kind as cartpole } from './cartpole';
import { defineEnvironment, type Environment } from './environment';
import { kind as execution } from './execution';
import type { EnvironmentKind } from './kind';
import { kind as marketMaking } from './market-making';
import { parseConfig, suggestion } from './parse-config';
import { kind as pendulum } from './pendulum';

/** Every environment that comes with the library, in the order of the documentation. */
export const environmentKinds: readonly EnvironmentKind[] = [
  marketMaking,
  execution,
  cartpole,
  pendulum,
];

/** @throws InputError for an unknown id, with the nearest valid one */
export function findKind(id: string): EnvironmentKind {
  const kind = environmentKinds.find((candidate) => candidate.id === id);
  if (kind) return kind;
  const valid = environmentKinds.map((candidate) => candidate.id);
  throw new InputError(`env.id: no environment '${id}'${suggestion(id, valid)}`);
}

/** An environment's id and any of its parameters. */
export interface EnvironmentConfig {
  readonly id: string;
  readonly [parameter: string]: unknown;
}

/**
 * The config with every default filled in.
 * @throws InputError for an unknown id, an unknown key or a value out of range
 */
export function parseEnvironment(config: EnvironmentConfig): EnvironmentConfig {
  const { id, ...parameters } = config;
  return { id, ...(parseConfig(findKind(id).schema, parameters, 'env') as object) };
}

/** `makeEnvironment({ id: 'market-making', … })`: a registered environment as pure functions. */
export function makeEnvironment(config: EnvironmentConfig): Environment {
  const { id, ...parameters } = config;
  return makeFromKind(findKind(id), parameters);
}

/** The same for a kind that is not registered, such as one loaded from a user's module. */
export function makeFromKind(kind: EnvironmentKind, config: object = {}): Environment {
  return defineEnvironment(kind.create(parseConfig(kind.schema, config, 'env')));
}
