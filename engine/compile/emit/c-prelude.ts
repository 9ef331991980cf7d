import { printMath, printRandom } from './math';

/** Vectors of rows in a strip: enough accumulators to keep both multiply–add units of a core busy. */
export const vectorsPerStrip = 3;

/**
 * What every C program begins with: vectors of W rows in the compiler's own vector types (GCC, Clang),
 * with the processor's instructions where those types have no operator.
 *
 * A strip is 3·W rows; within a strip the columns of a value lie one after the other, L = 3·W numbers each.
 */
export const cPrelude = `#include <stdint.h>
#include <string.h>
#include <math.h>
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__AVX512F__)
/* All of immintrin.h takes longer to read than a program to compile. */
#define _IMMINTRIN_H_INCLUDED
#include <mmintrin.h>
#include <xmmintrin.h>
#include <emmintrin.h>
#include <pmmintrin.h>
#include <tmmintrin.h>
#include <smmintrin.h>
#include <avxintrin.h>
#include <avx2intrin.h>
#include <fmaintrin.h>
#elif defined(__x86_64__)
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif
#if defined(__AVX512F__)
#define W 16
#elif defined(__AVX2__)
#define W 8
#else
#define W 4
#endif
#define L (${vectorsPerStrip} * W)
#define INLINE static inline __attribute__((always_inline, unused))
typedef float vf __attribute__((vector_size(4 * W)));
typedef int32_t vi __attribute__((vector_size(4 * W)));
typedef uint32_t vu __attribute__((vector_size(4 * W)));
typedef float vf_any __attribute__((vector_size(4 * W), aligned(4), may_alias));
typedef int32_t vi_any __attribute__((vector_size(4 * W), aligned(4), may_alias));

/* One number. */
INLINE float s_set(float x) { return x; }
INLINE int32_t s_iset(int32_t x) { return x; }
/* As v_fma below: where there is no such instruction, neither of them rounds once. */
#if defined(__FMA__) || defined(__AVX512F__) || defined(__ARM_NEON)
INLINE float s_fma(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
#else
INLINE float s_fma(float a, float b, float c) { return a * b + c; }
#endif
INLINE float s_select(int32_t m, float a, float b) { return m ? a : b; }
INLINE int32_t s_iselect(int32_t m, int32_t a, int32_t b) { return m ? a : b; }
#define s_lt(a, b) (-(int32_t)((a) < (b)))
#define s_le(a, b) (-(int32_t)((a) <= (b)))
#define s_gt(a, b) (-(int32_t)((a) > (b)))
#define s_ge(a, b) (-(int32_t)((a) >= (b)))
#define s_eq(a, b) (-(int32_t)((a) == (b)))
#define s_ne(a, b) (-(int32_t)((a) != (b)))
INLINE int32_t s_bits(float x) { int32_t i; memcpy(&i, &x, 4); return i; }
INLINE float s_number(int32_t i) { float x; memcpy(&x, &i, 4); return x; }
INLINE float s_float(int32_t i) { return (float)i; }
INLINE int32_t s_int(float x) { return x > -2147483648.0f && x < 2147483648.0f ? (int32_t)x : INT32_MIN; }
INLINE float s_sqrt(float x) { return __builtin_sqrtf(x); }
INLINE int s_any(int32_t m) { return m != 0; }
INLINE float s_clip(float low, float high, float x) { return x > high ? high : x < low ? low : x; }
INLINE int32_t s_idivide(int32_t a, int32_t b) { return b == 0 ? 0 : b == -1 ? -(uint32_t)a : a / b; }
INLINE float s_product(float a, float b) { return a * b; }
INLINE float s_sum(float a, float b) { return a + b; }
INLINE int32_t s_shift_right(int32_t x, int n) { return (int32_t)((uint32_t)x >> n); }
INLINE void s_multiply(int32_t x, uint32_t m, int32_t *high, int32_t *low) {
  uint64_t product = (uint64_t)(uint32_t)x * m;
  *high = (int32_t)(product >> 32);
  *low = (int32_t)product;
}

/* A vector of rows. */
#if W == 16
#define EVERY(x) {x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x}
#elif W == 8
#define EVERY(x) {x, x, x, x, x, x, x, x}
#else
#define EVERY(x) {x, x, x, x}
#endif
INLINE vf v_set(float x) { return (vf)EVERY(x); }
INLINE vi v_iset(int32_t x) { return (vi)EVERY(x); }
#define UNROLL_ROUNDS _Pragma("GCC unroll 10")
/* Keeps a vector in a register where the compiler would read it from memory again and again. */
#if defined(__x86_64__)
#define HOLD(x) __asm__("" : "+x"(x))
#elif defined(__aarch64__)
#define HOLD(x) __asm__("" : "+w"(x))
#else
#define HOLD(x) (void)(x)
#endif
INLINE vf v_load(const float *p) { return *(const vf_any *)p; }
INLINE vi v_iload(const int32_t *p) { return *(const vi_any *)p; }
INLINE void v_store(float *p, vf x) { *(vf_any *)p = x; }
INLINE void v_istore(int32_t *p, vi x) { *(vi_any *)p = x; }
#define v_lt(a, b) ((vi)((a) < (b)))
#define v_le(a, b) ((vi)((a) <= (b)))
#define v_gt(a, b) ((vi)((a) > (b)))
#define v_ge(a, b) ((vi)((a) >= (b)))
#define v_eq(a, b) ((vi)((a) == (b)))
#define v_ne(a, b) ((vi)((a) != (b)))
INLINE vi v_bits(vf x) { return (vi)x; }
INLINE vf v_number(vi i) { return (vf)i; }
#if defined(__AVX512F__)
INLINE vf v_fma(vf a, vf b, vf c) { return (vf)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c); }
INLINE vf v_select(vi m, vf a, vf b) { return (vf)_mm512_mask_blend_ps(_mm512_cmplt_epi32_mask((__m512i)m, _mm512_setzero_si512()), (__m512)b, (__m512)a); }
INLINE vf v_float(vi i) { return (vf)_mm512_cvtepi32_ps((__m512i)i); }
INLINE vi v_int(vf x) { return (vi)_mm512_cvttps_epi32((__m512)x); }
INLINE vf v_sqrt(vf x) { return (vf)_mm512_sqrt_ps((__m512)x); }
INLINE int v_any(vi m) { return _mm512_test_epi32_mask((__m512i)m, (__m512i)m) != 0; }
INLINE vf v_clip(vf low, vf high, vf x) { return (vf)_mm512_min_ps((__m512)high, _mm512_max_ps((__m512)low, (__m512)x)); }
INLINE void v_multiply(vi x, uint32_t m, vi *high, vi *low) {
  __m512i factor = _mm512_set1_epi32((int32_t)m);
  __m512i even = _mm512_mul_epu32((__m512i)x, factor);
  __m512i odd = _mm512_mul_epu32(_mm512_srli_epi64((__m512i)x, 32), factor);
  *high = (vi)_mm512_mask_blend_epi32(0xaaaa, _mm512_srli_epi64(even, 32), odd);
  *low = (vi)_mm512_mullo_epi32((__m512i)x, factor);
}
#elif defined(__AVX2__) && defined(__FMA__)
INLINE vf v_fma(vf a, vf b, vf c) { return (vf)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c); }
INLINE vf v_select(vi m, vf a, vf b) { return (vf)_mm256_blendv_ps((__m256)b, (__m256)a, (__m256)m); }
INLINE vf v_float(vi i) { return (vf)_mm256_cvtepi32_ps((__m256i)i); }
INLINE vi v_int(vf x) { return (vi)_mm256_cvttps_epi32((__m256)x); }
INLINE vf v_sqrt(vf x) { return (vf)_mm256_sqrt_ps((__m256)x); }
INLINE int v_any(vi m) { return _mm256_movemask_ps((__m256)m) != 0; }
/* The instructions return their second operand where either is NaN. */
INLINE vf v_clip(vf low, vf high, vf x) { return (vf)_mm256_min_ps((__m256)high, _mm256_max_ps((__m256)low, (__m256)x)); }
INLINE void v_multiply(vi x, uint32_t m, vi *high, vi *low) {
  __m256i factor = _mm256_set1_epi32((int32_t)m);
  __m256i even = _mm256_mul_epu32((__m256i)x, factor);
  __m256i odd = _mm256_mul_epu32(_mm256_srli_epi64((__m256i)x, 32), factor);
  *high = (vi)_mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa);
  *low = (vi)_mm256_mullo_epi32((__m256i)x, factor);
}
#else
INLINE vf v_float(vi i) { return __builtin_convertvector(i, vf); }
INLINE vf v_select(vi m, vf a, vf b) { return (vf)((m & (vi)a) | (~m & (vi)b)); }
INLINE int v_any(vi m) { int any = 0; for (int l = 0; l < W; l++) any |= m[l]; return any != 0; }
#if defined(__ARM_NEON)
INLINE vf v_fma(vf a, vf b, vf c) { return (vf)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b); }
#else
INLINE vf v_fma(vf a, vf b, vf c) { return a * b + c; }
#endif
INLINE vi v_int(vf x) { vi r; for (int l = 0; l < W; l++) r[l] = s_int(x[l]); return r; }
INLINE vf v_clip(vf low, vf high, vf x) { return v_select(v_gt(x, high), high, v_select(v_lt(x, low), low, x)); }
INLINE vf v_sqrt(vf x) { vf r; for (int l = 0; l < W; l++) r[l] = __builtin_sqrtf(x[l]); return r; }
INLINE void v_multiply(vi x, uint32_t m, vi *high, vi *low) {
  vi h, o;
  for (int l = 0; l < W; l++) {
    uint64_t product = (uint64_t)(uint32_t)x[l] * m;
    h[l] = (int32_t)(product >> 32);
    o[l] = (int32_t)product;
  }
  *high = h;
  *low = o;
}
#endif
INLINE vi v_iselect(vi m, vi a, vi b) { return (m & a) | (~m & b); }
/* Zero where the mask is. */
INLINE vf v_and(vi m, vf x) { return (vf)(m & (vi)x); }
INLINE vf v_product(vf a, vf b) { return a * b; }
INLINE vf v_sum(vf a, vf b) { return a + b; }
INLINE vi v_shift_right(vi x, int n) { return (vi)((vu)x >> n); }
INLINE vi v_idivide(vi a, vi b) { vi r; for (int l = 0; l < W; l++) r[l] = s_idivide(a[l], b[l]); return r; }
#define BY_LIBRARY(name, function) \\
  INLINE float s_##name(float x) { return function(x); } \\
  static __attribute__((noinline, unused)) vf v_##name(vf x) { vf y; for (int l = 0; l < W; l++) y[l] = function(x[l]); return y; }
BY_LIBRARY(library_sin, sinf)
BY_LIBRARY(library_cos, cosf)
BY_LIBRARY(tan, tanf)
BY_LIBRARY(asin, asinf)
BY_LIBRARY(acos, acosf)
BY_LIBRARY(atan, atanf)
BY_LIBRARY(sinh, sinhf)
BY_LIBRARY(cosh, coshf)
BY_LIBRARY(asinh, asinhf)
BY_LIBRARY(acosh, acoshf)
BY_LIBRARY(atanh, atanhf)
BY_LIBRARY(erf, erff)
#define BY_LIBRARY_2(name, function) \\
  INLINE float s_##name(float x, float y) { return function(x, y); } \\
  static __attribute__((noinline, unused)) vf v_##name(vf x, vf y) { vf z; for (int l = 0; l < W; l++) z[l] = function(x[l], y[l]); return z; }
BY_LIBRARY_2(fmod, fmodf)
BY_LIBRARY_2(pow, powf)
BY_LIBRARY_2(atan2, atan2f)
INLINE int32_t s_ipow(int32_t x, int32_t y) { return (int32_t)pow(x, y); }
static __attribute__((noinline, unused)) vi v_ipow(vi x, vi y) { vi z; for (int l = 0; l < W; l++) z[l] = s_ipow(x[l], y[l]); return z; }
INLINE float s_quotient(float a, float b) { return a / b; }
INLINE vf v_quotient(vf a, vf b) { return a / b; }
${printMath({ prefix: 's', float: 'float', int: 'int32_t', qualifiers: 'INLINE' })}
${printMath({ prefix: 'v', float: 'vf', int: 'vi', qualifiers: 'INLINE' })}
${printRandom({ prefix: 's', float: 'float', int: 'int32_t', qualifiers: 'INLINE' })}
${printRandom({ prefix: 'v', float: 'vf', int: 'vi', qualifiers: 'INLINE' })}
/* Rows in memory: row r of a tensor begins at p + r·stride; rows past the last one are read as the last. */
INLINE int64_t row_within(int64_t row, int64_t n) { return row < n ? row : n - 1; }
/* Not inlined: in some programs gcc 12 at -O2 put zeros into the upper half of such a vector. */
static __attribute__((noinline, unused)) vf v_last_rows(const float *p, int64_t stride, int64_t row, int64_t n) {
  vf x;
  for (int l = 0; l < W; l++) x[l] = p[row_within(row + l, n) * stride];
  return x;
}
INLINE vf v_rows(const float *p, int64_t stride, int64_t row, int64_t n) {
  if (row + W > n) return v_last_rows(p, stride, row, n);
  if (stride == 1) return v_load(p + row);
  vf x;
  for (int l = 0; l < W; l++) x[l] = p[(row + l) * stride];
  return x;
}
INLINE vi v_irows(const int32_t *p, int64_t stride, int64_t row, int64_t n) {
  return (vi)v_rows((const float *)p, stride, row, n);
}
INLINE vi v_brows(const uint8_t *p, int64_t stride, int64_t row, int64_t n) {
  vi x;
  for (int l = 0; l < W; l++) x[l] = -(int32_t)(p[row_within(row + l, n) * stride] != 0);
  return x;
}
INLINE void v_put(float *p, int64_t stride, int64_t row, int64_t n, vf x) {
  if (row + W <= n && stride == 1) { v_store(p + row, x); return; }
  int lanes = row + W <= n ? W : (int)(n - row);
  for (int l = 0; l < lanes; l++) p[(row + l) * stride] = x[l];
}
INLINE void v_iput(int32_t *p, int64_t stride, int64_t row, int64_t n, vi x) {
  v_put((float *)p, stride, row, n, (vf)x);
}
INLINE void v_bput(uint8_t *p, int64_t stride, int64_t row, int64_t n, vi x) {
  int lanes = row + W <= n ? W : (int)(n - row);
#if defined(__AVX2__) && !defined(__AVX512F__)
  if (lanes == W && stride == 1) {
    __m256i ones = _mm256_and_si256((__m256i)x, _mm256_set1_epi32(1));
    __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(ones), _mm256_extracti128_si256(ones, 1));
    _mm_storel_epi64((__m128i *)(p + row), _mm_packs_epi16(words, words));
    return;
  }
#endif
  for (int l = 0; l < lanes; l++) p[(row + l) * stride] = (uint8_t)(x[l] & 1);
}
#if defined(__AVX2__) && !defined(__AVX512F__)
/* Two and four columns at once, turned within registers. */
INLINE void v_rows2(const float *p, int64_t row, int64_t n, vf *a, vf *b) {
  if (row + W > n) { *a = v_rows(p, 2, row, n); *b = v_rows(p + 1, 2, row, n); return; }
  __m256 x = _mm256_loadu_ps(p + 2 * row), y = _mm256_loadu_ps(p + 2 * row + 8);
  __m256 low = _mm256_permute2f128_ps(x, y, 0x20), high = _mm256_permute2f128_ps(x, y, 0x31);
  *a = (vf)_mm256_shuffle_ps(low, high, 0x88);
  *b = (vf)_mm256_shuffle_ps(low, high, 0xdd);
}
INLINE void v_put2(float *p, int64_t row, int64_t n, vf a, vf b) {
  if (row + W > n) { v_put(p, 2, row, n, a); v_put(p + 1, 2, row, n, b); return; }
  __m256 low = _mm256_unpacklo_ps((__m256)a, (__m256)b), high = _mm256_unpackhi_ps((__m256)a, (__m256)b);
  _mm256_storeu_ps(p + 2 * row, _mm256_permute2f128_ps(low, high, 0x20));
  _mm256_storeu_ps(p + 2 * row + 8, _mm256_permute2f128_ps(low, high, 0x31));
}
INLINE void v_turn4(__m256 *x, __m256 *y, __m256 *z, __m256 *w) {
  __m256 a = _mm256_unpacklo_ps(*x, *y), b = _mm256_unpackhi_ps(*x, *y);
  __m256 c = _mm256_unpacklo_ps(*z, *w), d = _mm256_unpackhi_ps(*z, *w);
  *x = _mm256_shuffle_ps(a, c, 0x44);
  *y = _mm256_shuffle_ps(a, c, 0xee);
  *z = _mm256_shuffle_ps(b, d, 0x44);
  *w = _mm256_shuffle_ps(b, d, 0xee);
}
INLINE void v_rows4(const float *p, int64_t row, int64_t n, vf *a, vf *b, vf *c, vf *d) {
  if (row + W > n) {
    *a = v_rows(p, 4, row, n); *b = v_rows(p + 1, 4, row, n);
    *c = v_rows(p + 2, 4, row, n); *d = v_rows(p + 3, 4, row, n);
    return;
  }
  const float *q = p + 4 * row;
#define PAIR(i) _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(q + 4 * (i))), _mm_loadu_ps(q + 4 * (i) + 16), 1)
  __m256 x = PAIR(0), y = PAIR(1), z = PAIR(2), w = PAIR(3);
#undef PAIR
  v_turn4(&x, &y, &z, &w);
  *a = (vf)x; *b = (vf)y; *c = (vf)z; *d = (vf)w;
}
INLINE void v_put4(float *p, int64_t row, int64_t n, vf a, vf b, vf c, vf d) {
  if (row + W > n) {
    v_put(p, 4, row, n, a); v_put(p + 1, 4, row, n, b); v_put(p + 2, 4, row, n, c); v_put(p + 3, 4, row, n, d);
    return;
  }
  __m256 x = (__m256)a, y = (__m256)b, z = (__m256)c, w = (__m256)d;
  v_turn4(&x, &y, &z, &w);
  float *q = p + 4 * row;
  _mm_storeu_ps(q, _mm256_castps256_ps128(x)); _mm_storeu_ps(q + 16, _mm256_extractf128_ps(x, 1));
  _mm_storeu_ps(q + 4, _mm256_castps256_ps128(y)); _mm_storeu_ps(q + 20, _mm256_extractf128_ps(y, 1));
  _mm_storeu_ps(q + 8, _mm256_castps256_ps128(z)); _mm_storeu_ps(q + 24, _mm256_extractf128_ps(z, 1));
  _mm_storeu_ps(q + 12, _mm256_castps256_ps128(w)); _mm_storeu_ps(q + 28, _mm256_extractf128_ps(w, 1));
}
#else
INLINE void v_rows2(const float *p, int64_t row, int64_t n, vf *a, vf *b) {
  *a = v_rows(p, 2, row, n); *b = v_rows(p + 1, 2, row, n);
}
INLINE void v_put2(float *p, int64_t row, int64_t n, vf a, vf b) {
  v_put(p, 2, row, n, a); v_put(p + 1, 2, row, n, b);
}
INLINE void v_rows4(const float *p, int64_t row, int64_t n, vf *a, vf *b, vf *c, vf *d) {
  v_rows2(p, row, n, a, b);
  *a = v_rows(p, 4, row, n); *b = v_rows(p + 1, 4, row, n);
  *c = v_rows(p + 2, 4, row, n); *d = v_rows(p + 3, 4, row, n);
}
INLINE void v_put4(float *p, int64_t row, int64_t n, vf a, vf b, vf c, vf d) {
  v_put(p, 4, row, n, a); v_put(p + 1, 4, row, n, b); v_put(p + 2, 4, row, n, c); v_put(p + 3, 4, row, n, d);
}
#endif
/* Rows chosen by number. */
INLINE vf v_chosen(const float *p, int64_t stride, const int32_t *index, int64_t row, int64_t n, int64_t most) {
  vf x;
  for (int l = 0; l < W; l++) {
    int64_t at = index[row_within(row + l, n)];
    x[l] = at >= 0 && at < most ? p[at * stride] : NAN;
  }
  return x;
}
INLINE vi v_ichosen(const int32_t *p, int64_t stride, const int32_t *index, int64_t row, int64_t n, int64_t most) {
  vi x;
  for (int l = 0; l < W; l++) {
    int64_t at = index[row_within(row + l, n)];
    x[l] = at >= 0 && at < most ? p[at * stride] : 0;
  }
  return x;
}
INLINE vi v_bchosen(const uint8_t *p, int64_t stride, const int32_t *index, int64_t row, int64_t n, int64_t most) {
  vi x;
  for (int l = 0; l < W; l++) {
    int64_t at = index[row_within(row + l, n)];
    x[l] = at >= 0 && at < most ? -(int32_t)(p[at * stride] != 0) : 0;
  }
  return x;
}
/* The same from memory in strips. */
INLINE vf v_chosen_tiled(const float *p, int64_t columns, int64_t column, const int32_t *index, int64_t row, int64_t n, int64_t most) {
  vf x;
  for (int l = 0; l < W; l++) {
    int64_t at = index[row_within(row + l, n)];
    x[l] = at >= 0 && at < most ? p[(at / L * columns + column) * L + at % L] : NAN;
  }
  return x;
}
/* All ones in the lanes of rows that there are. */
INLINE vi v_present(int64_t row, int64_t n) {
  vi m;
  for (int l = 0; l < W; l++) m[l] = -(int32_t)(row + l < n);
  return m;
}
/* Lanes added in a fixed tree: halves, quarters, and so on. */
#if defined(__AVX512F__)
INLINE float v_total(vf x) { return _mm512_reduce_add_ps((__m512)x); }
#elif defined(__AVX2__)
INLINE float v_total(vf x) {
  __m128 a = _mm_add_ps(_mm256_castps256_ps128((__m256)x), _mm256_extractf128_ps((__m256)x, 1));
  a = _mm_add_ps(a, _mm_movehl_ps(a, a));
  return _mm_cvtss_f32(_mm_add_ss(a, _mm_shuffle_ps(a, a, 1)));
}
#else
INLINE float v_total(vf x) {
  float lanes[W];
  v_store(lanes, x);
  for (int half = W / 2; half > 0; half /= 2)
    for (int l = 0; l < half; l++) lanes[l] = lanes[l] + lanes[l + half];
  return lanes[0];
}
#endif
INLINE int32_t v_itotal(vi x) { int32_t sum = 0; for (int l = 0; l < W; l++) sum += x[l]; return sum; }
#if defined(__AVX2__) && !defined(__AVX512F__)
/* Totals of four vectors. */
INLINE void v_add_totals4(float *p, vf a, vf b, vf c, vf d) {
  __m256 s = _mm256_hadd_ps(_mm256_hadd_ps((__m256)a, (__m256)b), _mm256_hadd_ps((__m256)c, (__m256)d));
  __m128 t = _mm_add_ps(_mm256_castps256_ps128(s), _mm256_extractf128_ps(s, 1));
  _mm_storeu_ps(p, _mm_add_ps(_mm_loadu_ps(p), t));
}
#else
INLINE void v_add_totals4(float *p, vf a, vf b, vf c, vf d) {
  p[0] += v_total(a); p[1] += v_total(b); p[2] += v_total(c); p[3] += v_total(d);
}
#endif

/* What the program is given to run with. */
typedef struct Runtime {
  void (*parallel)(void (*work)(void *, int64_t item, int thread), void *context, int64_t items);
  float *(*scratch)(int thread, int64_t bytes);
  char *(*workspace)(int64_t bytes);
} Runtime;

/* A keyed permutation of 0 … count − 1, as in engine/permutation.ts. */
INLINE vu permute_mix(vu h) {
  h = (h ^ (h >> 16)) * 0x85ebca6bu;
  h = (h ^ (h >> 13)) * 0xc2b2ae35u;
  return h ^ (h >> 16);
}
typedef struct Permutation { int32_t *places, keys[8]; int64_t count; int half; } Permutation;
#define PERMUTED_AT_ONCE 4096
static __attribute__((unused)) void permute_some(void *context, int64_t chunk, int thread) {
  const Permutation *const p = (const Permutation *)context;
  const uint32_t mask = (1u << p->half) - 1, last = (uint32_t)(p->count - 1);
  int64_t end = (chunk + 1) * PERMUTED_AT_ONCE;
  if (end > p->count) end = p->count;
  for (int64_t row = chunk * PERMUTED_AT_ONCE; row < end; row += W) {
    vu place;
    for (int l = 0; l < W; l++) place[l] = (uint32_t)(row + l);
    /* Lanes that are done stay as they are; those past the end are never looked at. */
    vi going = v_present(row, end);
    do {
      vu left = place >> p->half, right = place & mask;
      for (int round = 0; round < 8; round++) {
        const vu next = left ^ (permute_mix(right ^ (uint32_t)p->keys[round]) & mask);
        left = right;
        right = next;
      }
      place = (vu)v_iselect(going, (vi)((left << p->half) | right), (vi)place);
      going = going & (vi)(place > last);
    } while (v_any(going));
    int lanes = end - row < W ? (int)(end - row) : W;
    for (int l = 0; l < lanes; l++) p->places[row + l] = (int32_t)place[l];
  }
}
static __attribute__((unused)) void permute(const Runtime *runtime, int32_t *places, int64_t count, const int32_t *words, int32_t step, int32_t use, int32_t draw) {
  Permutation p = {places, {0}, count, 0};
  int32_t stream = words[2] * 16 + use;
  s_philox(0, step, stream, draw << 16, words[0], words[1], p.keys);
  s_philox(0, step, stream, (draw << 16) + 1, words[0], words[1], p.keys + 4);
  int bits = 0;
  for (uint32_t most = count > 1 ? (uint32_t)(count - 1) : 1; most; most >>= 1) bits++;
  p.half = (bits + 1) >> 1;
  if (p.half < 4) p.half = 4;
  runtime->parallel(permute_some, &p, (count + PERMUTED_AT_ONCE - 1) / PERMUTED_AT_ONCE);
}
`;
