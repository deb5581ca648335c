// Values that are not finite, in tiles of which some pairs are not admitted.
#pragma once

#include "records.cuh"
#include "units.cuh"

namespace ringwood {

// Tells for every output of a block whether infinity, its negative or a NaN is to be added at the end: two bits each, in shared memory, both for a
// NaN. They are seldom, so this is small rather than fast, and costs nothing where it isn't used.
template <int QUERIES, int DIM>
struct NotFinite {
  static constexpr int ROW_WORDS = DIM / 16;
  static constexpr int BYTES = QUERIES * ROW_WORDS * 4;

  uint32_t* const flags;
  int32_t& used;  // in shared memory, 0 until something is noted

  // Notes values (key, column) of a tile for all queries that admit their key; where the weight is dropped, a NaN, which is what 0 times an infinity is. All threads
  // must come here.
  template <uint32_t INFINITY_BITS, class ValueAt, class Admits, class KeptWeights>
  __device__ __forceinline__ void note(ValueAt valueAt, int keys, const Unit& unit, Admits admits, const KeptWeights& kept) const {
    if (used == 0) {
      for (int i = threadIdx.x; i < QUERIES * ROW_WORDS; i += blockDim.x) flags[i] = 0;
      __syncthreads();
      if (threadIdx.x == 0) used = 1;
    }
#pragma unroll 1
    for (int i = threadIdx.x; i < keys * DIM; i += blockDim.x) {
      int key = i / DIM, column = i % DIM;
      uint32_t bits = valueAt(key, column);
      uint32_t magnitude = bits & (INFINITY_BITS | (INFINITY_BITS & -INFINITY_BITS) - 1);
      if (magnitude < INFINITY_BITS) continue;
      uint32_t flag = magnitude > INFINITY_BITS ? 3 : bits == magnitude ? 1 : 2;
#pragma unroll 1
      for (int query = 0; query < unit.count; query++) {
        if (admits(query, key)) atomicOr(flags + query * ROW_WORDS + column / 16, (kept.keeps(query, key) ? flag : 3u) << (column % 16 * 2));
      }
    }
  }

  // Adds what was noted for a query to its outputs. A record without a key stays one.
  template <int COLUMNS>
  __device__ __forceinline__ void apply(Record<COLUMNS>& record, int query) const {
    if (used == 0 || record.sum == 0.f) return;
#pragma unroll
    for (int i = 0; i < COLUMNS; i++) {
      int column = (threadIdx.x & 31) + 32 * i;
      uint32_t flag = flags[query * ROW_WORDS + column / 16] >> (column % 16 * 2) & 3;
      if (flag & 1) record.out[i] -= MINUS_INFINITY;
      if (flag & 2) record.out[i] += MINUS_INFINITY;
    }
  }
};

}  // namespace ringwood
