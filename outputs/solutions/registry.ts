import { closest } from 'fastest-levenshtein';

import { InputError } from '../../engine/input-error';
import type { Solution } from './solution';
import { twapSolution } from './twap';

/** What `solve` knows, in the order in which it lists them. */
export const solutions: readonly Solution[] = [twapSolution];

/** @throws InputError that names the nearest one if there is none of that name */
export function findSolution(name: string): Solution {
  const found = solutions.find(({ solver }) => solver.name === name);
  if (found) return found;
  const names = solutions.map(({ solver }) => solver.name);
  throw new InputError(
    `there is no solver '${name}'; did you mean '${closest(name, names)}'? Valid: ${names.join(', ')}`,
  );
}
