import { z } from 'zod';

import type { ExecutionConfig } from '../../envs/execution/config';
import type { PolicySolver } from './policy';
import { schedulePolicy } from './schedule-policy';
import { defineSolver } from './solver';

/** Equal trades in every period: the cheapest schedule where impact is constant and risk is free. */
export function solveTwap({ quantity, periods }: { quantity: number; periods: number }): {
  /** x₀ … x_N, shares. */
  readonly holdings: Float64Array;
  /** n₁ … n_N, shares. */
  readonly trades: Float64Array;
} {
  return {
    holdings: Float64Array.from(
      { length: periods + 1 },
      (_, k) => (quantity * (periods - k)) / periods,
    ),
    trades: new Float64Array(periods).fill(quantity / periods),
  };
}

export const twap: PolicySolver<ExecutionConfig> = {
  name: 'twap',
  description: 'The same number of shares in every period.',
  environments: ['execution'],
  create: (_kindId, config) => schedulePolicy('twap', config, solveTwap(config).trades),
};

export const twapSolver = defineSolver({
  name: 'twap',
  title: 'Execution in equal trades',
  description: 'The same number of shares in every period.',
  source: 'Time-weighted average price: the benchmark of the trade.',
  schema: z.strictObject({
    quantity: z
      .number()
      .describe('What is to be sold; negative for a purchase.')
      .meta({ unit: 'shares' }),
    periods: z.int().positive().describe('How many trades.').meta({ unit: 'periods' }),
  }),
  example: { quantity: 1200, periods: 6 },
  solve(input) {
    const { trades, holdings } = solveTwap(input);
    return { trades: [...trades], holdings: [...holdings] };
  },
});
