import { InputError } from '../engine/input-error';
import { kind as basketExecution } from './basket-execution';
import { kind as cartpole } from './cartpole';
import { defineEnvironment, type Environment } from './environment';
import { kind as execution } from './execution';
import type { EnvironmentKind } from './kind';
import { kind as limitOrderBook } from './limit-order-book';
import { kind as marketMaking } from './market-making';
import { kind as orderPlacement } from './order-placement';
import { parseConfig, suggestion } from './parse-config';
import { kind as pendulum } from './pendulum';
import { kind as predation } from './predation';
import { kind as tradeSequencing } from './trade-sequencing';

/** Every environment that comes with the library, in the order of the documentation. */
export const environmentKinds: readonly EnvironmentKind[] = [
  marketMaking,
  execution,
  basketExecution,
  tradeSequencing,
  orderPlacement,
  limitOrderBook,
  predation,
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

/**
 * `makeEnvironment({ id: 'market-making', … })`: a registered environment as pure functions.
 * @param data what the kind's `load` gave, for a config that asks for recorded data
 */
export function makeEnvironment(config: EnvironmentConfig, data?: unknown): Environment {
  const { id, ...parameters } = config;
  return makeFromKind(findKind(id), parameters, data);
}

/** The same for a kind that is not registered, such as one loaded from a user's module. */
export function makeFromKind(
  kind: EnvironmentKind,
  config: object = {},
  data?: unknown,
): Environment {
  return defineEnvironment(kind.create(parseConfig(kind.schema, config, 'env'), data));
}
