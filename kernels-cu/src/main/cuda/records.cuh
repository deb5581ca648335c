// Softmax records on the device: (max, sum, out[dv]) of f32 with natural logarithms, as org.ringwood.kernels.SoftmaxState lays
// them out. Kernels work with binary logarithms, for which the hardware has an exponential; they are converted here.
#pragma once

#include "primitives.cuh"

namespace ringwood {

constexpr int HEADER = 2;
constexpr float LN_2_HIGH = 0.693147182464599609375f;     // the f32 nearest to ln 2
constexpr float LN_2_LOW = -1.904654323148236017e-09f;    // ln 2 less that
constexpr double LOG2_E = 1.4426950408889634074;

// One record spread over a warp: lane l holds out[l], out[l + 32], ...
template <int COLUMNS>
struct Record {
  float max, sum;
  float out[COLUMNS];

  __device__ __forceinline__ void load(const float* from, int dimV) {
    int lane = thread_anew() & 31;
    max = from[0];
    sum = from[1];
#pragma unroll
    for (int i = 0; i < COLUMNS; i++) out[i] = lane + 32 * i < dimV ? from[HEADER + lane + 32 * i] : 0.f;
  }

  // The same where records without a key are many: of those only the header is read.
  __device__ __forceinline__ void load_if_any(const float* from, int dimV) {
    max = from[0];
    sum = from[1];
    int lane = thread_anew() & 31;
#pragma unroll
    for (int i = 0; i < COLUMNS; i++) out[i] = !(sum == 0.f) && lane + 32 * i < dimV ? from[HEADER + lane + 32 * i] : 0.f;
  }

  __device__ __forceinline__ void store(float* to, int dimV) const {
    int lane = thread_anew() & 31;
    if (lane == 0) {
      to[0] = max;
      to[1] = sum;
    }
#pragma unroll
    for (int i = 0; i < COLUMNS; i++) {
      if (lane + 32 * i < dimV) to[HEADER + lane + 32 * i] = out[i];
    }
  }

  __device__ __forceinline__ void clear() {
    max = MINUS_INFINITY;
    sum = 0.f;
#pragma unroll
    for (int i = 0; i < COLUMNS; i++) out[i] = 0.f;
  }

  // One key whose value is 0; none if its score is minus infinity.
  __device__ __forceinline__ void set_sink(float score) {
    clear();
    max = score;
    sum = score == MINUS_INFINITY ? 0.f : 1.f;
  }

  // The merge of softmax records over different keys: weights w = sum * exp(max - larger max), out = (w1/sum) out1 + (w2/sum) out2. Products and an
  // addition that are not fused give the same bits with the operands swapped; dividing first keeps a record of no weight from changing
  // the other one at all. A record without a key is the exact identity.
  __device__ __forceinline__ void merge(const Record& other) {
    if (other.sum == 0.f) return;
    if (sum == 0.f) {
      *this = other;
      return;
    }
    float larger = fmaxf(max, other.max);
    float weight = __fmul_rn(sum, expf(max - larger));
    float otherWeight = __fmul_rn(other.sum, expf(other.max - larger));
    float total = __fadd_rn(weight, otherWeight);
    float share = __fdiv_rn(weight, total);
    float otherShare = __fdiv_rn(otherWeight, total);
    max = larger;
    sum = total;
#pragma unroll
    for (int i = 0; i < COLUMNS; i++) out[i] = __fadd_rn(__fmul_rn(out[i], share), __fmul_rn(other.out[i], otherShare));
  }
};

// The softmax of one row as it goes along, in binary logarithms. Weights are 2^(score - reference), the reference being the largest
// score rounded up to an integer: then rescaling what was summed so far is exact, and as seldom as every doubling. (FlashAttention-4 rescales
// seldom, too, with a threshold on the maximum.) The shift of 16-bit weights is part of it.
struct RowSoftmax {
  float max = MINUS_INFINITY;
  float sum = 0.f;

  static __device__ __forceinline__ float reference(float max) { return max == MINUS_INFINITY ? 0.f : ceilf(max); }

  // Raises the maximum; returns the factor for what was summed so far.
  __device__ __forceinline__ float raise(float to) {
    float before = max;
    max = fmaxf(max, to);
    // Before the first score there is nothing to rescale, and the factor might be infinite.
    float factor = before == MINUS_INFINITY ? 1.f : exp2_fast(reference(before) - reference(max));
    sum *= factor;
    return factor;
  }

  // Natural max and sum, the sum relative to the max as it is rounded.
  __device__ __forceinline__ void natural(float shift, float& naturalMax, float& naturalSum) const {
    if (sum == 0.f) {
      naturalMax = MINUS_INFINITY;
      naturalSum = 0.f;
      return;
    }
    naturalMax = max * LN_2_HIGH;
    float rounding = fmaf(max, LN_2_HIGH, -naturalMax) + max * LN_2_LOW;
    // Two factors: a sum near the end of f32 must not overflow on the way.
    naturalSum = sum * exp2f(reference(max) - max - shift) * expf(rounding);
  }
};

// Floats of a record in shared memory, where a block leaves those of its queries before they are merged.
template <int COLUMNS>
constexpr int STAGED_FLOATS = HEADER + 32 * COLUMNS;

}  // namespace ringwood
