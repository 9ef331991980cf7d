import { closest } from 'fastest-levenshtein';

import { InputError } from '../../engine/input-error';
import { almgrenChriss } from './almgren-chriss';
import { avellanedaStoikov } from './avellaneda-stoikov';
import { caraQuotes } from './cara-quotes';
import { carteaJaimungal } from './cartea-jaimungal';
import { fixedDepth } from './fixed-depth';
import { gueantLehalle } from './gueant-lehalle';
import { noQuotes } from './no-quotes';
import { obizhaevaWang } from './obizhaeva-wang/policy';
import type { PolicySolver } from './policy';
import { randomActions } from './random';
import { schedulePolicySolver } from './schedule/water-filling';
import { symmetricQuotes } from './symmetric-quotes';
import { twap } from './twap';
import { valueIteration } from './value-iteration';
import { vwap } from './vwap';

/** The classical policies, by the names under which configs and commands ask for them. */
export const solvers: readonly PolicySolver[] = [
  twap,
  vwap,
  schedulePolicySolver,
  almgrenChriss,
  obizhaevaWang,
  avellanedaStoikov,
  gueantLehalle,
  carteaJaimungal,
  valueIteration,
  caraQuotes,
  symmetricQuotes,
  fixedDepth,
  noQuotes,
  randomActions,
];

/**
 * The solver of that name.
 * @param among the first one counts; default those of the library
 * @throws InputError that names the nearest one if there is none
 */
export function findSolver(name: string, among = solvers): PolicySolver {
  const found = among.find((solver) => solver.name === name);
  if (found) return found;
  const names = among.map((solver) => solver.name);
  throw new InputError(
    `there is no policy '${name}'; the nearest is '${closest(name, names)}' (all: ${names.join(', ')})`,
  );
}
