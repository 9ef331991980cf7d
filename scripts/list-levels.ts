import { merge } from '../configs/merge';
import type { Config } from '../configs/schema';
import { InputError } from '../engine/input-error';
import { parseConfig } from '../envs/parse-config';
import { makeFromKind } from '../envs/registry';
import { findFitting } from './classical-policies';
import type { OpenedEnvironment } from './open-environment';

/** A level of a curriculum, before any of its policies is made. */
export interface ListedLevel {
  readonly name: string;
  readonly opened: OpenedEnvironment;
  /** The key of the config for which a score is needed; null: it may be unknown. */
  readonly scoredFor: string | null;
}

type Level = NonNullable<Config['curriculum']>['levels'][number];

/**
 * A config's levels, the last of which is the environment itself; often there is no other.
 * @throws InputError for a level that is no such environment
 */
export function listLevels(opened: OpenedEnvironment, { curriculum }: Config): ListedLevel[] {
  const { levels = [], end = false } = curriculum ?? {};
  return [
    ...levels.map((level, index) => ({
      name: level.name,
      opened: changeEnvironment(opened, level),
      scoredFor: `curriculum.levels.${index}`,
    })),
    {
      name: levels.length > 0 ? 'target' : opened.kind.id,
      opened,
      scoredFor: end ? 'curriculum.end' : null,
    },
  ];
}

/** Where a level has no score. @throws InputError if it needs one */
export function refuseUnscored({ name, scoredFor }: ListedLevel): void {
  if (scoredFor === null) return;
  throw new InputError(
    `${scoredFor}: ${name} has no known optimum to be scored against; expected curriculum.references, which names policies to measure between`,
  );
}

/**
 * Checks the classical policies that a config names, without making them.
 * @throws InputError for one that does not exist or does not play where it is wanted, or a level without a score
 */
export function checkPolicies(opened: OpenedEnvironment, config: Config): void {
  const { evaluation, policy, curriculum } = config;
  const check = (name: string, at = opened): void => void findFitting(name, at);
  evaluation.baselines.forEach((name) => check(name));
  if (policy.residual !== null) check(policy.residual);
  const levels = listLevels(opened, config);
  if (curriculum?.initialise) check(curriculum.initialise.from, levels[0]!.opened);
  for (const level of levels) {
    const { kind, parameters } = level.opened;
    const references = curriculum?.references ?? kind.references?.(parameters);
    if (!references) refuseUnscored(level);
    else if (curriculum?.references) {
      check(references.naive, level.opened);
      check(references.optimum, level.opened);
    }
  }
}

function changeEnvironment(opened: OpenedEnvironment, { name, env }: Level): OpenedEnvironment {
  const merged = merge(opened.parameters as Record<string, unknown>, env);
  const where = `curriculum.levels (${name}).env`;
  const parameters = parseConfig(opened.kind.schema, merged, where) as object;
  const environment = makeFromKind(opened.kind, parameters, opened.data);
  return { ...opened, parameters, environment };
}
