import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';

import { InputError } from '../../engine/input-error';
import type { BasketExecutionConfig } from '../../envs/basket-execution/config';
import type { ExecutionConfig } from '../../envs/execution/config';
import type { LimitOrderBookConfig } from '../../envs/limit-order-book/config';
import { bookTwap, isExecution } from './limit-order-book/execution-policies';
import type { ClassicalPolicy, PolicySolver } from './policy';
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

export const twap: PolicySolver<ExecutionConfig | BasketExecutionConfig | LimitOrderBookConfig> = {
  name: 'twap',
  description:
    'The same number of shares in every period; in an order book by market orders at equal times.',
  environments: ['execution', 'basket-execution', 'limit-order-book'],
  fits: (config) => !('task' in config) || isExecution(config),
  create(_kindId, config) {
    if ('assets' in config) return evenBasket(config);
    if (!('task' in config)) return schedulePolicy('twap', config, solveTwap(config).trades);
    if (isExecution(config)) return bookTwap(config);
    throw new InputError('twap: plays limit-order-book with task execute, not make');
  },
};

/** Actions of a basket are trades beyond an even pace. */
const evenBasket = ({ assets }: BasketExecutionConfig): ClassicalPolicy => ({
  name: 'twap',
  kind: 'classical',
  act: ({ state }) => tf.zeros([state.step!.shape[0]!, assets]),
});

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
