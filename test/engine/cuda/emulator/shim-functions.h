// CUDA's functions, as far as kernels use them.
#pragma once

// ---- barriers and warps

// The emulator's own memory is none of a kernel's: these are not looked at.
EMULATED_UNCHECKED inline void emulatedBarrier(int line) { emulatedTable->barrier(line); }
EMULATED_UNCHECKED inline int emulatedVote(int line, int kind, int predicate) {
  return emulatedTable->vote(line, kind, predicate);
}
EMULATED_UNCHECKED inline void emulatedExchange(int line, unsigned mask, unsigned long long word) {
  emulatedTable->exchange(line, mask, word);
}
EMULATED_UNCHECKED inline unsigned long long emulatedRead(unsigned lane) { return emulatedTable->lane(lane); }
EMULATED_UNCHECKED inline unsigned emulatedLanes() { return emulatedTable->lanes(); }
EMULATED_UNCHECKED inline void emulatedAtomic(void *pointer, unsigned long size) {
  emulatedTable->access(pointer, size, true, true);
}

#define __syncthreads() emulatedBarrier(__LINE__)
#define __syncthreads_and(predicate) emulatedVote(__LINE__, 0, predicate)
#define __syncthreads_or(predicate) emulatedVote(__LINE__, 1, predicate)
#define __syncthreads_count(predicate) emulatedVote(__LINE__, 2, predicate)
#define __syncwarp(...) emulatedExchange(__LINE__, emulatedMask(__VA_ARGS__), 0)
inline void __threadfence() {}
inline void __threadfence_block() {}
inline unsigned emulatedMask(unsigned mask = 0xffffffffu) { return mask; }

inline unsigned emulatedLane() {
  return (threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z)) % 32;
}

template <class T> T emulatedShuffle(int line, unsigned mask, T value, int source, bool inside) {
  unsigned long long word = 0;
  __builtin_memcpy(&word, &value, sizeof(T));
  emulatedExchange(line, mask, word);
  if (!inside) return value;
  word = emulatedRead((unsigned)source);
  __builtin_memcpy(&value, &word, sizeof(T));
  return value;
}

template <class T> T emulatedShuffleTo(int line, unsigned mask, T value, int source, int width = 32) {
  int first = (int)emulatedLane() / width * width;
  return emulatedShuffle(line, mask, value, first + (source & (width - 1)), true);
}
template <class T> T emulatedShuffleXor(int line, unsigned mask, T value, int bits, int width = 32) {
  int source = (int)emulatedLane() ^ bits, end = (int)emulatedLane() / width * width + width;
  return emulatedShuffle(line, mask, value, source, source < end);
}
template <class T> T emulatedShuffleDown(int line, unsigned mask, T value, int delta, int width = 32) {
  int source = (int)emulatedLane() + delta, end = (int)emulatedLane() / width * width + width;
  return emulatedShuffle(line, mask, value, source, source < end);
}
template <class T> T emulatedShuffleUp(int line, unsigned mask, T value, int delta, int width = 32) {
  int source = (int)emulatedLane() - delta, first = (int)emulatedLane() / width * width;
  return emulatedShuffle(line, mask, value, source, source >= first);
}
#define __shfl_sync(...) emulatedShuffleTo(__LINE__, __VA_ARGS__)
#define __shfl_xor_sync(...) emulatedShuffleXor(__LINE__, __VA_ARGS__)
#define __shfl_down_sync(...) emulatedShuffleDown(__LINE__, __VA_ARGS__)
#define __shfl_up_sync(...) emulatedShuffleUp(__LINE__, __VA_ARGS__)

inline unsigned emulatedBallot(int line, unsigned mask, int predicate) {
  emulatedExchange(line, mask, predicate != 0);
  unsigned ballot = 0;
  for (unsigned lane = 0; lane < 32; lane += 1)
    if (emulatedLanes() >> lane & 1 && emulatedRead(lane)) ballot |= 1u << lane;
  return ballot;
}
#define __ballot_sync(mask, predicate) emulatedBallot(__LINE__, mask, predicate)
#define __any_sync(mask, predicate) (emulatedBallot(__LINE__, mask, predicate) != 0)
#define __all_sync(mask, predicate) (emulatedBallot(__LINE__, mask, !(predicate)) == 0)

// ---- memory

template <class T> T __ldg(const T *pointer) { return *pointer; }
template <class T> T __ldcs(const T *pointer) { return *pointer; }
template <class T> T __ldcg(const T *pointer) { return *pointer; }
template <class T> T __ldca(const T *pointer) { return *pointer; }
template <class T> void __stcs(T *pointer, T value) { *pointer = value; }
template <class T> void __stcg(T *pointer, T value) { *pointer = value; }

#define EMULATED_ATOMIC(name, result)                                                                                  \
  template <class T> EMULATED_UNCHECKED T name(T *pointer, T value) {                                                  \
    emulatedAtomic(pointer, sizeof(T));                                                             \
    T old = *pointer;                                                                                                  \
    *pointer = result;                                                                                                 \
    return old;                                                                                                        \
  }
