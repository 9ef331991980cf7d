import { InputError } from '../../engine/input-error';
import { kind as execution } from '../../envs/execution';
import type { ExecutionConfig } from '../../envs/execution/config';
import type { EnvironmentDefinition } from '../../envs/environment';
import { kind as marketMaking } from '../../envs/market-making';
import type { MarketMakingConfig } from '../../envs/market-making/config';
import { evaluateQuotes, type ExactQuotes } from './exact-quotes';
import { evaluateSchedules, type ExactSchedule } from './exact-schedule';
import type { EvaluatedPolicy } from './simulate';

/** One entry a policy, all of one type. */
export type ExactFigures = readonly ExactQuotes[] | readonly ExactSchedule[];

export interface ExactRequest {
  /** What the environment was made from. */
  readonly kind: object;
  readonly parameters: object;
  readonly environment: { readonly id: string; readonly definition: EnvironmentDefinition };
}

/**
 * What policies earn or cost in expectation, without simulation: market making where fills depend on
 * step and inventory alone, execution with fixed coefficients. Policies that draw at random are left out;
 * the optimum, where it is known, comes last.
 * @throws InputError with the reason where there is no such figure
 */
export function evaluateExactly(
  { kind, parameters, environment }: ExactRequest,
  policies: readonly EvaluatedPolicy[],
): ExactFigures {
  const { definition } = environment;
  const deterministic = policies.filter(({ stochastic }) => stochastic !== true);
  if (kind === marketMaking) {
    return evaluateQuotes(parameters as MarketMakingConfig, definition, deterministic);
  }
  if (kind === execution) {
    return evaluateSchedules(parameters as ExecutionConfig, definition, deterministic);
  }
  throw new InputError(
    `there are no exact figures for ${environment.id}; there are for ${marketMaking.id} and ${execution.id}`,
  );
}
