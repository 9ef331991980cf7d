import { closest } from 'fastest-levenshtein';

import { InputError } from '../../engine/input-error';
import { abstain } from './abstain';
import { almgrenChriss } from './almgren-chriss';
import { avellanedaStoikov } from './avellaneda-stoikov';
import { bestConstantOrder } from './best-constant-order';
import { caraQuotes } from './cara-quotes';
import { carteaJaimungal } from './cartea-jaimungal';
import { fixedDepth } from './fixed-depth';
import { gueantLehalle } from './gueant-lehalle';
import { immediate, joinBest, submitAndLeave } from './limit-order-book/execution-policies';
import { joinQuotes } from './limit-order-book/quoting-policies';
import { noQuotes } from './no-quotes';
import { obizhaevaWang } from './obizhaeva-wang/policy';
import { orderChoice } from './order-choice/policy';
import { orderPlacement } from './order-placement';
import type { PolicySolver } from './policy';
import { raidPolicy } from './raid/policy';
import { randomActions } from './random';
import { schedulePolicySolver } from './schedule/water-filling';
import { nearest, rollout, tour } from './sequencing';
import { symmetricQuotes } from './symmetric-quotes';
import { twap } from './twap';
import { valueIteration } from './value-iteration';
import { vectorAlmgrenChriss } from './vector-almgren-chriss';
import { vwap } from './vwap';

/** The classical policies, by the names under which configs and commands ask for them. */
export const solvers: readonly PolicySolver[] = [
  twap,
  vwap,
  schedulePolicySolver,
  almgrenChriss,
  obizhaevaWang,
  vectorAlmgrenChriss,
  avellanedaStoikov,
  gueantLehalle,
  carteaJaimungal,
  valueIteration,
  caraQuotes,
  symmetricQuotes,
  fixedDepth,
  noQuotes,
  raidPolicy,
  abstain,
  orderPlacement,
  orderChoice,
  bestConstantOrder,
  tour,
  rollout,
  nearest,
  immediate,
  joinBest,
  ...submitAndLeave,
  joinQuotes,
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
