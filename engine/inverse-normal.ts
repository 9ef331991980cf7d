// Taken out of Math once: under jest every look at a global costs a call.
const { fround: round, sqrt, clz32 } = Math;
const half = round(0.5);

/** Of the 24 bits of a uniform (2·bits + 1)/2^24. */
const spacing = 2 ** -24;

/**
 * The standard normal quantile of u = (bits + 1/2)/2^23, for bits = 0 … 2^23 − 1.
 *
 * Wichura, "Algorithm AS 241: The percentage points of the normal distribution", Applied Statistics
 * 37 (1988), the single-precision variant PPND7, whose far tail (u < e^−25) cannot occur here. The
 * logarithm in the tail is Cephes' `logf`. Every operation is one float32 + − × ÷ √, rounded to
 * nearest, so that C and CUDA give the same bits as long as they neither contract nor approximate.
 * Exactly antisymmetric about u = 1/2. |z| ≤ 5.2947; the error stays below
 * 4e-7 · max(1, |z|).
 */
export function inverseNormal(bits: number): number {
  // u = n/2^24 with n odd, hence u, 1 − u and u − 1/2 are exact.
  const n = 2 * bits + 1;
  const q = round(round(n * spacing) - half);
  const r = round(centre - round(q * q));
  if (r >= 0) return round(q * ratio(r));
  const tail = tailQuantile(q < 0 ? n : 2 ** 24 - n);
  return q < 0 ? -tail : tail;
}

/** 0.425², half the width of the central interval, squared. */
const centre = round(0.180625);

const a0 = round(3.3871327179);
const a1 = round(50.434271938);
const a2 = round(159.29113202);
const a3 = round(59.10937472);
const b1 = round(17.895169469);
const b2 = round(78.757757664);
const b3 = round(67.1875636);

function ratio(r: number): number {
  const above = round(round(round(round(round(round(a3 * r) + a2) * r) + a1) * r) + a0);
  const below = round(round(round(round(round(round(b3 * r) + b2) * r) + b1) * r) + 1);
  return round(above / below);
}

const c0 = round(1.4234372777);
const c1 = round(2.75681539);
const c2 = round(1.3067284816);
const c3 = round(0.17023821103);
const d1 = round(0.7370016425);
const d2 = round(0.12021132975);
const tailCentre = round(1.6);

/** −Φ⁻¹(n/2^24) for n/2^24 < 0.075. */
function tailQuantile(n: number): number {
  const root = round(sqrt(-logarithm(n)));
  const r = round(root - tailCentre);
  const above = round(round(round(round(round(round(c3 * r) + c2) * r) + c1) * r) + c0);
  const below = round(round(round(round(d2 * r) + d1) * r) + 1);
  return round(above / below);
}

const rootHalf = round(Math.SQRT1_2);
const logPolynomial = new Float32Array([
  7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1,
  -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
]);
/** log 2 as a sum, the first part short enough that its product with an exponent is exact. */
const log2High = round(0.693359375);
const log2Low = round(-2.1219444e-4);

/** log(n/2^24) for an integer 0 < n < 2^24. */
function logarithm(n: number): number {
  let exponent = 32 - clz32(n);
  let mantissa = round(n / 2 ** exponent);
  if (mantissa < rootHalf) {
    exponent -= 1;
    mantissa = round(mantissa + mantissa);
  }
  exponent -= 24;
  const x = round(mantissa - 1);
  const square = round(x * x);
  let y = round(logPolynomial[0]! * x);
  for (let power = 1; power < 8; power += 1) y = round(round(y + logPolynomial[power]!) * x);
  y = round(round(y + logPolynomial[8]!) * round(x * square));
  y = round(y + round(log2Low * exponent));
  y = round(y - round(half * square));
  return round(round(x + y) + round(log2High * exponent));
}
