import type { EnvironmentDefinition } from '../../envs/environment';
import type { MarketMakingConfig } from '../../envs/market-making/config';
import {
  certaintyEquivalent,
  expectedReturn,
  profitMoments,
  type QuoteModel,
  quoteModel,
  solveOptimalQuotes,
} from '../solvers/quote-evaluation';
import type { QuoteTable } from '../solvers/quote-table';
import { tabulatePolicy } from '../solvers/tabulate-policy';
import type { EvaluatedPolicy } from './simulate';

/** Exact figures of a market maker's episode. */
export interface ExactQuotes {
  readonly policy: string;
  /** Mean of the undiscounted sum of rewards. */
  readonly expectedReturn: number;
  /** Quote currency. */
  readonly profit: { readonly mean: number; readonly std: number };
  /** Shares. */
  readonly finalInventory: { readonly std: number };
  /** Of the profit, at the environment's risk aversion; quote currency. */
  readonly certaintyEquivalent: number;
}

/**
 * Each policy's quotes, tabulated by step and inventory and evaluated by recursion on the inventory;
 * last those with the greatest expected return, where actions are depths without an upper bound.
 * @throws InputError where more than step and inventory drives fills and penalties
 */
export function evaluateQuotes(
  config: MarketMakingConfig,
  definition: EnvironmentDefinition,
  policies: readonly EvaluatedPolicy[],
): ExactQuotes[] {
  const model = quoteModel(config);
  const figures = (policy: string, table: QuoteTable): ExactQuotes => {
    const { mean, deviation, inventoryDeviation } = profitMoments(model, table);
    return {
      policy,
      expectedReturn: expectedReturn(model, table),
      profit: { mean, std: deviation },
      finalInventory: { std: inventoryDeviation },
      certaintyEquivalent: certaintyEquivalent(model, table, config.riskAversion),
    };
  };
  return [
    ...policies.map((policy) =>
      figures(
        policy.name,
        tabulatePolicy(config, definition, (input) => policy.act(input)),
      ),
    ),
    ...(hasKnownOptimum(config, model) ? [figures('optimum', solveOptimalQuotes(model))] : []),
  ];
}

const hasKnownOptimum = ({ actions, depth }: MarketMakingConfig, { fills }: QuoteModel): boolean =>
  fills.kind === 'exponential' && actions.kind === 'continuous' && depth.maximum === null;
