// What NVRTC knows without any header, for the system's C++ compiler.
#pragma once

#include "table.h"

// Where programs have assembly, they have something else for this.
#define EMULATOR 1
#define __CUDACC__ 1
#define __CUDACC_RTC__ 1
#define __global__
#define __device__
#define __host__
#define __constant__
#define __grid_constant__
#define __shared__ static __attribute__((section("emulatedShared")))
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __launch_bounds__(...)
#define __align__(bytes) __attribute__((aligned(bytes)))
#define __restrict__ __restrict

// ---- types

using size_t = decltype(sizeof(0));
struct dim3 {
  unsigned x, y, z;
};

#define EMULATED_VECTORS(scalar, name)                                                                                 \
  struct alignas(2 * sizeof(scalar)) name##2 {                                                                         \
    scalar x, y;                                                                                                       \
  };                                                                                                                   \
  struct name##3 {                                                                                                     \
    scalar x, y, z;                                                                                                    \
  };                                                                                                                   \
  struct alignas(4 * sizeof(scalar)) name##4 {                                                                         \
    scalar x, y, z, w;                                                                                                 \
  };                                                                                                                   \
  inline name##2 make_##name##2(scalar x, scalar y) { return {x, y}; }                                                 \
  inline name##3 make_##name##3(scalar x, scalar y, scalar z) { return {x, y, z}; }                                    \
  inline name##4 make_##name##4(scalar x, scalar y, scalar z, scalar w) { return {x, y, z, w}; }

EMULATED_VECTORS(float, float)
EMULATED_VECTORS(int, int)
EMULATED_VECTORS(unsigned, uint)
EMULATED_VECTORS(unsigned char, uchar)

// ---- places that the emulator fills

#define EMULATED_UNCHECKED __attribute__((no_sanitize("thread"), noinline))

static const EmulatedTable *emulatedTable;
extern "C" {
uint3 threadIdx, blockIdx;
dim3 blockDim, gridDim;
alignas(1024) unsigned char emulatedDynamicShared[232 * 1024];
extern unsigned char __start_emulatedShared[] __attribute__((weak, visibility("hidden")));
extern unsigned char __stop_emulatedShared[] __attribute__((weak, visibility("hidden")));

EMULATED_UNCHECKED void emulatedBind(const EmulatedTable *table, EmulatedPlaces *places) {
  emulatedTable = table;
  *places = {(EmulatedExtent *)&threadIdx, (EmulatedExtent *)&blockIdx, (EmulatedExtent *)&blockDim, (EmulatedExtent *)&gridDim,
             __start_emulatedShared, __stop_emulatedShared, emulatedDynamicShared, sizeof emulatedDynamicShared};
}
}
constexpr int warpSize = 32;

// A kernel takes nothing or one struct.
template <class Parameters> EMULATED_UNCHECKED void emulatedCall(void (*kernel)(Parameters), void *parameters) {
  kernel(*static_cast<Parameters *>(parameters));
}
inline void emulatedCall(void (*kernel)(), void *) { kernel(); }
template <class Parameters> constexpr unsigned long emulatedSize(void (*)(Parameters)) { return sizeof(Parameters); }
constexpr unsigned long emulatedSize(void (*)()) { return 0; }

#define EMULATED_KERNEL(name)                                                                                          \
  extern "C" void emulatedCall_##name(void *parameters) { emulatedCall(name, parameters); }                            \
  extern "C" unsigned long emulatedSize_##name() { return emulatedSize(name); }

// ---- what -fsanitize=thread calls before every read and write

extern "C" {
#define EMULATED_ACCESS(size)                                                                                          \
  EMULATED_UNCHECKED void __tsan_read##size(void *p) { emulatedTable->access(p, size, false, false); }                 \
  EMULATED_UNCHECKED void __tsan_write##size(void *p) { emulatedTable->access(p, size, true, false); }                 \
  EMULATED_UNCHECKED void __tsan_unaligned_read##size(void *p) { emulatedTable->access(p, size, false, false); }       \
  EMULATED_UNCHECKED void __tsan_unaligned_write##size(void *p) { emulatedTable->access(p, size, true, false); }
EMULATED_ACCESS(1)
EMULATED_ACCESS(2)
EMULATED_ACCESS(4)
EMULATED_ACCESS(8)
EMULATED_ACCESS(16)
EMULATED_UNCHECKED void __tsan_read_range(void *p, unsigned long size) { emulatedTable->access(p, size, false, false); }
EMULATED_UNCHECKED void __tsan_write_range(void *p, unsigned long size) { emulatedTable->access(p, size, true, false); }
EMULATED_UNCHECKED void __tsan_init() {}
EMULATED_UNCHECKED void __tsan_func_entry(void *) {}
EMULATED_UNCHECKED void __tsan_func_exit() {}
}

#include "shim-functions.h"
