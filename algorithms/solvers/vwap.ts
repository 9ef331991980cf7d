import { z } from 'zod';

import { InputError } from '../../engine/input-error';
import type { ExecutionConfig } from '../../envs/execution/config';
import type { PolicySolver } from './policy';
import { schedulePolicy } from './schedule-policy';
import { defineSolver } from './solver';

/**
 * Trades in proportion to the market's volume, Q·V_t/ΣV: the cheapest schedule where impact goes as 1/V_t,
 * at the cost Q²/(2ΣV) of impact 1/V_t.
 * @param quantity shares; negative for a purchase
 * @param volume V₁ … V_N, shares, or any multiple of them
 */
export function solveVwap({
  quantity,
  volume,
}: {
  readonly quantity: number;
  readonly volume: readonly number[];
}): { readonly trades: Float64Array; readonly holdings: Float64Array } {
  const total = volume.reduce((sum, v) => sum + v, 0);
  if (!(total > 0)) throw new InputError('volume: zero in every period; expected some volume');
  const trades = Float64Array.from(volume, (v) => (quantity * v) / total);
  const holdings = new Float64Array(volume.length + 1);
  // From the end: what is held is a sum of what is still to come, and zero at last.
  for (let k = volume.length - 1; k >= 0; k -= 1) holdings[k] = holdings[k + 1]! + trades[k]!;
  return { trades, holdings };
}

export const vwap: PolicySolver<ExecutionConfig> = {
  name: 'vwap',
  description: "In proportion to the market's volume in each period.",
  environments: ['execution'],
  create(_kindId, config) {
    const { quantity, periods, marketVolume } = config;
    const volume =
      typeof marketVolume === 'number'
        ? new Array<number>(periods).fill(marketVolume)
        : marketVolume;
    return schedulePolicy('vwap', config, solveVwap({ quantity, volume }).trades);
  },
};

export const vwapSolver = defineSolver({
  name: 'vwap',
  title: "Execution in proportion to the market's volume",
  description: 'Trades Q·V/ΣV in each period: the optimum where impact is inverse to volume.',
  source:
    'Volume-weighted average price: Berkowitz, Logue and Noser (1988), Journal of Finance 43.',
  schema: z.strictObject({
    quantity: z
      .number()
      .describe('What is to be sold; negative for a purchase.')
      .meta({ unit: 'shares' }),
    volume: z
      .array(z.number().nonnegative())
      .min(1)
      .describe("The market's volume in each period, or its share of the day's.")
      .meta({ unit: 'shares' }),
  }),
  example: { quantity: 12, volume: [3, 2, 1, 2, 4] },
  solve(input) {
    const { trades, holdings } = solveVwap(input);
    return { trades: [...trades], holdings: [...holdings] };
  },
});
