import { InputError } from '../../../engine/input-error';
import type { ExecutionConfig } from '../../../envs/execution/config';
import { planningMarket } from '../almgren-chriss';
import type { PolicySolver } from '../policy';
import { schedulePolicy } from '../schedule-policy';
import { solvePositiveDefinite } from './cholesky';

/**
 * The schedule of least E + λV among those fixed in advance, under all that the execution environment charges:
 * temporary, permanent and transient impact, and risk. The cost of `scheduleCost` is ½nᵀMn + ε·X in the trades
 * n, so that Mn is the same in every period: n = X·M⁻¹1 / 1ᵀM⁻¹1. Where a coefficient is drawn, its typical
 * value counts; capacities do not.
 * @returns n₁ … n_N, shares; may be negative where it pays to buy back
 * @throws InputError where no schedule is the cheapest
 */
export function solveTransientSchedule(config: ExecutionConfig): Float64Array {
  const { periods, horizon, quantity, riskAversion } = config;
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
  const even = new Float64Array(periods).fill(1);
  const shares = solvePositiveDefinite(matrix, even);
  if (shares === null) {
    throw new InputError(
      'env: no schedule is the cheapest: E + λV is not convex in the trades; expected more temporary impact',
    );
  }
  const total = shares.reduce((sum, share) => sum + share, 0);
  return shares.map((share) => (quantity * share) / total);
}

export const obizhaevaWang: PolicySolver<ExecutionConfig> = {
  name: 'obizhaeva-wang',
  description:
    'The cheapest schedule fixed in advance under transient, temporary and permanent impact and risk, by the typical values of the coefficients (Obizhaeva and Wang 2013 where impact is transient only); negative trades become zero.',
  environments: ['execution'],
  create: (_kindId, config) =>
    schedulePolicy('obizhaeva-wang', config, solveTransientSchedule(config)),
};
