/**
 * A matrix with orthonormal rows or columns (whichever are fewer), times a gain: the Q of the QR
 * decomposition of Gaussian draws (Saxe, McClelland & Ganguli 2014), by Gram–Schmidt in float64.
 * @param normals rows·columns independent standard normals
 * @returns row-major [rows, columns]
 */
export function orthogonalMatrix(
  rows: number,
  columns: number,
  gain: number,
  normals: ArrayLike<number>,
): Float32Array {
  const count = Math.min(rows, columns);
  const length = Math.max(rows, columns);
  const vectors: Float64Array[] = [];
  for (let i = 0; i < count; i += 1) {
    const vector = Float64Array.from({ length }, (_, j) => normals[i * length + j]!);
    // Twice is enough: the second pass removes what rounding left of the first.
    for (let pass = 0; pass < 2; pass += 1) {
      for (const other of vectors) {
        const overlap = dot(vector, other);
        for (let j = 0; j < length; j += 1) vector[j] = vector[j]! - overlap * other[j]!;
      }
      const norm = Math.sqrt(dot(vector, vector));
      for (let j = 0; j < length; j += 1) vector[j] = vector[j]! / norm;
    }
    vectors.push(vector);
  }
  const matrix = new Float32Array(rows * columns);
  for (let i = 0; i < count; i += 1) {
    for (let j = 0; j < length; j += 1) {
      const index = rows <= columns ? i * columns + j : j * columns + i;
      matrix[index] = gain * vectors[i]![j]!;
    }
  }
  return matrix;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < a.length; j += 1) sum += a[j]! * b[j]!;
  return sum;
}
