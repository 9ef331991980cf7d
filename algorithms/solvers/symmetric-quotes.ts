import type { MarketMakingConfig } from '../../envs/market-making/config';
import {
  avellanedaStoikovProblem,
  type AvellanedaStoikovProblem,
  spread,
} from './avellaneda-stoikov';
import type { PolicySolver } from './policy';
import { quotePolicy, type QuoteTable, tabulateQuotes } from './quote-table';

/**
 * The benchmark of Avellaneda and Stoikov (2008), section 3.3: their spread averaged over the
 * steps, centred on the mid price whatever the inventory.
 */
export function solveSymmetricQuotes(problem: AvellanedaStoikovProblem): QuoteTable {
  const { horizon, steps, maximum } = problem;
  // The spread is linear in the time left, whose mean over the starts of the steps this is.
  const meanTimeLeft = (horizon / 2) * (1 + 1 / steps);
  const half = spread(problem, meanTimeLeft) / 2;
  return tabulateQuotes(1, maximum, () => ({ bid: half, ask: half }));
}

export const symmetricQuotes: PolicySolver<MarketMakingConfig> = {
  name: 'symmetric',
  description:
    'The average Avellaneda–Stoikov spread around the mid price, whatever the inventory.',
  environments: ['market-making'],
  create: (_kindId, config) =>
    quotePolicy('symmetric', config, solveSymmetricQuotes(avellanedaStoikovProblem(config))),
};
