import { printMath, printRandom } from './math';

const one = {
  prefix: 's',
  float: 'float',
  int: 'int32_t',
  qualifiers: 'FUNCTION',
} as const;

/** Functions of CUDA's own library, for single numbers. */
const byLibrary = [
  ...['tan', 'asin', 'acos', 'atan', 'sinh', 'cosh', 'asinh', 'acosh', 'atanh', 'erf'].map(
    (name) => `FUNCTION float s_${name}(float x) { return ${name}f(x); }`,
  ),
  'FUNCTION float s_library_sin(float x) { return sinf(x); }',
  'FUNCTION float s_library_cos(float x) { return cosf(x); }',
  'FUNCTION float s_fmod(float x, float y) { return fmodf(x, y); }',
  'FUNCTION float s_pow(float x, float y) { return powf(x, y); }',
  'FUNCTION float s_atan2(float x, float y) { return atan2f(x, y); }',
  'FUNCTION int32_t s_ipow(int32_t x, int32_t y) { return s_int((float)pow((double)x, (double)y)); }',
];

/**
 * What every CUDA program begins with: arithmetic on single numbers with the same bits as in C, which
 * needs NVRTC's --fmad=false, and divisions, roots and subnormal numbers as IEEE 754 has them, which are
 * its defaults. No headers: NVRTC comes without any.
 */
