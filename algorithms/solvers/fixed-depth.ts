import type { MarketMakingConfig } from '../../envs/market-making/config';
import { mostProfitableDepth } from '../../envs/processes/fills';
import type { PolicySolver } from './policy';
import { quotePolicy, tabulateQuotes } from './quote-table';

/** The risk-neutral market maker: the depth that earns most per order, 1/k for exponential fills. */
export const fixedDepth: PolicySolver<MarketMakingConfig> = {
  name: 'fixed-depth',
  description: 'On both sides the constant depth that earns most per market order.',
  environments: ['market-making'],
  create(_kindId, config) {
    const depth = mostProfitableDepth(config.fills);
    return quotePolicy(
      'fixed-depth',
      config,
      tabulateQuotes(1, config.inventory.maximum, () => ({ bid: depth, ask: depth })),
    );
  },
};
