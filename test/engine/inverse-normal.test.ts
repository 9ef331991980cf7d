import { inverseNormal } from '../../engine/inverse-normal';

// Taken out of Math once: under jest every look at a global costs a call.
const { abs, exp, sqrt, PI, log, fround, max } = Math;

/** Upper tail of the standard normal for z ≥ 0, by series or continued fraction in float64. */
function upperTail(z: number): number {
  const density = exp((-z * z) / 2) / sqrt(2 * PI);
  if (z < 3) {
    // Φ(z) − 1/2 = φ(z) Σ z^(2k+1)/(1·3·5…(2k+1)): Abramowitz and Stegun 26.2.11.
    let term = z;
    let sum = z;
    for (let k = 1; term > 1e-18 * sum; k += 1) {
      term *= (z * z) / (2 * k + 1);
      sum += term;
    }
    return 0.5 - density * sum;
  }
  // Mills' ratio as a continued fraction: Abramowitz and Stegun 26.2.14.
  let fraction = z;
  for (let k = 200; k >= 1; k -= 1) fraction = z + k / fraction;
  return density / fraction;
}

/** −Φ⁻¹(p) for p ≤ 1/2 by Newton's method in float64. */
function exactQuantile(p: number): number {
  let z = p < 0.1 ? sqrt(-2 * log(p)) - 0.5 : sqrt(PI / 2) * 2 * (0.5 - p);
  for (let count = 0; count < 60; count += 1) {
    const step = (upperTail(z) - p) / (exp((-z * z) / 2) / sqrt(2 * PI));
    z += step;
    if (abs(step) < 1e-13) break;
  }
  return z;
}

const size = 2 ** 23;

describe('inverseNormal', () => {
  it('lies within 4e-7 of the quantile or of its size, from the median to the last of the 2^23 values', () => {
    const places = Array.from({ length: 20_000 }, (_, index) => (index * 419 + 7) % (size / 2));
    // Dense in the tail, where neighbours lie far apart, and about the change of formula at 0.075.
    for (let bits = 0; bits < 4096; bits += 1) places.push(bits);
    const change = 0.075 * size;
    for (let offset = -300; offset < 300; offset += 1) places.push(Math.floor(change) + offset);
    let worst = 0;
    for (const bits of places) {
      const exact = exactQuantile((bits + 0.5) / size);
      const error = abs(inverseNormal(bits) + exact) / max(1, exact);
      if (error > worst) worst = error;
    }
    expect(worst).toBeLessThan(4e-7);
  });

  it('is exact in relative terms near the median', () => {
    for (let offset = 0; offset < 2000; offset += 1) {
      const u = (size / 2 + offset + 0.5) / size;
      expect(inverseNormal(size / 2 + offset) / exactQuantile(1 - u)).toBeCloseTo(1, 6);
    }
  });

  it('is antisymmetric, finite, never zero and in float32', () => {
    let wrong = 0;
    for (let bits = 0; bits < size / 2; bits += 127) {
      const z = inverseNormal(bits);
      if (!(inverseNormal(size - 1 - bits) === -z && z < 0 && fround(z) === z)) wrong += 1;
    }
    expect(wrong).toBe(0);
    expect(inverseNormal(0)).toBeCloseTo(-5.2947, 4);
  });

  it('never decreases by more than rounding', () => {
    let previous = inverseNormal(0);
    let worst = 0;
    for (let bits = 1; bits < size; bits += 1) {
      const z = inverseNormal(bits);
      if (previous - z > worst) worst = previous - z;
      previous = z;
    }
    expect(worst).toBeLessThan(1e-6);
  });
});