export const cudaPrelude = `#define UNROLL_ROUNDS _Pragma("unroll")
#define int32_t int
#define uint32_t unsigned int
#define int64_t long long
#define uint64_t unsigned long long
#define uint8_t unsigned char
#define FUNCTION static __device__ __forceinline__
#undef NAN
#undef INFINITY
#undef INT32_MIN
#undef INT32_MAX
#define NAN __int_as_float(0x7fffffff)
#define INFINITY __int_as_float(0x7f800000)
#define INT32_MIN (-2147483647 - 1)
#define INT32_MAX 2147483647

FUNCTION float s_set(float x) { return x; }
FUNCTION int32_t s_iset(int32_t x) { return x; }
FUNCTION float s_load(const float *p) { return *p; }
FUNCTION int32_t s_iload(const int32_t *p) { return *p; }
FUNCTION void s_store(float *p, float x) { *p = x; }
FUNCTION void s_istore(int32_t *p, int32_t x) { *p = x; }
FUNCTION float s_fma(float a, float b, float c) { return fmaf(a, b, c); }
FUNCTION float s_select(int32_t m, float a, float b) { return m ? a : b; }
FUNCTION int32_t s_iselect(int32_t m, int32_t a, int32_t b) { return m ? a : b; }
#define s_lt(a, b) (-(int32_t)((a) < (b)))
#define s_le(a, b) (-(int32_t)((a) <= (b)))
#define s_gt(a, b) (-(int32_t)((a) > (b)))
#define s_ge(a, b) (-(int32_t)((a) >= (b)))
#define s_eq(a, b) (-(int32_t)((a) == (b)))
#define s_ne(a, b) (-(int32_t)((a) != (b)))
FUNCTION int32_t s_bits(float x) { return __float_as_int(x); }
FUNCTION float s_number(int32_t i) { return __int_as_float(i); }
FUNCTION float s_float(int32_t i) { return (float)i; }
FUNCTION int32_t s_int(float x) { return x > -2147483648.0f && x < 2147483648.0f ? (int32_t)x : INT32_MIN; }
FUNCTION float s_sqrt(float x) { return __fsqrt_rn(x); }
FUNCTION float s_clip(float low, float high, float x) { return x > high ? high : x < low ? low : x; }
/* a / b with the same bits, without the branch for numbers near overflow and underflow. */
FUNCTION float s_quotient(float a, float b) {
#ifdef EMULATOR
  return a / b;
#else
  float r;
  asm("rcp.approx.f32 %0, %1;" : "=f"(r) : "f"(b));
  r = fmaf(r, fmaf(-b, r, 1.0f), r);
  float q = __fmul_rn(a, r);
  q = fmaf(r, fmaf(-b, q, a), q);
  return fmaf(r, fmaf(-b, q, a), q);
#endif
}
FUNCTION int s_any(int32_t m) { return m != 0; }
FUNCTION int32_t s_idivide(int32_t a, int32_t b) { return b == 0 ? 0 : b == -1 ? (int32_t)(0u - (uint32_t)a) : a / b; }
FUNCTION float s_product(float a, float b) { return __fmul_rn(a, b); }
FUNCTION float s_sum(float a, float b) { return __fadd_rn(a, b); }
FUNCTION int32_t s_shift_right(int32_t x, int n) { return (int32_t)((uint32_t)x >> n); }
FUNCTION void s_multiply(int32_t x, uint32_t m, int32_t *high, int32_t *low) {
  *high = (int32_t)__umulhi((uint32_t)x, m);
  *low = (int32_t)((uint32_t)x * m);
}
${byLibrary.join('\n')}
${printMath(one)}
${printRandom(one)}
/* Rows in memory: row r of a tensor begins at p + r·stride; rows past the last one are read as the last. */
FUNCTION int64_t row_within(int64_t row, int64_t n) { return row < n ? row : n - 1; }
FUNCTION float s_rows(const float *p, int64_t stride, int64_t row, int64_t n) { return __ldg(p + row_within(row, n) * stride); }
FUNCTION int32_t s_irows(const int32_t *p, int64_t stride, int64_t row, int64_t n) { return __ldg(p + row_within(row, n) * stride); }
FUNCTION int32_t s_brows(const uint8_t *p, int64_t stride, int64_t row, int64_t n) { return -(int32_t)(__ldg(p + row_within(row, n) * stride) != 0); }
FUNCTION void s_rows2(const float *p, int64_t row, int64_t n, float *a, float *b) {
  const float2 x = __ldg((const float2 *)p + row_within(row, n));
  *a = x.x; *b = x.y;
}
FUNCTION void s_rows4(const float *p, int64_t row, int64_t n, float *a, float *b, float *c, float *d) {
  const float4 x = __ldg((const float4 *)p + row_within(row, n));
  *a = x.x; *b = x.y; *c = x.z; *d = x.w;
}
FUNCTION void s_put(float *p, int64_t stride, int64_t row, int64_t n, float x) { if (row < n) p[row * stride] = x; }
FUNCTION void s_iput(int32_t *p, int64_t stride, int64_t row, int64_t n, int32_t x) { if (row < n) p[row * stride] = x; }
FUNCTION void s_bput(uint8_t *p, int64_t stride, int64_t row, int64_t n, int32_t x) { if (row < n) p[row * stride] = (uint8_t)(x & 1); }
FUNCTION void s_put2(float *p, int64_t row, int64_t n, float a, float b) { if (row < n) ((float2 *)p)[row] = make_float2(a, b); }
FUNCTION void s_put4(float *p, int64_t row, int64_t n, float a, float b, float c, float d) { if (row < n) ((float4 *)p)[row] = make_float4(a, b, c, d); }
/*
 * Four numbers from global to shared memory, both aligned to 16 bytes, without passing through registers; they
 * are there after await_copies. The tests' emulator has functions of its own.
 */
#ifdef EMULATOR
#elif __CUDA_ARCH__ >= 800
FUNCTION void copy_four(float *to, const void *from) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" :: "r"((unsigned)__cvta_generic_to_shared(to)), "l"(__cvta_generic_to_global(from)) : "memory");
}
FUNCTION void await_copies() { asm volatile("cp.async.wait_all;" ::: "memory"); }
#else
FUNCTION void copy_four(float *to, const void *from) { *(float4 *)to = *(const float4 *)from; }
FUNCTION void await_copies() {}
#endif
/* Rows chosen by number. */
FUNCTION float s_chosen(const float *p, int64_t stride, const int32_t *index, int64_t row, int64_t n, int64_t most) {
  const int64_t at = index[row_within(row, n)];
  return at >= 0 && at < most ? p[at * stride] : NAN;
}
FUNCTION int32_t s_ichosen(const int32_t *p, int64_t stride, const int32_t *index, int64_t row, int64_t n, int64_t most) {
  const int64_t at = index[row_within(row, n)];
  return at >= 0 && at < most ? p[at * stride] : 0;
}
FUNCTION int32_t s_bchosen(const uint8_t *p, int64_t stride, const int32_t *index, int64_t row, int64_t n, int64_t most) {
  const int64_t at = index[row_within(row, n)];
  return at >= 0 && at < most ? -(int32_t)(p[at * stride] != 0) : 0;
}

/* One entry of a keyed permutation of 0 … count − 1, as in engine/permutation.ts. */
FUNCTION uint32_t permute_mix(uint32_t h) {
  h = (h ^ (h >> 16)) * 0x85ebca6bu;
  h = (h ^ (h >> 13)) * 0xc2b2ae35u;
  return h ^ (h >> 16);
}
FUNCTION void permute_keys(int32_t *keys, const int32_t *words, int32_t step, int32_t use, int32_t draw) {
  const int32_t stream = words[2] * 16 + use;
  s_philox(0, step, stream, (int32_t)((uint32_t)draw << 16), words[0], words[1], keys);
  s_philox(0, step, stream, (int32_t)(((uint32_t)draw << 16) + 1), words[0], words[1], keys + 4);
}
FUNCTION int32_t permuted(int32_t entry, int32_t count, const int32_t *keys) {
  int bits = 32 - __clz(count > 1 ? count - 1 : 1);
  int half = (bits + 1) >> 1;
  if (half < 4) half = 4;
  const uint32_t mask = (1u << half) - 1;
  uint32_t place = (uint32_t)entry;
  do {
    uint32_t left = place >> half, right = place & mask;
#pragma unroll
    for (int round = 0; round < 8; round++) {
      const uint32_t next = left ^ (permute_mix(right ^ (uint32_t)keys[round]) & mask);
      left = right;
      right = next;
    }
    place = (left << half) | right;
  } while (place >= (uint32_t)count);
  return (int32_t)place;
}
`;