EMULATED_ATOMIC(atomicAdd, old + value)
EMULATED_ATOMIC(atomicSub, old - value)
EMULATED_ATOMIC(atomicMax, old > value ? old : value)
EMULATED_ATOMIC(atomicMin, old < value ? old : value)
EMULATED_ATOMIC(atomicAnd, old &value)
EMULATED_ATOMIC(atomicOr, old | value)
EMULATED_ATOMIC(atomicXor, old ^ value)
EMULATED_ATOMIC(atomicExch, value)
template <class T> EMULATED_UNCHECKED T atomicCAS(T *pointer, T expected, T value) {
  emulatedAtomic(pointer, sizeof(T));
  T old = *pointer;
  if (old == expected) *pointer = value;
  return old;
}

// ---- bits

template <class To, class From> inline To emulatedBits(From from) {
  To to;
  __builtin_memcpy(&to, &from, sizeof(To));
  return to;
}
inline unsigned __float_as_uint(float x) { return emulatedBits<unsigned>(x); }
inline int __float_as_int(float x) { return emulatedBits<int>(x); }
inline float __uint_as_float(unsigned x) { return emulatedBits<float>(x); }
inline float __int_as_float(int x) { return emulatedBits<float>(x); }
inline long long __double_as_longlong(double x) { return emulatedBits<long long>(x); }
inline double __longlong_as_double(long long x) { return emulatedBits<double>(x); }
inline unsigned __umulhi(unsigned x, unsigned y) { return (unsigned)((unsigned long long)x * y >> 32); }
inline int __mulhi(int x, int y) { return (int)((long long)x * y >> 32); }
inline unsigned long long __umul64hi(unsigned long long x, unsigned long long y) {
  return (unsigned long long)((unsigned __int128)x * y >> 64);
}
inline int __clz(int x) { return x ? __builtin_clz((unsigned)x) : 32; }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline unsigned __brev(unsigned x) {
  unsigned reversed = 0;
  for (int bit = 0; bit < 32; bit += 1) reversed |= (x >> bit & 1) << (31 - bit);
  return reversed;
}
inline unsigned __funnelshift_l(unsigned low, unsigned high, unsigned shift) {
  return (unsigned)((((unsigned long long)high << 32 | low) << (shift & 31)) >> 32);
}
inline unsigned __funnelshift_r(unsigned low, unsigned high, unsigned shift) {
  return (unsigned)(((unsigned long long)high << 32 | low) >> (shift & 31));
}

// ---- arithmetic

extern "C" {
#define EMULATED_MATH(name) float name##f(float);
EMULATED_MATH(exp) EMULATED_MATH(exp2) EMULATED_MATH(expm1) EMULATED_MATH(log) EMULATED_MATH(log2) EMULATED_MATH(log10)
EMULATED_MATH(log1p) EMULATED_MATH(sqrt) EMULATED_MATH(cbrt) EMULATED_MATH(sin) EMULATED_MATH(cos) EMULATED_MATH(tan)
EMULATED_MATH(asin) EMULATED_MATH(acos) EMULATED_MATH(atan) EMULATED_MATH(sinh) EMULATED_MATH(cosh) EMULATED_MATH(tanh)
EMULATED_MATH(asinh) EMULATED_MATH(acosh) EMULATED_MATH(atanh) EMULATED_MATH(erf) EMULATED_MATH(erfc) EMULATED_MATH(floor)
EMULATED_MATH(ceil) EMULATED_MATH(trunc) EMULATED_MATH(round) EMULATED_MATH(rint) EMULATED_MATH(nearbyint) EMULATED_MATH(fabs)
EMULATED_MATH(lgamma) EMULATED_MATH(tgamma)
float powf(float, float);
float fmodf(float, float);
float remainderf(float, float);
float fmaxf(float, float);
float fminf(float, float);
float atan2f(float, float);
float copysignf(float, float);
float hypotf(float, float);
float fmaf(float, float, float);
float ldexpf(float, int);
double exp(double);
double log(double);
double sqrt(double);
double tanh(double);
double pow(double, double);
double floor(double);
double fabs(double);
double fma(double, double, double);
double fmax(double, double);
double fmin(double, double);
}
inline float exp(float x) { return expf(x); }
inline float log(float x) { return logf(x); }
inline float sqrt(float x) { return sqrtf(x); }
inline float tanh(float x) { return tanhf(x); }
inline float pow(float x, float y) { return powf(x, y); }
inline float floor(float x) { return floorf(x); }
inline float fabs(float x) { return fabsf(x); }
inline float fma(float x, float y, float z) { return fmaf(x, y, z); }
inline float fmax(float x, float y) { return fmaxf(x, y); }
inline float fmin(float x, float y) { return fminf(x, y); }
inline int abs(int x) { return x < 0 ? -x : x; }
inline float abs(float x) { return fabsf(x); }
#define EMULATED_EXTREMES(type)                                                                                        \
  inline type min(type x, type y) { return y < x ? y : x; }                                                            \
  inline type max(type x, type y) { return x < y ? y : x; }
