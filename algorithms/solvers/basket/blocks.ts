import { CholeskyDecomposition, Matrix } from 'ml-matrix';

import { InputError } from '../../../engine/input-error';
import { symmetricPart, timesVector } from './matrices';

/**
 * The schedule for any permanent impact, from the first-order conditions. The skew part K of Γ makes
 * the cost depend on the path: Σx_kᵀΓn_k = ½XᵀΓX − ½Σn_kᵀΓn_k + Σx_kᵀKx_{k−1}, since xᵀKx = 0. So
 *
 *   Bx_{k−1} + Dx_k + Bᵀx_{k+1} = 0,  D = (4/τ)H̃ + 2λτC,  B = −(2/τ)H̃ + K,  x₀ = X, x_N = 0,
 *
 * a block tridiagonal system, by elimination; its pivots are positive definite exactly if E + λV has
 * a minimum.
 * @param impact H̃, symmetric
 * @param skew K, skew
 * @param covariance C, symmetric
 * @returns x₁ … x_N, each [m]
 * @throws InputError where E + λV has no minimum
 */
export function solveBlocks(
  { impact, skew, covariance }: Readonly<Record<'impact' | 'skew' | 'covariance', Matrix>>,
  problem: {
    readonly quantities: Float64Array;
    readonly periods: number;
    readonly horizon: number;
    readonly riskAversion: number;
  },
): Float64Array[] {
  const { quantities, periods, horizon, riskAversion } = problem;
  const tau = horizon / periods;
  const diagonal = Matrix.add(
    Matrix.mul(impact, 4 / tau),
    Matrix.mul(covariance, 2 * riskAversion * tau),
  );
  const before = Matrix.add(Matrix.mul(impact, -2 / tau), skew);
  const after = before.transpose();

  /** x_k = offset_k − follow_k x_{k+1} */
  const follow: Matrix[] = [];
  const offset: Float64Array[] = [];
  let pivot = symmetricPart(diagonal);
  let right = timesVector(before, quantities).map((value) => -value);
  for (let k = 1; k < periods; k += 1) {
    const factor = new CholeskyDecomposition(pivot);
    if (!factor.isPositiveDefinite()) {
      throw new InputError(
        `${riskAversion < 0 ? 'riskAversion or permanentImpact' : 'permanentImpact'}: E + λV has no minimum; expected ${riskAversion < 0 ? 'a less negative λ or ' : ''}permanent impact nearer to symmetric: what it gives back on a round trip through several assets exceeds the temporary impact`,
      );
    }
    const next = factor.solve(after);
    const own = Float64Array.from(factor.solve(Matrix.columnVector(right)).getColumn(0));
    follow.push(next);
    offset.push(own);
    pivot = symmetricPart(Matrix.sub(diagonal, before.mmul(next)));
    right = timesVector(before, own).map((value) => -value);
  }

  const holdings = Array.from({ length: periods }, () => new Float64Array(quantities.length));
  for (let k = periods - 2; k >= 0; k -= 1) {
    const drawn = timesVector(follow[k]!, holdings[k + 1]!);
    holdings[k] = offset[k]!.map((value, i) => value - drawn[i]!);
  }
  return holdings;
}
