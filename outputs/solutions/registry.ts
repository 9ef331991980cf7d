import { closest } from 'fastest-levenshtein';

import { InputError } from '../../engine/input-error';
import { almgrenChrissSolution } from './almgren-chriss';
import { continuousExecutionSolution } from './almgren-chriss-continuous';
import { obizhaevaWangSolution } from './obizhaeva-wang';
import { avellanedaStoikovSolution } from './avellaneda-stoikov';
import { basketSolution } from './basket';
import { caraQuotesSolution } from './cara-quotes';
import { carteaJaimungalSolution } from './cartea-jaimungal';
import { gueantLehalleSolution } from './gueant-lehalle';
import { liquidationGameSolution } from './liquidation-game';
import { orderChoiceSolution } from './order-choice';
import { raidSolution } from './raid';
import { scheduleSolution } from './schedule';
import type { Solution } from './solution';
import { tourSolution } from './tour';
import { twapSolution } from './twap';
import { valueIterationSolution } from './value-iteration';
import { vwapSolution } from './vwap';

/** What `solve` knows, in the order in which it lists them. */
export const solutions: readonly Solution[] = [
  scheduleSolution,
  almgrenChrissSolution,
  continuousExecutionSolution,
  obizhaevaWangSolution,
  twapSolution,
  vwapSolution,
  tourSolution,
  basketSolution,
  liquidationGameSolution,
  orderChoiceSolution,
  raidSolution,
  avellanedaStoikovSolution,
  gueantLehalleSolution,
  carteaJaimungalSolution,
  valueIterationSolution,
  caraQuotesSolution,
];

/** @throws InputError that names the nearest one if there is none of that name */
export function findSolution(name: string): Solution {
  const found = solutions.find(({ solver }) => solver.name === name);
  if (found) return found;
  const names = solutions.map(({ solver }) => solver.name);
  throw new InputError(
    `there is no solver '${name}'; did you mean '${closest(name, names)}'? Valid: ${names.join(', ')}`,
  );
}
