/** How a dialect names its numbers: one number, or a vector of rows. */
export interface NumberTypes {
  /** Prefix of the functions. */
  readonly prefix: string;
  readonly float: string;
  readonly int: string;
  /** What stands before a function's type. */
  readonly qualifiers: string;
}

/**
 * Elementary functions as polynomials, for vectors and for single numbers alike: the same bits in both.
 * Built from PREFIX_fma, _select, _iselect, _clip (low, high, x; NaN stays), _quotient (of numbers far from
 * overflow and underflow), comparisons, _bits, _number, _float, _int, which the preludes
 * define. Errors as measured by test/engine/compile/math.test.ts.
 *
 * exp, log, sin and cos follow Cephes (Moshier 1989); tanh is a rational minimax approximation of degree
 * 11/6 within ±8, of relative error 2e-8, the common factor of both polynomials chosen for the least
 * error in float32.
 */
export function printMath({ prefix: p, float: F, int: I, qualifiers: q }: NumberTypes): string {
  const polynomial = polynomialOf(p);
  return `
${q} ${F} ${p}_neg(${F} x) { return -x; }
${q} ${F} ${p}_square(${F} x) { return x * x; }
${q} ${F} ${p}_reciprocal(${F} x) { return ${p}_set(1.0f) / x; }
${q} ${F} ${p}_rsqrt(${F} x) { return ${p}_set(1.0f) / ${p}_sqrt(x); }
${q} ${F} ${p}_min(${F} a, ${F} b) { return ${p}_select(${p}_lt(a, b) | ${p}_ne(a, a), a, b); }
${q} ${F} ${p}_max(${F} a, ${F} b) { return ${p}_select(${p}_gt(a, b) | ${p}_ne(a, a), a, b); }
${q} ${I} ${p}_imin(${I} a, ${I} b) { return ${p}_iselect(${p}_lt(a, b), a, b); }
${q} ${I} ${p}_imax(${I} a, ${I} b) { return ${p}_iselect(${p}_gt(a, b), a, b); }
${q} ${I} ${p}_iclip(${I} low, ${I} high, ${I} x) {
  return ${p}_iselect(${p}_gt(x, high), high, ${p}_iselect(${p}_lt(x, low), low, x));
}
${q} ${F} ${p}_relu(${F} x) { return ${p}_select(${p}_lt(x, ${p}_set(0.0f)), ${p}_set(0.0f), x); }
${q} ${I} ${p}_irelu(${I} x) { return ${p}_imax(x, ${p}_iset(0)); }
${q} ${F} ${p}_abs(${F} x) { return ${p}_number(${p}_bits(x) & 0x7fffffff); }
${q} ${I} ${p}_iabs(${I} x) { return ${p}_iselect(${p}_lt(x, ${p}_iset(0)), -x, x); }
${q} ${I} ${p}_ineg(${I} x) { return -x; }
${q} ${I} ${p}_isquare(${I} x) { return x * x; }
${q} ${I} ${p}_ifloor(${I} x) { return x; }
${q} ${I} ${p}_iceil(${I} x) { return x; }
${q} ${I} ${p}_iround(${I} x) { return x; }
${q} ${F} ${p}_sign(${F} x) {
  return ${p}_select(${p}_gt(x, ${p}_set(0.0f)), ${p}_set(1.0f), ${p}_select(${p}_lt(x, ${p}_set(0.0f)), ${p}_set(-1.0f), ${p}_set(0.0f)));
}
${q} ${I} ${p}_isign(${I} x) { return ${p}_lt(x, ${p}_iset(0)) - ${p}_gt(x, ${p}_iset(0)); }
${q} ${I} ${p}_truncate(${F} x) {
  return ${p}_int(x) & ${p}_lt(${p}_abs(x), ${p}_set(2147483648.0f));
}
${q} ${I} ${p}_isnan(${F} x) { return ${p}_ne(x, x); }
${q} ${I} ${p}_isinf(${F} x) { return ${p}_eq(${p}_bits(x) & 0x7fffffff, ${p}_iset(0x7f800000)); }
${q} ${I} ${p}_isfinite(${F} x) { return ${p}_lt(${p}_bits(x) & 0x7fffffff, ${p}_iset(0x7f800000)); }
${q} ${I} ${p}_nonzero(${F} x) { return ${p}_ne(x, ${p}_set(0.0f)); }
${q} ${I} ${p}_inonzero(${I} x) { return ${p}_ne(x, ${p}_iset(0)); }
${q} ${F} ${p}_mask_float(${I} m) { return ${p}_number(m & 0x3f800000); }
${q} ${I} ${p}_mask_int(${I} m) { return m & 1; }
${q} ${F} ${p}_floor(${F} x) {
  ${F} whole = ${p}_float(${p}_int(x));
  whole = whole - ${p}_mask_float(${p}_gt(whole, x));
  return ${p}_select(${p}_lt(${p}_abs(x), ${p}_set(8388608.0f)), whole, x);
}
${q} ${F} ${p}_ceil(${F} x) { return -${p}_floor(-x); }
${q} ${F} ${p}_round(${F} x) {
  ${F} base = ${p}_floor(x);
  ${F} rest = x - base;
  ${F} half = base * 0.5f;
  ${I} up = ${p}_gt(rest, ${p}_set(0.5f)) | (${p}_eq(rest, ${p}_set(0.5f)) & ${p}_ne(${p}_floor(half), half));
  return base + ${p}_mask_float(up);
}
${q} ${F} ${p}_mod(${F} a, ${F} b) {
  ${F} rest = ${p}_fmod(a, b);
  ${I} same = (${p}_lt(a, ${p}_set(0.0f)) & ${p}_lt(b, ${p}_set(0.0f))) | (${p}_ge(a, ${p}_set(0.0f)) & ${p}_ge(b, ${p}_set(0.0f)));
  return ${p}_select(same, rest, ${p}_fmod(rest + b, b));
}
/* As in JavaScript, unlike C: 1 to the power NaN and ±1 to the power ±∞ are NaN. */
${q} ${F} ${p}_power(${F} x, ${F} y) {
  ${I} odd = ${p}_ne(y, y) | (${p}_isinf(y) & ${p}_eq(${p}_abs(x), ${p}_set(1.0f)));
  return ${p}_select(odd, ${p}_number(${p}_iset(0x7fc00000)), ${p}_pow(x, y));
}
${q} ${I} ${p}_ipower(${I} x, ${I} y) { return ${p}_ipow(x, y); }
${q} ${F} ${p}_floordiv(${F} a, ${F} b) { return ${p}_floor(a / b); }
${q} ${I} ${p}_ifloordiv(${I} a, ${I} b) {
  ${I} down = ${p}_idivide(a, b);
  return down + (${p}_ne(down * b, a) & ${p}_lt(a ^ b, ${p}_iset(0)) & ${p}_ne(b, ${p}_iset(0)));
}
${q} ${I} ${p}_imod(${I} a, ${I} b) {
  return (a - ${p}_ifloordiv(a, b) * b) & ${p}_ne(b, ${p}_iset(0));
}
/* 2^n x for integers n, also where the result is subnormal. */
${q} ${F} ${p}_scale(${F} x, ${I} n) {
  ${I} half = n >> 1;
  return x * ${p}_number((half + 127) << 23) * ${p}_number((n - half + 127) << 23);
}
${q} ${F} ${p}_exp(${F} x) {
  ${F} y = ${p}_clip(${p}_set(-104.0f), ${p}_set(89.0f), x);
  ${F} n = ${p}_fma(y, ${p}_set(1.44269504088896341f), ${p}_set(12582912.0f)) - 12582912.0f;
  ${F} r = ${p}_fma(n, ${p}_set(-0.693359375f), y);
  r = ${p}_fma(n, ${p}_set(2.12194440e-4f), r);
  ${F} s = ${polynomial('r', ['1.9875691500e-4f', '1.3981999507e-3f', '8.3334519073e-3f', '4.1665795894e-2f', '1.6666665459e-1f', '5.0000001201e-1f'])};
  s = ${p}_fma(s, r * r, r) + 1.0f;
  return ${p}_select(${p}_ne(x, x), x, ${p}_scale(s, ${p}_int(n)));
}
${q} ${F} ${p}_log(${F} x) {
  ${I} tiny = ${p}_lt(x, ${p}_set(1.17549435e-38f));
  ${I} bits = ${p}_bits(${p}_select(tiny, x * 8388608.0f, x));
  ${I} exponent = ((bits >> 23) & 0xff) - 126 - (tiny & 23);
  ${F} m = ${p}_number((bits & 0x007fffff) | 0x3f000000);
  ${I} low = ${p}_lt(m, ${p}_set(0.707106781186547524f));
  ${F} e = ${p}_float(exponent + low);
  m = ${p}_select(low, m + m, m) - 1.0f;
  ${F} z = m * m;
  ${F} y = ${polynomial('m', ['7.0376836292e-2f', '-1.1514610310e-1f', '1.1676998740e-1f', '-1.2420140846e-1f', '1.4249322787e-1f', '-1.6668057665e-1f', '2.0000714765e-1f', '-2.4999993993e-1f', '3.3333331174e-1f'])};
  y = y * m * z;
  y = ${p}_fma(e, ${p}_set(-2.12194440e-4f), y);
  y = ${p}_fma(z, ${p}_set(-0.5f), y);
  y = ${p}_fma(e, ${p}_set(0.693359375f), m + y);
  y = ${p}_select(${p}_eq(x, ${p}_set(0.0f)), ${p}_number(${p}_iset(0xff800000)), y);
  ${I} odd = ${p}_lt(x, ${p}_set(0.0f)) | ${p}_ne(x, x);
  y = ${p}_select(odd, ${p}_number(${p}_iset(0x7fc00000)), y);
  return ${p}_select(${p}_eq(x, ${p}_number(${p}_iset(0x7f800000))), x, y);
}
/* log u + the relative error of u = 1 + x (Kahan). */
${q} ${F} ${p}_log1p(${F} x) {
  ${F} u = x + 1.0f;
  ${F} y = ${p}_log(u) * (x / (u - 1.0f));
  ${I} plain = ${p}_eq(u, ${p}_set(1.0f));
  y = ${p}_select(plain, x, y);
  return ${p}_select(${p}_isinf(x) & ${p}_gt(x, ${p}_set(0.0f)), x, y);
}
${q} ${F} ${p}_expm1(${F} x) {
  ${F} s = ${polynomial('x', ['1.9875691500e-4f', '1.3981999507e-3f', '8.3334519073e-3f', '4.1665795894e-2f', '1.6666665459e-1f', '5.0000001201e-1f'])};
  return ${p}_select(${p}_lt(${p}_abs(x), ${p}_set(0.5f)), ${p}_fma(s, x, ${p}_set(1.0f)) * x, ${p}_exp(x) - 1.0f);
}
${printTanh({ prefix: p, float: F, int: I, qualifiers: q })}
${q} ${F} ${p}_sigmoid(${F} x) { return ${p}_set(1.0f) / (${p}_exp(-x) + 1.0f); }
${q} ${F} ${p}_softplus(${F} x) { return ${p}_log1p(${p}_exp(-${p}_abs(x))) + ${p}_max(x, ${p}_set(0.0f)); }
/* Within ±8192; beyond, library functions. */
${q} ${F} ${p}_sine_near(${F} x, ${I} shift) {
  ${F} a = ${p}_abs(x);
  ${I} j = ${p}_int(a * 1.27323954473516f);
  j = (j + 1) & -2;
  ${F} n = ${p}_float(j);
  a = ${p}_fma(n, ${p}_set(-0.78515625f), a);
  a = ${p}_fma(n, ${p}_set(-2.4187564849853515625e-4f), a);
  a = ${p}_fma(n, ${p}_set(-3.77489497744594108e-8f), a);
  ${F} z = a * a;
  ${F} sine = ${p}_fma(${polynomial('z', ['-1.9515295891e-4f', '8.3321608736e-3f', '-1.6666654611e-1f'])} * z, a, a);
  ${F} cosine = ${p}_fma(${polynomial('z', ['2.443315711809948e-5f', '-1.388731625493765e-3f', '4.166664568298827e-2f'])} * z, z, ${p}_fma(z, ${p}_set(-0.5f), ${p}_set(1.0f)));
  ${I} quadrant = (j >> 1) + shift;
  ${F} y = ${p}_select(${p}_ne(quadrant & 1, ${p}_iset(0)), cosine, sine);
  ${I} flip = (quadrant & 2) << 30;
  flip = flip ^ (${p}_bits(x) & ${p}_iselect(${p}_eq(shift, ${p}_iset(0)), ${p}_iset(0x80000000), ${p}_iset(0)));
  return ${p}_number(${p}_bits(y) ^ flip);
}
${q} ${F} ${p}_sin(${F} x) {
  ${I} far = ~${p}_lt(${p}_abs(x), ${p}_set(8192.0f));
  ${F} y = ${p}_sine_near(x, ${p}_iset(0));
  return ${p}_any(far) ? ${p}_select(far, ${p}_library_sin(x), y) : y;
}
${q} ${F} ${p}_cos(${F} x) {
  ${I} far = ~${p}_lt(${p}_abs(x), ${p}_set(8192.0f));
  ${F} y = ${p}_sine_near(x, ${p}_iset(1));
  return ${p}_any(far) ? ${p}_select(far, ${p}_library_cos(x), y) : y;
}
`;
}

