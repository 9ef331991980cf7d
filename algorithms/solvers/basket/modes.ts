import { CholeskyDecomposition, EigenvalueDecomposition, type Matrix } from 'ml-matrix';

import { InputError } from '../../../engine/input-error';
import { solveAlmgrenChriss } from '../almgren-chriss';
import { timesVector } from './matrices';

/** Combinations of assets that trade as if each were alone: z = Vᵀx. */
export interface Modes {
  /** a_j, rising, 1/(quote currency · time²): risk beside impact. */
  readonly risks: readonly number[];
  /** Back from the modes, x = Wz: W = L^{−ᵀ}U. */
  readonly assets: Matrix;
  /** To the modes: V = LU. */
  readonly loadings: Matrix;
}

/**
 * The generalised eigenproblem Cw = aH̃w, as A = L⁻¹CL^{−ᵀ} = U diag(a) Uᵀ with H̃ = LLᵀ. The factor
 * of Cholesky does what H̃^{1/2} does, and is as exact where assets differ in scale.
 * @param impact H̃, symmetric
 * @param covariance C, symmetric
 * @throws InputError where H̃ is not positive definite or C not positive semidefinite
 */
export function findModes(impact: Matrix, covariance: Matrix): Modes {
  const factor = new CholeskyDecomposition(impact);
  if (!factor.isPositiveDefinite()) {
    const [smallest] = diagonalise(impact).values;
    throw new InputError(
      `temporaryImpact: H̃ = sym(H) − ½τ·sym(Γ) is not positive definite (smallest eigenvalue ${smallest}); expected more temporary impact, less permanent impact or shorter periods`,
    );
  }
  const lower = factor.lowerTriangularMatrix;
  const half = solveLower(lower, covariance).transpose();
  const whole = solveLower(lower, half);
  const { values: risks, vectors: rotation } = diagonalise(whole.add(whole.transpose()).mul(0.5));
  if (risks[0]! < -1e-10 * Math.abs(risks.at(-1)!)) {
    throw new InputError(
      `covariance: not positive semidefinite (smallest eigenvalue ${diagonalise(covariance).values[0]}); expected a matrix of variances and covariances`,
    );
  }
  return {
    risks: risks.map((risk) => Math.max(0, risk)),
    assets: solveUpper(lower, rotation),
    loadings: lower.mmul(rotation),
  };
}

/**
 * Each mode trades as one asset with η̃ = 1 and σ² = a_j.
 * @returns x₁ … x_N and n₁ … n_N, each [m], and κ_j
 * @throws InputError where λ is so negative that E + λV has no minimum
 */
export function tradeModes(
  { risks, assets, loadings }: Modes,
  problem: {
    readonly quantities: Float64Array;
    readonly periods: number;
    readonly horizon: number;
    readonly riskAversion: number;
  },
): { holdings: Float64Array[]; trades: Float64Array[]; rates: Float64Array } {
  const { periods, horizon } = problem;
  // A single trade leaves nothing to choose, however much risk is sought.
  const riskAversion = periods === 1 ? Math.max(0, problem.riskAversion) : problem.riskAversion;
  const tau = horizon / periods;
  const least = (-4 * Math.sin(Math.PI / (2 * periods)) ** 2) / (risks.at(-1)! * tau ** 2);
  if (riskAversion < 0 && !(riskAversion > least)) {
    throw new InputError(
      `riskAversion: ${riskAversion} is so negative that E + λV has no minimum; expected more than ${least}`,
    );
  }
  const start = timesVector(loadings.transpose(), problem.quantities);
  const alone = risks.map((risk, j) =>
    solveAlmgrenChriss({
      quantity: start[j]!,
      periods,
      horizon,
      volatility: Math.sqrt(risk),
      temporaryImpact: 1,
      permanentImpact: 0,
      spreadCost: 0,
      riskAversion,
    }),
  );
  const combine = (key: 'holdings' | 'trades', k: number) =>
    timesVector(
      assets,
      Float64Array.from(alone, (mode) => mode[key][k]!),
    );
  return {
    holdings: Array.from({ length: periods }, (_, k) => combine('holdings', k + 1)),
    trades: Array.from({ length: periods }, (_, k) => combine('trades', k)),
    rates: Float64Array.from(alone, ({ kappa }) => kappa),
  };
}

/**
 * Eigenvalues, rising, and eigenvectors of a symmetric matrix. Scaled to 1, and without entries whose
 * squares underflow: on those the routine of ml-matrix fails.
 */
function diagonalise(matrix: Matrix): { values: number[]; vectors: Matrix } {
  const scale = Math.max(matrix.max(), -matrix.min()) || 1;
  const scaled = matrix.clone().div(scale);
  scaled.apply((i, j) => {
    if (Math.abs(scaled.get(i, j)) < 1e-100) scaled.set(i, j, 0);
  });
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(scaled, {
    assumeSymmetric: true,
  });
  return { values: realEigenvalues.map((value) => value * scale), vectors: eigenvectorMatrix };
}

/** L⁻¹B; ml-matrix solves with LLᵀ only. */
function solveLower(lower: Matrix, right: Matrix): Matrix {
  const result = right.clone();
  for (let column = 0; column < result.columns; column += 1) {
    for (let i = 0; i < lower.rows; i += 1) {
      let sum = result.get(i, column);
      for (let j = 0; j < i; j += 1) sum -= lower.get(i, j) * result.get(j, column);
      result.set(i, column, sum / lower.get(i, i));
    }
  }
  return result;
}

/** L^{−ᵀ}B */
function solveUpper(lower: Matrix, right: Matrix): Matrix {
  const result = right.clone();
  for (let column = 0; column < result.columns; column += 1) {
    for (let i = lower.rows - 1; i >= 0; i -= 1) {
      let sum = result.get(i, column);
      for (let j = i + 1; j < lower.rows; j += 1) sum -= lower.get(j, i) * result.get(j, column);
      result.set(i, column, sum / lower.get(i, i));
    }
  }
  return result;
}
