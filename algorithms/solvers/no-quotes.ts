import type { LimitOrderBookConfig } from '../../envs/limit-order-book/config';
import type { MarketMakingConfig } from '../../envs/market-making/config';
import { withdrawnDepth } from '../../envs/market-making/quotes';
import { bookNoQuotes, isMaking } from './limit-order-book/quoting-policies';
import type { PolicySolver } from './policy';
import { quotePolicy, tabulateQuotes } from './quote-table';

/** Stays out of the market; where a quote is compulsory (continuous depths), as far as it may. */
export const noQuotes: PolicySolver<MarketMakingConfig | LimitOrderBookConfig> = {
  name: 'no-quotes',
  description: 'Never quotes, or at the greatest depth that the environment allows.',
  environments: ['market-making', 'limit-order-book'],
  fits: (config) => !('task' in config) || isMaking(config),
  create(_kindId, config) {
    if ('task' in config) return bookNoQuotes();
    const depth =
      config.actions.kind === 'grid' ? Infinity : (config.depth.maximum ?? withdrawnDepth);
    return quotePolicy(
      'no-quotes',
      config,
      tabulateQuotes(1, config.inventory.maximum, () => ({ bid: depth, ask: depth })),
    );
  },
};
