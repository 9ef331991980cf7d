import type { MarketMakingConfig } from '../../envs/market-making/config';
import { withdrawnDepth } from '../../envs/market-making/quotes';
import type { PolicySolver } from './policy';
import { quotePolicy, tabulateQuotes } from './quote-table';

/** Stays out of the market; where a quote is compulsory (continuous depths), as far as it may. */
export const noQuotes: PolicySolver<MarketMakingConfig> = {
  name: 'no-quotes',
  description: 'Never quotes, or at the greatest depth that the environment allows.',
  environments: ['market-making'],
  create(_kindId, config) {
    const depth =
      config.actions.kind === 'grid' ? Infinity : (config.depth.maximum ?? withdrawnDepth);
    return quotePolicy(
      'no-quotes',
      config,
      tabulateQuotes(1, config.inventory.maximum, () => ({ bid: depth, ask: depth })),
    );
  },
};
