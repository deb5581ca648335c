// What gradients need before and after their products: delta, and sums that are cleared, added and rounded. All are bound by memory; a warp takes a head of a
// row at a time.
#include "call.cuh"
#include "primitives.cuh"

namespace ringwood {

// Elements of a view, for each (row, head) that falls to this warp.
template <class Body>
__device__ __forceinline__ void each_head(int64_t rows, int heads, Body body) {
  int64_t warps = int64_t(gridDim.x) * (blockDim.x / 32);
  for (int64_t i = int64_t(blockIdx.x) * (blockDim.x / 32) + threadIdx.x / 32; i < rows * heads; i += warps) body(i / heads, i % heads);
}

template <class T>
__device__ __forceinline__ T* elements(const View& view, int64_t row, int64_t head) {
  return reinterpret_cast<T*>(view.data) + row * view.tokenStride + head * view.headStride;
}

// The sum is what remains of much larger numbers, so it is of f64: the few additions cost nothing beside the reads.
template <class E>
__device__ __forceinline__ void delta(const View& out, const View& outGradients, const View& delta, int64_t rows, int heads, int dimV) {
  each_head(rows, heads, [&](int64_t row, int64_t head) {
    const auto* results = elements<const typename E::Type>(out, row, head);
    const auto* gradients = elements<const typename E::Type>(outGradients, row, head);
    int lane = threadIdx.x & 31;
    double sum = 0;
    for (int i = lane; i < dimV; i += 32) sum += double(E::widen(results[i])) * double(E::widen(gradients[i]));
    // Either of two lanes adds the same numbers, so all have the same sum.
    for (int distance = 1; distance < 32; distance *= 2) sum += __shfl_xor_sync(WARP, sum, distance);
    if (lane == 0) *elements<float>(delta, row, head) = float(sum);
  });
}

template <class E>
__device__ __forceinline__ void round(const View& from, const View& to, int64_t rows, int heads, int dim) {
  each_head(rows, heads, [&](int64_t row, int64_t head) {
    for (int i = threadIdx.x & 31; i < dim; i += 32) elements<typename E::Type>(to, row, head)[i] = E::round(elements<const float>(from, row, head)[i]);
  });
}

}  // namespace ringwood

using namespace ringwood;

// All of them: any number of blocks of whole warps.

extern "C" __global__ void gradient_clear(const __grid_constant__ View sums, int64_t rows, int heads, int dim) {
  each_head(rows, heads, [&](int64_t row, int64_t head) {
    for (int i = threadIdx.x & 31; i < dim; i += 32) elements<float>(sums, row, head)[i] = 0.f;
  });
}
RINGWOOD_KERNEL(gradient_clear);

extern "C" __global__ void gradient_add(const __grid_constant__ View from, const __grid_constant__ View into, int64_t rows, int heads, int dim) {
  each_head(rows, heads, [&](int64_t row, int64_t head) {
    for (int i = threadIdx.x & 31; i < dim; i += 32) elements<float>(into, row, head)[i] += elements<const float>(from, row, head)[i];
  });
}
RINGWOOD_KERNEL(gradient_add);

#define RINGWOOD_GRADIENT_ENDS(TYPE, ELEMENT)                                                                                                                  \
  extern "C" __global__ void gradient_delta_##TYPE(const __grid_constant__ View out, const __grid_constant__ View outGradients,                                \
                                                   const __grid_constant__ View deltas, int64_t rows, int heads, int dimV) {                                   \
    ringwood::delta<ELEMENT>(out, outGradients, deltas, rows, heads, dimV);                                                                                    \
  }                                                                                                                                                            \
  RINGWOOD_KERNEL(gradient_delta_##TYPE);                                                                                                                      \
  extern "C" __global__ void gradient_round_##TYPE(const __grid_constant__ View from, const __grid_constant__ View to, int64_t rows, int heads, int dim) {      \
    ringwood::round<ELEMENT>(from, to, rows, heads, dim);                                                                                                      \
  }                                                                                                                                                            \
  RINGWOOD_KERNEL(gradient_round_##TYPE)

RINGWOOD_GRADIENT_ENDS(f32, Single);
RINGWOOD_GRADIENT_ENDS(f16, Half);
RINGWOOD_GRADIENT_ENDS(bf16, Brain);
