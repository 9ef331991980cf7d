/** So many unknowns take some seconds, and twice as many eight times as long. */
export const mostTrades = 4000;

/**
 * Solves A u = b for a symmetric positive definite A by Cholesky's decomposition, n³/3 multiplications.
 *
 * On one flat array, four rows at a time, so that each entry read from memory serves four sums: ml-matrix
 * keeps an array a row and reads each entry by a call, which takes many times as long at n = 2,000.
 * @param matrix [n, n] row-major, of which the lower triangle counts; it is replaced by the factor
 * @returns null where A is not positive definite to working precision
 */
export function solvePositiveDefinite(
  matrix: Float64Array,
  right: ArrayLike<number>,
): Float64Array | null {
  const n = right.length;
  if (!factorise(matrix, n)) return null;
  const solution = Float64Array.from(right);
  for (let i = 0; i < n; i += 1) {
    let sum = solution[i]!;
    for (let k = 0; k < i; k += 1) sum -= matrix[i * n + k]! * solution[k]!;
    solution[i] = sum / matrix[i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i -= 1) {
    const value = solution[i]! / matrix[i * n + i]!;
    solution[i] = value;
    for (let k = 0; k < i; k += 1) solution[k]! -= matrix[i * n + k]! * value;
  }
  return solution;
}

function factorise(matrix: Float64Array, n: number): boolean {
  for (let top = 0; top < n; top += 4) {
    const height = Math.min(4, n - top);
    if (height === 4) factoriseFourRows(matrix, n, top);
    for (let i = top; i < top + height; i += 1) {
      for (let j = height === 4 ? top : 0; j <= i; j += 1) {
        const diagonal = matrix[i * n + j]!;
        let sum = diagonal;
        for (let k = 0; k < j; k += 1) sum -= matrix[i * n + k]! * matrix[j * n + k]!;
        if (i > j) matrix[i * n + j] = sum / matrix[j * n + j]!;
        else if (sum > 1e-14 * diagonal) matrix[i * n + i] = Math.sqrt(sum);
        else return false;
      }
    }
  }
  return true;
}

/** The factor's rows top … top + 3, left of their own columns. */
function factoriseFourRows(matrix: Float64Array, n: number, top: number): void {
  const [a, b, c, d] = [top * n, (top + 1) * n, (top + 2) * n, (top + 3) * n];
  for (let j = 0; j < top; j += 1) {
    const row = j * n;
    let [inA, inB, inC, inD] = [matrix[a + j]!, matrix[b + j]!, matrix[c + j]!, matrix[d + j]!];
    for (let k = 0; k < j; k += 1) {
      const value = matrix[row + k]!;
      inA -= matrix[a + k]! * value;
      inB -= matrix[b + k]! * value;
      inC -= matrix[c + k]! * value;
      inD -= matrix[d + k]! * value;
    }
    const pivot = matrix[row + j]!;
    matrix[a + j] = inA / pivot;
    matrix[b + j] = inB / pivot;
    matrix[c + j] = inC / pivot;
    matrix[d + j] = inD / pivot;
  }
}
