// Stands in for the header of NVIDIA's toolkit: what the kernels use of binary16, so that the emulation needs no toolkit.
#pragma once

#include <cstdint>
#include <cstring>

// _Float16 converts to the nearest, ties to even, as the hardware does.
struct __half {
  _Float16 value;
};

struct __half2 {
  __half x, y;
};

inline __half __float2half_rn(float x) { return {static_cast<_Float16>(x)}; }
inline float __half2float(__half x) { return static_cast<float>(x.value); }
inline __half2 __floats2half2_rn(float x, float y) { return {__float2half_rn(x), __float2half_rn(y)}; }
