// The end of every attention kernel: the block's records, staged in shared memory, go into the state or to a slot of partial states.
#pragma once

#include "call.cuh"
#include "not_finite.cuh"
#include "records.cuh"
#include "units.cuh"

namespace ringwood {

// `staged` holds WAYS x QUERIES records of STAGED_FLOATS<COLUMNS>. A warp takes a query at a time, so that memory is written in runs.
template <int COLUMNS, int WAYS, int QUERIES, class Aside>
__device__ __forceinline__ void flush(const AttendCall& call, const Unit& unit, int slot, const float* staged, const Aside& aside) {
  int length = HEADER + call.dimV;
  for (int query = threadIdx.x / 32; query < unit.count; query += blockDim.x / 32) {
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
      record.store(reinterpret_cast<float*>(call.partials) + (int64_t(slot) * QUERIES + query) * length, call.dimV);
    } else if (!(record.sum == 0.f)) {
      float* state = reinterpret_cast<float*>(call.state) + ((unit.firstRow + unit.row(query)) * call.queryHeads + unit.head(query)) * length;
      Record<COLUMNS> before;
      before.load(state, call.dimV);
      before.merge(record);
      __syncwarp();  // all lanes have read the header before lane 0 replaces it
      before.store(state, call.dimV);
    }
  }
}

}  // namespace ringwood
