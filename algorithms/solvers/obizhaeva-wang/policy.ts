import { InputError } from '../../../engine/input-error';
import type { ExecutionConfig } from '../../../envs/execution/config';
import { referencePerPeriod } from '../../../envs/processes/coefficients';
import { planningMarket } from '../almgren-chriss';
import type { PolicySolver } from '../policy';
import { schedulePolicy } from '../schedule-policy';
import { minimiseQuadratic } from './bounded-quadratic';
import { mostTrades } from './cholesky';

/**
 * The schedule of least E + λV among those fixed in advance, under all that the execution environment charges
 * (temporary, permanent and transient impact, and risk) and all that it allows (no trade against the order,
 * none above the capacity). The cost of `scheduleCost` is ½nᵀMn + ε·X in the trades n, with
 * M_jk = κe^{−ρτ|j − k|} + γ + 2λσ²τ·min(j, k), j, k = 0 … N − 1, and 2η/τ − γ more on the diagonal. Where a
 * coefficient is drawn, its typical value counts.
 * @returns n₁ … n_N, shares
 * @throws InputError where no schedule is the cheapest, and for thousands of periods
 */
export function solveTransientSchedule(config: ExecutionConfig): Float64Array {
  const { periods, horizon, quantity, riskAversion } = config;
  if (periods > mostTrades) {
    throw new InputError(`env.periods: ${periods}; expected at most ${mostTrades}`);
  }
  const market = planningMarket(config);
  const tau = horizon / periods;
  const decay = market.resilience * tau;
  const risk = 2 * riskAversion * market.volatility ** 2 * tau;
  const matrix = new Float64Array(periods * periods);
  for (let k = 0; k < periods; k += 1) {
    matrix[k * periods + k] =
      2 * (market.temporaryImpact[k]! / tau) + market.transientImpact + risk * k;
    for (let j = 0; j < k; j += 1) {
      matrix[k * periods + j] =
        market.transientImpact * Math.exp(-decay * (k - j)) + market.permanentImpact + risk * j;
    }
  }
  const trades = minimiseQuadratic(matrix, quantity, capacities(config));
  if (trades === null) {
    throw new InputError(
      'env: no schedule is the cheapest: E + λV is not convex in the trades; expected more temporary impact',
    );
  }
  return trades;
}

/** Where they are drawn and too few, scaled up as the environment does. */
function capacities({ capacity, quantity, periods }: ExecutionConfig): Float64Array {
  if (capacity === null) return new Float64Array(periods).fill(Infinity);
  const typical = referencePerPeriod(capacity, periods);
  const scale = Math.max(1, quantity / typical.reduce((sum, shares) => sum + shares, 0));
  return Float64Array.from(typical, (shares) => shares * scale);
}

export const obizhaevaWang: PolicySolver<ExecutionConfig> = {
  name: 'obizhaeva-wang',
  description:
    'The cheapest schedule fixed in advance under transient, temporary and permanent impact, risk and capacities, by the typical values of the coefficients (Obizhaeva and Wang 2013 where impact is transient only).',
  environments: ['execution'],
  create: (_kindId, config) =>
    schedulePolicy('obizhaeva-wang', config, solveTransientSchedule(config)),
};
