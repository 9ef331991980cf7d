import { Matrix } from 'ml-matrix';

import { InputError } from '../../../engine/input-error';

/** @throws InputError where the rows do not make a matrix of that size */
export function squareMatrix(rows: readonly (readonly number[])[], size: number, key: string) {
  const misfit = rows.find((row) => row.length !== size);
  if (rows.length !== size || misfit) {
    throw new InputError(
      `${key}: ${rows.length} rows${misfit ? `, one of ${misfit.length} numbers` : ''}; expected ${size} rows of ${size} numbers, as there are ${size} quantities`,
    );
  }
  return new Matrix(rows.map((row) => [...row]));
}

/** (M + Mᵀ)/2 */
export const symmetricPart = (matrix: Matrix): Matrix =>
  matrix.clone().add(matrix.transpose()).mul(0.5);

/** (M − Mᵀ)/2 */
export const skewPart = (matrix: Matrix): Matrix => matrix.clone().sub(matrix.transpose()).mul(0.5);

/** Whether M = Mᵀ but for rounding. */
export function isSymmetric(matrix: Matrix): boolean {
  const skew = skewPart(matrix);
  return largest(skew) <= 1e-12 * largest(matrix);
}

const largest = (matrix: Matrix): number => Math.max(matrix.max(), -matrix.min());

/** M by a vector. */
export const timesVector = (matrix: Matrix, vector: Float64Array): Float64Array =>
  Float64Array.from(matrix.mmul(Matrix.columnVector(vector)).getColumn(0));