/** Needs PREFIX_set, _fma, _clip and _quotient. */
export function printTanh({ prefix: p, float: F, qualifiers: q }: NumberTypes): string {
  const polynomial = polynomialOf(p);
  return `${q} ${F} ${p}_tanh(${F} x) {
  ${F} y = ${p}_clip(${p}_set(-7.99881172180175781f), ${p}_set(7.99881172180175781f), x);
  ${F} z = y * y;
  ${F} above = y * ${polynomial('z', ['4.15281247e-11f', '-2.59717048e-8f', '1.74469296e-5f', '5.27315773e-3f', '0.229214221f', '1.76599991f'])};
  ${F} below = ${polynomial('z', ['4.18918673e-4f', '4.24338207e-2f', '0.817880571f', '1.76600003f'])};
  return ${p}_quotient(above, below);
}`;
}

/** Horner's scheme, the highest power first. */
const polynomialOf =
  (prefix: string) =>
  (x: string, coefficients: readonly string[]): string =>
    coefficients
      .slice(1)
      .reduce(
        (sum, coefficient) => `${prefix}_fma(${sum}, ${x}, ${prefix}_set(${coefficient}))`,
        `${prefix}_set(${coefficients[0]})`,
      );

/**
 * The random numbers of engine/random-kernels.ts. The normal is bit-equal to engine/inverse-normal.ts:
 * nothing here may be contracted.
 */
