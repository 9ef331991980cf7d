import fc from 'fast-check';

import { orthogonalMatrix } from '../../../algorithms/policies/orthogonal';
import { float32s, numbersFrom } from '../reference';

test('rows or columns, whichever are fewer, are orthogonal and as long as the gain', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 24 }),
      fc.integer({ min: 1, max: 24 }),
      fc.double({ min: 0.01, max: 3, noNaN: true }),
      fc.integer(),
      (rows, columns, gain, seed) => {
        const draws = float32s(rows * columns, numbersFrom(seed));
        const matrix = orthogonalMatrix(rows, columns, gain, draws);
        const at = (i: number, j: number): number =>
          rows <= columns ? matrix[i * columns + j]! : matrix[j * columns + i]!;
        const [count, length] = [Math.min(rows, columns), Math.max(rows, columns)];
        for (let a = 0; a < count; a += 1) {
          for (let b = 0; b <= a; b += 1) {
            let sum = 0;
            for (let j = 0; j < length; j += 1) sum += at(a, j) * at(b, j);
            expect(Math.abs(sum - (a === b ? gain * gain : 0))).toBeLessThan(1e-6 * gain * gain);
          }
        }
        expect(orthogonalMatrix(rows, columns, gain, draws)).toEqual(matrix);
      },
    ),
    { numRuns: 60 },
  );
});

test('the first row keeps the direction of its draws: the decomposition has a positive diagonal', () => {
  const draws = float32s(12, numbersFrom(3));
  const matrix = orthogonalMatrix(3, 4, 2, draws);
  const norm = Math.hypot(...draws.slice(0, 4));
  for (let j = 0; j < 4; j += 1) expect(matrix[j]).toBeCloseTo((2 * draws[j]!) / norm, 6);
});
