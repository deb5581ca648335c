// The few primitives that a processor without CUDA needs another body for. Everything else in this folder is plain C++ and
// CUDA's own words. Only what sm_80 has is used, so that one source serves every later architecture.
//
// A host build includes, before this header, one that defines RINGWOOD_HOST, the words of CUDA (__global__, threadIdx,
// __syncthreads, __shfl_xor_sync, ...) and, in namespace host, the functions called below.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cstdint>

#ifdef RINGWOOD_HOST
#define RINGWOOD_SHARED(name) unsigned char* name = static_cast<unsigned char*>(host::dynamic_shared())
#define RINGWOOD_SHARED_ARRAY(type, name, count) \
  static char name##_key;                        \
  type* name = static_cast<type*>(host::shared_array(&name##_key, sizeof(type) * (count)))
#define RINGWOOD_KERNEL(name) RINGWOOD_HOST_KERNEL(name)
#undef __grid_constant__
#define __grid_constant__
#else
#define RINGWOOD_SHARED(name) extern __shared__ __align__(128) unsigned char name[]
#define RINGWOOD_SHARED_ARRAY(type, name, count) __shared__ type name[count]
#define RINGWOOD_KERNEL(name) static_assert(true, "")
#endif

namespace ringwood {

constexpr unsigned WARP = 0xffffffffu;
constexpr float MINUS_INFINITY = -__builtin_huge_valf();

#ifdef RINGWOOD_HOST
using Shared = void*;
inline Shared shared_address(void* p) { return p; }
inline Shared at_offset(Shared p, int bytes) { return static_cast<unsigned char*>(p) + bytes; }
#else
// An address within shared memory in 32 bits: with a constant offset it is one operand of ldmatrix and cp.async.
using Shared = uint32_t;
__device__ __forceinline__ Shared shared_address(void* p) { return static_cast<uint32_t>(__cvta_generic_to_shared(p)); }
__device__ __forceinline__ Shared at_offset(Shared p, int bytes) { return p + static_cast<uint32_t>(bytes); }
#endif

// Copies `bytes` (0 to 16) of 16 bytes to shared memory and makes the rest zero; it ends no later than cp_async_wait. Both addresses
// are multiples of 16. .cg: past L1, whose lines would only be used once.
__device__ __forceinline__ void cp_async16(Shared to, const void* from, int bytes) {
#ifdef RINGWOOD_HOST
  host::cp_async(to, from, bytes, 16);
#else
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from), "r"(bytes) : "memory");
#endif
}

// The same of 4 bytes, from a multiple of 4; none of them makes a zero.
__device__ __forceinline__ void cp_async4(Shared to, const void* from, int bytes) {
#ifdef RINGWOOD_HOST
  host::cp_async(to, from, bytes, 4);
#else
  asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;" ::"r"(to), "l"(from), "r"(bytes) : "memory");
#endif
}

// Waits for all copies that this thread has started. What they wrote is then seen by this thread alone, by others after a barrier.
__device__ __forceinline__ void cp_async_wait() {
#ifdef RINGWOOD_HOST
  host::cp_async_wait_all();
#else
  asm volatile("cp.async.wait_all;" ::: "memory");
#endif
}

// Four 8x8 matrices of 16-bit elements; lane l gives the address of row l%8 of matrix l/8, and gets of each matrix the elements
// (l/4, 2(l%4)) and (l/4, 2(l%4)+1). PTX ISA, "ldmatrix".
__device__ __forceinline__ void ldmatrix(uint32_t (&d)[4], Shared row) {
#ifdef RINGWOOD_HOST
  host::ldmatrix(d, row, false, __FILE__, __LINE__);
#else
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(d[0]), "=r"(d[1]), "=r"(d[2]), "=r"(d[3])
               : "r"(row));
#endif
}

// The same of the transposed matrices.
__device__ __forceinline__ void ldmatrix_transposed(uint32_t (&d)[4], Shared row) {
#ifdef RINGWOOD_HOST
  host::ldmatrix(d, row, true, __FILE__, __LINE__);
#else
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(d[0]), "=r"(d[1]), "=r"(d[2]), "=r"(d[3])
               : "r"(row));
#endif
}

// Brings a line of 128 bytes nearer, in good time before it is read.
__device__ __forceinline__ void prefetch(const void* address) {
#ifndef RINGWOOD_HOST
  asm volatile("prefetch.global.L2 [%0];" ::"l"(address));
#endif
}

// threadIdx.x, asked for anew each time: what is computed from it at the end of a kernel is then not kept in registers from its beginning.
__device__ __forceinline__ int thread_anew() {
#ifdef RINGWOOD_HOST
  return int(threadIdx.x);
#else
  int thread;
  asm volatile("mov.u32 %0, %%tid.x;" : "=r"(thread));
  return thread;
#endif
}

// A value of a kernel's arguments, asked for anew each time: what is computed from it is then not kept in registers over a loop.
__device__ __forceinline__ uint64_t anew(uint64_t value) {
#ifndef RINGWOOD_HOST
  asm volatile("" : "+l"(value));
#endif
  return value;
}

// 2^x with a relative error of 2^-22 at most; exactly 0 for -infinity, and 1 for 0.
__device__ __forceinline__ float exp2_fast(float x) {
#ifdef RINGWOOD_HOST
  return host::exp2_fast(x);
#else
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
#endif
}

// What distinguishes the two 16-bit types: their mma, their rounding, and the bits of what is not finite.
struct Half {
  using Type = __half;
  // Weights up to 2^15 instead of 1, so that those below 2^-24 don't vanish in binary16: all are scaled alike, and the division by
  // their sum undoes it.
  static constexpr float WEIGHT_SHIFT = 15.f;
  static constexpr uint32_t INFINITY_BITS = 0x7c00u;

  // d += a b for a 16x16 and a 16x8 tile, f32 accumulation. PTX ISA, "mma.m16n8k16".
  static __device__ __forceinline__ void mma(float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
#ifdef RINGWOOD_HOST
    host::mma<__half>(d, a, b0, b1, __FILE__, __LINE__);
#else
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
#endif
  }

  // Both rounded to the nearest, `low` in the lower half.
  static __device__ __forceinline__ uint32_t pack(float low, float high) {
    __half2 both = __floats2half2_rn(low, high);
    return *reinterpret_cast<uint32_t*>(&both);
  }

  static __device__ __forceinline__ Type round(float x) { return __float2half_rn(x); }
  static __device__ __forceinline__ float widen(Type x) { return __half2float(x); }
};

struct Brain {
  using Type = __nv_bfloat16;
  static constexpr float WEIGHT_SHIFT = 0.f;
  static constexpr uint32_t INFINITY_BITS = 0x7f80u;

  static __device__ __forceinline__ void mma(float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
#ifdef RINGWOOD_HOST
    host::mma<__nv_bfloat16>(d, a, b0, b1, __FILE__, __LINE__);
#else
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
#endif
  }

  static __device__ __forceinline__ uint32_t pack(float low, float high) {
    __nv_bfloat162 both = __floats2bfloat162_rn(low, high);
    return *reinterpret_cast<uint32_t*>(&both);
  }

  static __device__ __forceinline__ Type round(float x) { return __float2bfloat16_rn(x); }
  static __device__ __forceinline__ float widen(Type x) { return __bfloat162float(x); }
};

struct Single {
  using Type = float;
  static constexpr uint32_t INFINITY_BITS = 0x7f800000u;
  static __device__ __forceinline__ Type round(float x) { return x; }
  static __device__ __forceinline__ float widen(Type x) { return x; }
};

}  // namespace ringwood
