import fc from 'fast-check';
import { Matrix } from 'ml-matrix';

import {
  carryBack,
  type InventoryEquation,
  solveStationary,
} from '../../../algorithms/solvers/inventory-equation';
import { evenNumber } from './even-number';

const equations = fc.record({
  fillDecay: evenNumber(0.2, 10),
  coupling: evenNumber(0.1, 20),
  running: evenNumber(0, 0.5),
  maximum: fc.integer({ min: 1, max: 6 }),
});

/** ω̇ = Mω */
function matrixOf({ fillDecay, coupling, running, maximum }: InventoryEquation): Matrix {
  const width = 2 * maximum + 1;
  const matrix = Matrix.zeros(width, width);
  for (let i = 0; i < width; i += 1) {
    matrix.set(i, i, -fillDecay * running * (i - maximum) ** 2);
    if (i > 0) matrix.set(i, i - 1, coupling);
    if (i + 1 < width) matrix.set(i, i + 1, coupling);
  }
  return matrix;
}

/** exp(τM) by scaling and squaring, with M shifted so that no entry is negative and no digit is lost. */
function exponential(matrix: Matrix, tau: number): { matrix: Matrix; shift: number } {
  const width = matrix.rows;
  const shift = Math.max(...matrix.diagonal().map((entry) => -entry));
  const shifted = matrix.clone().add(Matrix.eye(width, width).mul(shift)).mul(tau);
  const halvings = Math.max(0, Math.ceil(Math.log2(shifted.norm() + 1e-9)) + 1);
  const small = shifted.div(2 ** halvings);
  let sum = Matrix.eye(width, width);
  let term = Matrix.eye(width, width);
  for (let order = 1; order < 30; order += 1) {
    term = term.mmul(small).div(order);
    sum = sum.add(term);
  }
  for (let done = 0; done < halvings; done += 1) sum = sum.mmul(sum);
  return { matrix: sum, shift: shift * tau };
}

test('is the matrix exponential', () => {
  fc.assert(
    fc.property(equations, evenNumber(0, 3), evenNumber(0.01, 3), (equation, terminal, tau) => {
      const { fillDecay, maximum } = equation;
      const start = Float64Array.from(
        { length: 2 * maximum + 1 },
        (_, i) => -terminal * (i - maximum) ** 2,
      );
      const { matrix, shift } = exponential(matrixOf(equation), tau);
      const omega = matrix.mmul(
        Matrix.columnVector([...start].map((h) => Math.exp(fillDecay * h))),
      );
      const h = carryBack(equation, start, tau);
      omega.to1DArray().forEach((entry, i) => {
        const expected = Math.log(entry) - shift;
        expect(Math.abs(fillDecay * h[i]! - expected)).toBeLessThan(
          1e-9 * Math.max(1, Math.abs(expected)),
        );
      });
    }),
    { numRuns: 60 },
  );
});

test('the stationary profile is the leading eigenvector, to its smallest entry', () => {
  fc.assert(
    fc.property(equations, (equation) => {
      const { fillDecay, coupling, running, maximum } = equation;
      const { value, gain } = solveStationary(equation);
      for (let q = -maximum; q <= maximum; q += 1) {
        const neighbours = [q - 1, q + 1].filter((other) => Math.abs(other) <= maximum);
        const inflow = neighbours.reduce(
          (sum, other) =>
            sum + Math.exp(fillDecay * (value[other + maximum]! - value[q + maximum]!)),
          0,
        );
        const growth = coupling * inflow - fillDecay * running * q * q;
        const scale = 1 + fillDecay * gain + fillDecay * running * q * q;
        // A positive eigenvector belongs to the largest eigenvalue, no other.
        expect(Math.abs(growth - fillDecay * gain)).toBeLessThan(1e-10 * scale);
      }
    }),
    { numRuns: 100 },
  );
});

/** ω falls to exp(−kαQ²) = exp(−60,000) at the horizon. */
const steep: InventoryEquation = { fillDecay: 30, coupling: 3, running: 2, maximum: 20 };
const penalty = Float64Array.from({ length: 41 }, (_, i) => -5 * (i - 20) ** 2);

test('obeys its equation where exponents are beyond float64', () => {
  const { fillDecay, coupling, running, maximum } = steep;
  for (const tau of [1e-6, 1e-3, 0.3]) {
    const by = 1e-3 * tau;
    const before = carryBack(steep, penalty, tau - by);
    const now = carryBack(steep, before, by);
    const after = carryBack(steep, now, by);
    for (const q of [0, 1, 7, 15, 19]) {
      const at = (inventory: number) => now[inventory + maximum]!;
      const slope = (after[q + maximum]! - before[q + maximum]!) / (2 * by);
      const expected =
        -running * q * q +
        (coupling / fillDecay) *
          (Math.exp(fillDecay * (at(q + 1) - at(q))) + Math.exp(fillDecay * (at(q - 1) - at(q))));
      // The central difference is off by (by/τ)² of what ln τ contributes.
      const tolerance = 1e-5 * (1 / (fillDecay * tau)) * (q + 1) + 1e-5 * Math.abs(expected);
      expect(Math.abs(slope - expected)).toBeLessThan(tolerance);
    }
  }
});

test('the first fills after the horizon, in closed form', () => {
  // ω(q) tends to (ητ)^|q| / |q|! where the penalty at the horizon rules everything else out.
  const tau = 1e-12;
  const h = carryBack({ ...steep, running: 0 }, penalty, tau);
  for (const q of [1, 2, 10]) {
    let expected = 0;
    for (let n = 1; n <= q; n += 1) expected += Math.log((steep.coupling * tau) / n);
    expect(steep.fillDecay * h[20 + q]!).toBeCloseTo(expected, 8);
  }
});

test('two durations after each other are their sum, and a long one ends in the stationary profile', () => {
  const whole = carryBack(steep, penalty, 0.5);
  const parts = carryBack(steep, carryBack(steep, penalty, 0.2), 0.3);
  whole.forEach((entry, i) => expect(parts[i]).toBeCloseTo(entry, 8));
  const { value, gain } = solveStationary(steep);
  const late = carryBack(steep, penalty, 600);
  const later = carryBack(steep, penalty, 601);
  value.forEach((entry, i) => expect(late[i]! - late[20]!).toBeCloseTo(entry, 8));
  expect(later[20]! - late[20]!).toBeCloseTo(gain, 8);
});

test('without orders the penalty is all there is', () => {
  const still = { ...steep, coupling: 0 };
  expect(carryBack(still, penalty, 2)[23]).toBeCloseTo(-5 * 9 - 2 * 9 * 2, 10);
});

test('rates beyond float64 are refused', () => {
  expect(() => carryBack({ ...steep, running: 1e306 }, penalty, 1)).toThrow(
    'beyond the range of float64',
  );
});