export function printRandom({ prefix: p, float: F, int: I, qualifiers: q }: NumberTypes): string {
  const horner = (x: string, coefficients: readonly string[]): string =>
    coefficients
      .slice(1)
      .reduce(
        (sum, coefficient) => `${p}_sum(${p}_product(${sum}, ${x}), ${p}_set(${coefficient}))`,
        `${p}_set(${coefficients[0]})`,
      );
  const logHorner = [
    '-1.151461031e-1f',
    '1.167699874e-1f',
    '-1.2420140846e-1f',
    '1.4249322787e-1f',
    '-1.6668057665e-1f',
    '2.0000714765e-1f',
    '-2.4999993993e-1f',
  ].reduce(
    (sum, coefficient) => `${p}_product(${p}_sum(${sum}, ${p}_set(${coefficient})), x)`,
    `${p}_product(${p}_set(7.0376836292e-2f), x)`,
  );
  return `
${q} void ${p}_philox(${I} a, ${I} b, ${I} c, ${I} d, int32_t seed_low, int32_t seed_high, ${I} *words) {
  uint32_t key_a = (uint32_t)seed_low, key_b = (uint32_t)seed_high;
UNROLL_ROUNDS
  for (int round = 0; round < 10; round++) {
    ${I} high_a, low_a, high_b, low_b;
    ${p}_multiply(a, 0xd2511f53u, &high_a, &low_a);
    ${p}_multiply(c, 0xcd9e8d57u, &high_b, &low_b);
    a = high_b ^ b ^ (int32_t)key_a;
    b = low_b;
    c = high_a ^ d ^ (int32_t)key_b;
    d = low_a;
    key_a += 0x9e3779b9u;
    key_b += 0xbb67ae85u;
  }
  words[0] = a; words[1] = b; words[2] = c; words[3] = d;
}
${q} ${F} ${p}_draw_uniform(${I} word) { return ${p}_float(${p}_shift_right(word, 8)) * 5.9604644775390625e-8f; }
${q} ${I} ${p}_draw_integer(${I} word, int32_t bound) {
  ${I} high, low;
  ${p}_multiply(word, (uint32_t)bound, &high, &low);
  return high;
}
/* log(n / 2^24) for an integer 0 < n < 2^24, Cephes, uncontracted. */
${q} ${F} ${p}_draw_log(${F} n) {
  ${I} bits = ${p}_bits(n);
  ${I} exponent = (bits >> 23) - 126;
  ${F} mantissa = ${p}_number((bits & 0x007fffff) | 0x3f000000);
  ${I} low = ${p}_lt(mantissa, ${p}_set(0.70710678118654752f));
  exponent = exponent + low - 24;
  mantissa = ${p}_select(low, mantissa + mantissa, mantissa);
  ${F} x = mantissa - 1.0f;
  ${F} square = ${p}_product(x, x);
  ${F} e = ${p}_float(exponent);
  ${F} y = ${logHorner};
  y = ${p}_product(${p}_sum(y, ${p}_set(3.3333331174e-1f)), ${p}_product(x, square));
  y = ${p}_sum(y, ${p}_product(${p}_set(-2.1219444e-4f), e));
  y = ${p}_sum(y, -${p}_product(${p}_set(0.5f), square));
  return ${p}_sum(${p}_sum(x, y), ${p}_product(${p}_set(0.693359375f), e));
}
${q} ${F} ${p}_draw_normal(${I} word) {
  ${I} n = ${p}_shift_right(word, 9) * 2 + 1;
  ${F} q = ${p}_product(${p}_float(n), ${p}_set(5.9604644775390625e-8f)) - 0.5f;
  ${F} r = ${p}_set(0.180625f) - ${p}_product(q, q);
  ${F} above = ${horner('r', ['59.10937472f', '159.29113202f', '50.434271938f', '3.3871327179f'])};
  ${F} below = ${horner('r', ['67.1875636f', '78.757757664f', '17.895169469f', '1.0f'])};
  ${F} z = ${p}_product(q, ${p}_quotient(above, below));
  ${I} tail = ${p}_lt(r, ${p}_set(0.0f));
  if (${p}_any(tail)) {
    ${I} left = ${p}_lt(q, ${p}_set(0.0f));
    ${F} m = ${p}_float(${p}_iselect(left, n, 16777216 - n));
    ${F} s = ${p}_sqrt(-${p}_draw_log(m)) - 1.6f;
    ${F} c = ${horner('s', ['0.17023821103f', '1.3067284816f', '2.75681539f', '1.4234372777f'])};
    ${F} d = ${horner('s', ['0.12021132975f', '0.7370016425f', '1.0f'])};
    ${F} t = ${p}_quotient(c, d);
    z = ${p}_select(tail, ${p}_select(left, -t, t), z);
  }
  return z;
}
`;
}
