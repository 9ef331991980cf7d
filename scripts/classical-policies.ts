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
  { kind, parameters, environment, policies }: OpenedEnvironment,
): ClassicalPolicy[] {
  return [...new Set(names)].map((name) => {
    const solver = findSolver(name, policies);
    if (!applies(solver, kind.id)) {
      const valid = policies.filter((candidate) => applies(candidate, kind.id));
      throw new InputError(
        `policy '${name}' does not play ${kind.id}; those that do: ${valid.map((one) => one.name).join(', ')}`,
      );
    }
    return solver.create(kind.id, parameters, environment.definition);
  });
}

const applies = ({ environments }: PolicySolver, id: string): boolean =>
  environments === 'any' || environments.includes(id);
