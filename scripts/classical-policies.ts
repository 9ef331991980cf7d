import type { ReferencePoints } from '../algorithms/evaluation/score';
import type { ClassicalPolicy, PolicySolver } from '../algorithms/solvers/policy';
import { findSolver } from '../algorithms/solvers/registry';
import { InputError } from '../engine/input-error';
import type { References } from '../envs/kind';
import type { OpenedEnvironment } from './open-environment';

/**
 * The classical policies of these names for an environment; a name given twice counts once.
 * @throws InputError for a name that does not exist or does not apply to the environment
 */
export function createClassicalPolicies(
  names: readonly string[],
  opened: OpenedEnvironment,
): ClassicalPolicy[] {
  const { kind, parameters, environment } = opened;
  return [...new Set(names)].map((name) =>
    findFitting(name, opened).create(kind.id, parameters, environment.definition),
  );
}

/**
 * The classical policy of that name, not made yet, which may take long.
 * @throws InputError for a name that does not exist or does not apply to the environment
 */
export function findFitting(name: string, opened: OpenedEnvironment): PolicySolver {
  const solver = findSolver(name, opened.policies);
  const fitting = fittingPolicies(opened);
  if (fitting.includes(solver)) return solver;
  throw new InputError(
    `policy '${name}' does not play ${opened.kind.id}; those that do: ${fitting.map((one) => one.name).join(', ')}`,
  );
}

/**
 * Every classical policy that takes an environment as it is configured.
 * @param onRefused told which of those that play it do not, and why
 */
export function createFittingPolicies(
  opened: OpenedEnvironment,
  onRefused: (name: string, reason: string) => void,
): ClassicalPolicy[] {
  return fittingPolicies(opened).flatMap(({ name }) => {
    try {
      return createClassicalPolicies([name], opened);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      onRefused(name, error.message);
      return [];
    }
  });
}

/** The classical policies that play an environment. */
export const fittingPolicies = ({
  kind,
  parameters,
  policies,
}: OpenedEnvironment): PolicySolver[] =>
  policies.filter(
    (solver) =>
      solver.environments === 'any' ||
      (solver.environments.includes(kind.id) && (solver.fits?.(parameters) ?? true)),
  );

/**
 * The classical policies between which this environment's score is measured; null where no optimum is
 * known, or where its solver does not take the case.
 * @param given in place of the environment's own
 * @throws InputError if those given do not exist, or do not take the case
 */
export function createReferences(
  opened: OpenedEnvironment,
  given: References | null = null,
): ReferencePoints<ClassicalPolicy> | null {
  const names = given ?? opened.kind.references?.(opened.parameters);
  if (!names) return null;
  try {
    const [naive, optimum] = [names.naive, names.optimum].flatMap((name) =>
      createClassicalPolicies([name], opened),
    );
    return { naive: naive!, optimum: optimum! };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    if (given === null) return null;
    throw new InputError(`curriculum.references: ${error.message}`);
  }
}

export function disposeReferences(references: ReferencePoints<ClassicalPolicy> | null): void {
  references?.naive.dispose?.();
  references?.optimum.dispose?.();
}
