// CUDA's words for a host compiler: included before a file of kernels, so that it compiles as plain C++. Only what the kernels use is here.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "blocks.h"
#include "cuda_bf16.h"
#include "cuda_fp16.h"

#define RINGWOOD_HOST 1
#define RINGWOOD_HOST_KERNEL(name) static const emulation::Registration name##_registration(emulation::Caller<name>::kernel(#name))

#define __global__
#define __device__
#define __host__
#define __constant__ __attribute__((visibility("default"), used))
#define __grid_constant__
#define __forceinline__ inline
#define __launch_bounds__(...)

#define EMULATION_SITE emulation::Site{__FILE__, __LINE__}

struct float2 {
  float x, y;
};
struct alignas(16) float4 {
  float x, y, z, w;
};
struct alignas(16) uint4 {
  unsigned x, y, z, w;
};
inline float2 make_float2(float x, float y) { return {x, y}; }
inline uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return {x, y, z, w}; }

#define threadIdx (emulation::place->thread)
#define blockIdx (emulation::place->block)
#define blockDim (emulation::place->blockSize)
#define gridDim (emulation::place->gridSize)

#define __syncthreads() emulation::barrier(EMULATION_SITE)
#define __syncthreads_or(yes) (emulation::barrier_count((yes), EMULATION_SITE) != 0)
#define __syncwarp() emulation::meet(0xffffffffu, EMULATION_SITE)
#define __shfl_xor_sync(mask, value, distance) host::shuffle((mask), (value), emulation::place->lane ^ unsigned(distance), EMULATION_SITE)
#define __any_sync(mask, yes) host::any((mask), (yes), EMULATION_SITE)

template <class A, class B>
inline auto min(A a, B b) -> std::common_type_t<A, B> {
  return b < a ? b : a;
}
template <class A, class B>
inline auto max(A a, B b) -> std::common_type_t<A, B> {
  return a < b ? b : a;
}

using std::isfinite;

// Not fused: the build forbids contractions.
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fdiv_rn(float a, float b) { return a / b; }
inline float __fdividef(float a, float b) { return a / b; }

inline uint32_t __float_as_uint(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, 4);
  return bits;
}

inline unsigned atomicOr(unsigned* at, unsigned bits) { return __atomic_fetch_or(at, bits, __ATOMIC_RELAXED); }

inline float atomicAdd(float* at, float more) {
  uint32_t before = __atomic_load_n(reinterpret_cast<uint32_t*>(at), __ATOMIC_RELAXED), after;
  float sum;
  do {
    float value;
    std::memcpy(&value, &before, 4);
    sum = value + more;
    std::memcpy(&after, &sum, 4);
  } while (!__atomic_compare_exchange_n(reinterpret_cast<uint32_t*>(at), &before, after, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
  std::memcpy(&sum, &before, 4);
  return sum;
}

namespace host {

using emulation::Shown;
using emulation::Site;

inline void* dynamic_shared() { return emulation::dynamic_shared(); }
inline void* shared_array(const void* key, size_t bytes) { return emulation::shared_array(key, bytes); }
inline void cp_async(void* to, const void* from, int bytes, int size) { emulation::start_copy(to, from, bytes, size, EMULATION_SITE); }
inline void cp_async_wait_all() { emulation::await_copies(); }

// ex2.approx.ftz.f32 differs from this in its last bits.
inline float exp2_fast(float x) { return std::exp2(x); }

template <class T>
inline T shuffle(unsigned mask, T value, unsigned lane, Site site) {
  static_assert(sizeof(T) <= 8, "one word");
  uint64_t word = 0;
  std::memcpy(&word, &value, sizeof value);
  const Shown& shown = emulation::show(mask, &word, 1, site);
  word = shown.at(lane, 0);
  std::memcpy(&value, &word, sizeof value);
  return value;
}

inline bool any(unsigned mask, bool yes, Site site) {
  uint64_t word = yes;
  const Shown& shown = emulation::show(mask, &word, 1, site);
  for (unsigned lane = 0; lane < emulation::LANES; lane++) {
    if ((mask >> lane & 1) && shown.at(lane, 0)) return true;
  }
  return false;
}

// PTX ISA, "ldmatrix": lane l gave row l % 8 of matrix l / 8, and gets of each matrix two neighbouring elements of row l / 4, or of column l / 4 if
// transposed.
inline void ldmatrix(uint32_t (&d)[4], const void* row, bool transposed, const char* file, int line) {
  Site site{file, line};
  if (reinterpret_cast<uintptr_t>(row) % 16 != 0) emulation::fail("a row of ldmatrix is not at a multiple of 16", site);
  uint64_t mine[2];
  std::memcpy(mine, row, 16);
  const Shown& shown = emulation::show(0xffffffffu, mine, 2, site);
  int down = int(emulation::place->lane) / 4, across = int(emulation::place->lane) % 4 * 2;
  auto element = [&](int matrix, int r, int c) { return uint32_t(shown.at(unsigned(matrix * 8 + r), c / 4) >> (16 * (c % 4)) & 0xffff); };
  for (int m = 0; m < 4; m++) {
    d[m] = transposed ? element(m, across, down) | element(m, across + 1, down) << 16 : element(m, down, across) | element(m, down, across + 1) << 16;
  }
}

inline float widen(__half*, uint32_t bits) {
  uint16_t half = uint16_t(bits);
  __half value;
  std::memcpy(&value, &half, 2);
  return __half2float(value);
}

inline float widen(__nv_bfloat16*, uint32_t bits) { return __bfloat162float({uint16_t(bits)}); }

// PTX ISA, "mma.m16n8k16": lane l holds of a the rows l/4 and l/4 + 8, of b the column l/4, of d the rows l/4 and l/4 + 8 and the columns 2(l%4) and
// 2(l%4) + 1; of the inner dimension 2(l%4), 2(l%4) + 1 and those plus 8. Sums are of f32, in the order of the inner dimension; the hardware's order is
// not known.
template <class T>
inline void mma(float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1, const char* file, int line) {
  uint64_t mine[3] = {a[0] | uint64_t(a[1]) << 32, a[2] | uint64_t(a[3]) << 32, b0 | uint64_t(b1) << 32};
  const Shown& shown = emulation::show(0xffffffffu, mine, 3, Site{file, line});
  int down = int(emulation::place->lane) / 4, across = int(emulation::place->lane) % 4 * 2;
  T* type = nullptr;
  float left[2][16], right[2][16];
  for (int k = 0; k < 16; k++) {
    int from = k % 8 / 2, upper = k / 8, shift = k % 2 * 16;
    uint64_t rows = shown.at(unsigned(down * 4 + from), upper);
    for (int i = 0; i < 2; i++) {
      left[i][k] = widen(type, uint32_t(rows >> (32 * i)) >> shift & 0xffff);
      right[i][k] = widen(type, uint32_t(shown.at(unsigned((across + i) * 4 + from), 2) >> (32 * upper)) >> shift & 0xffff);
    }
  }
  for (int i = 0; i < 4; i++) {
    for (int k = 0; k < 16; k++) d[i] += left[i / 2][k] * right[i % 2][k];
  }
}

}  // namespace host
