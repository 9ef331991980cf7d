import type { ReferencePoints } from '../algorithms/evaluation/score';
import type { ClassicalPolicy, PolicySolver } from '../algorithms/solvers/policy';
import { findSolver } from '../algorithms/solvers/registry';
import { InputError } from '../engine/input-error';
import type { OpenedEnvironment } from './open-environment';

/**
 * The classical policies of these names for an environment; a name given twice counts once.
 * @throws InputError for a name that does not exist or does not apply to the environment
 */
export function createClassicalPolicies(
  names: readonly string[],
  opened: OpenedEnvironment,
): ClassicalPolicy[] {
  const { kind, parameters, environment, policies } = opened;
  const fitting = fittingPolicies(opened);
  return [...new Set(names)].map((name) => {
    const solver = findSolver(name, policies);
    if (!fitting.includes(solver)) {
      throw new InputError(
        `policy '${name}' does not play ${kind.id}; those that do: ${fitting.map((one) => one.name).join(', ')}`,
      );
    }
    return solver.create(kind.id, parameters, environment.definition);
  });
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
 */
export function createReferences(
  opened: OpenedEnvironment,
): ReferencePoints<ClassicalPolicy> | null {
  const names = opened.kind.references?.(opened.parameters);
  if (!names) return null;
  try {
    const [naive, optimum] = createClassicalPolicies([names.naive, names.optimum], opened);
    return { naive: naive!, optimum: optimum! };
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
}

export function disposeReferences(references: ReferencePoints<ClassicalPolicy> | null): void {
  references?.naive.dispose?.();
  references?.optimum.dispose?.();
}