EMULATED_EXTREMES(int)
EMULATED_EXTREMES(unsigned)
EMULATED_EXTREMES(long long)
EMULATED_EXTREMES(unsigned long long)
inline float min(float x, float y) { return fminf(x, y); }
inline float max(float x, float y) { return fmaxf(x, y); }
inline bool isnan(float x) { return __builtin_isnan(x); }
inline bool isinf(float x) { return __builtin_isinf(x); }
inline bool isfinite(float x) { return __builtin_isfinite(x); }
inline bool signbit(float x) { return __builtin_signbit(x); }

inline float rsqrtf(float x) { return 1.0f / sqrtf(x); }
inline float __expf(float x) { return expf(x); }
inline float __exp10f(float x) { return powf(10.0f, x); }
inline float __logf(float x) { return logf(x); }
inline float __log2f(float x) { return log2f(x); }
inline float __sinf(float x) { return sinf(x); }
inline float __cosf(float x) { return cosf(x); }
inline float __tanf(float x) { return tanf(x); }
inline float __powf(float x, float y) { return powf(x, y); }
inline float __fdividef(float x, float y) { return x / y; }
inline float __saturatef(float x) { return x > 0.0f ? (x < 1.0f ? x : 1.0f) : 0.0f; }
inline void sincosf(float x, float *sine, float *cosine) { *sine = sinf(x), *cosine = cosf(x); }
inline float normcdff(float x) { return 0.5f * erfcf(-x * 0.70710678f); }

inline float __fadd_rn(float x, float y) { return x + y; }
inline float __fsub_rn(float x, float y) { return x - y; }
inline float __fmul_rn(float x, float y) { return x * y; }
inline float __fdiv_rn(float x, float y) { return x / y; }
inline float __frcp_rn(float x) { return 1.0f / x; }
inline float __fsqrt_rn(float x) { return sqrtf(x); }
inline float __frsqrt_rn(float x) { return (float)(1.0 / sqrt((double)x)); }
inline float __fmaf_rn(float x, float y, float z) { return fmaf(x, y, z); }
inline double __dadd_rn(double x, double y) { return x + y; }
inline double __dmul_rn(double x, double y) { return x * y; }

// Saturating, and 0 for NaN, as the GPU converts.
inline int emulatedToInt(float x) {
  return isnan(x) ? 0 : x >= 2147483648.0f ? 2147483647 : x < -2147483648.0f ? -2147483647 - 1 : (int)x;
}
inline unsigned emulatedToUnsigned(float x) {
  return !(x > 0.0f) ? 0u : x >= 4294967296.0f ? 4294967295u : (unsigned)x;
}
inline int __float2int_rz(float x) { return emulatedToInt(x); }
inline int __float2int_rn(float x) { return emulatedToInt(rintf(x)); }
inline int __float2int_rd(float x) { return emulatedToInt(floorf(x)); }
inline int __float2int_ru(float x) { return emulatedToInt(ceilf(x)); }
inline unsigned __float2uint_rz(float x) { return emulatedToUnsigned(x); }
inline unsigned __float2uint_rn(float x) { return emulatedToUnsigned(rintf(x)); }
inline unsigned __float2uint_rd(float x) { return emulatedToUnsigned(floorf(x)); }
inline float __int2float_rn(int x) { return (float)x; }
inline float __uint2float_rn(unsigned x) { return (float)x; }

// ---- copies that go on beside the program

// Those of a thread fill their places when it waits for them, no sooner: who forgets to wait reads NaN.
struct EmulatedCopy {
  float *to;
  const void *from;
};
constexpr unsigned emulatedMostCopies = 1024;
static EmulatedCopy emulatedCopies[1024][emulatedMostCopies];
static unsigned emulatedCopyCounts[1024];

inline void emulatedCopyNow(EmulatedCopy copy) { *(float4 *)copy.to = *(const float4 *)copy.from; }
EMULATED_UNCHECKED inline bool emulatedCopyLater(EmulatedCopy copy) {
  unsigned &count = emulatedCopyCounts[threadIdx.x];
  if (count == emulatedMostCopies) return false;
  emulatedCopies[threadIdx.x][count] = copy;
  count += 1;
  return true;
}
EMULATED_UNCHECKED inline bool emulatedTakeCopy(EmulatedCopy *copy) {
  unsigned &count = emulatedCopyCounts[threadIdx.x];
  if (count == 0) return false;
  count -= 1;
  *copy = emulatedCopies[threadIdx.x][count];
  return true;
}

inline void copy_four(float *to, const void *from) {
  if (!emulatedCopyLater({to, from})) emulatedCopyNow({to, from});
}
inline void await_copies() {
  for (EmulatedCopy copy; emulatedTakeCopy(&copy);) emulatedCopyNow(copy);
}
