/**
 * Solves A u = b for a symmetric positive definite A by Cholesky's decomposition, n³/3 multiplications.
 *
 * On one flat array whose rows are multiplied with each other: ml-matrix keeps an array a row and reads
 * each entry by a call, which takes many times as long at n = 2,000.
 * @param matrix [n, n] row-major; its lower triangle is replaced by the factor
 * @returns null where A is not positive definite to working precision
 */
export function solvePositiveDefinite(
  matrix: Float64Array,
  right: ArrayLike<number>,
): Float64Array | null {
  const n = right.length;
  for (let i = 0; i < n; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      let sum = matrix[i * n + j]!;
      for (let k = 0; k < j; k += 1) sum -= matrix[i * n + k]! * matrix[j * n + k]!;
      if (i > j) matrix[i * n + j] = sum / matrix[j * n + j]!;
      else if (!(sum > 1e-14 * matrix[i * n + i]!)) return null;
      else matrix[i * n + i] = Math.sqrt(sum);
    }
  }
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
