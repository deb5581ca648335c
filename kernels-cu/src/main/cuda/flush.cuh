// The end of every attention kernel: the block's records, staged in shared memory, go into the state or to a slot of partial states.
#pragma once

#include "call.cuh"
#include "not_finite.cuh"
#include "records.cuh"
#include "units.cuh"

namespace ringwood {

__device__ __forceinline__ float* state_record(const AttendCall& call, const Unit& unit, int query) {
  int64_t record = (unit.firstRow + unit.row(query)) * call.queryHeads + unit.head(query);
  return reinterpret_cast<float*>(call.state) + record * (HEADER + call.dimV);
}

// Has the records that the block will merge with on their way while it attends; those without a key have nothing to merge.
__device__ __forceinline__ void prefetch_state(const AttendCall& call, const Unit& unit) {
  constexpr int LINE = 32;  // floats
#pragma unroll 1
  for (int query = threadIdx.x; query < unit.count; query += blockDim.x) {
    const float* record = state_record(call, unit, query);
    if (record[1] == 0.f) continue;
#pragma unroll 1
    for (int i = LINE; i < HEADER + call.dimV + LINE; i += LINE) prefetch(record + min(i, HEADER + call.dimV - 1));
  }
}

// `staged` holds WAYS x QUERIES records of STAGED_FLOATS<COLUMNS>. A warp takes a query at a time, so that memory is written in runs; for some queries at
// once it asks for what the state holds, as each answer takes as long as much of the attention of a short sequence.
template <int COLUMNS, int WAYS, int QUERIES, class Aside>
__device__ __forceinline__ void flush(const AttendCall& call, const Unit& unit, int slot, const float* staged, const Aside& aside) {
  constexpr int AT_ONCE = 2;
  int warps = blockDim.x / 32;
  for (int first = thread_anew() / 32; first < unit.count; first += AT_ONCE * warps) {
    float* target[AT_ONCE];
    Record<COLUMNS> before[AT_ONCE];
#pragma unroll
    for (int i = 0; i < AT_ONCE; i++) {
      int query = first + i * warps;
      target[i] = state_record(call, unit, query);
      if (slot < 0 && query < unit.count) before[i].load_if_any(target[i], call.dimV);
    }
#pragma unroll
    for (int i = 0; i < AT_ONCE; i++) {
      int query = first + i * warps;
      if (query >= unit.count) break;
      Record<COLUMNS> record;
      record.load(staged + query * STAGED_FLOATS<COLUMNS>, call.dimV);
#pragma unroll
      for (int way = 1; way < WAYS; way++) {
        Record<COLUMNS> other;
        other.load(staged + (way * QUERIES + query) * STAGED_FLOATS<COLUMNS>, call.dimV);
        record.merge(other);
      }
      aside.apply(record, query);
      if (slot >= 0) {
        record.store(reinterpret_cast<float*>(call.partials) + (int64_t(slot) * QUERIES + query) * (HEADER + call.dimV), call.dimV);
      } else if (!(record.sum == 0.f)) {
        before[i].merge(record);
        __syncwarp();  // all lanes have read the header before lane 0 replaces it
        before[i].store(target[i], call.dimV);
      }
    }
  }
}

}  // namespace ringwood
