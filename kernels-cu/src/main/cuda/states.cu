// Softmax states: the identity, the merge, sinks, the merge of what a call's parts left, and the finished output. All are bound by memory; a warp takes a
// record at a time.
#include "call.cuh"
#include "records.cuh"
#include "units.cuh"

namespace ringwood {

constexpr int COLUMNS = 8;      // for dims up to 256
constexpr int MERGE_WARPS = 8;  // that share the partial records of a query

// A warp takes so many neighbouring records at a time: enough loads on their way to keep the memory busy.
constexpr int AT_ONCE = 4;

// Calls `body` with the first of the records that fall to this warp, and how many they are.
template <class Body>
__device__ __forceinline__ void each_records(int64_t records, Body body) {
  int64_t warps = int64_t(gridDim.x) * (blockDim.x / 32);
  for (int64_t i = (int64_t(blockIdx.x) * (blockDim.x / 32) + threadIdx.x / 32) * AT_ONCE; i < records; i += warps * AT_ONCE) {
    body(i, records - i < AT_ONCE ? int(records - i) : AT_ONCE);
  }
}

// Merges into each record that falls to this warp the one that `load` makes for its index.
template <class Load>
__device__ __forceinline__ void merge_each(float* into, int64_t records, int dimV, Load load) {
  each_records(records, [&](int64_t first, int count) {
    Record<COLUMNS> record[AT_ONCE], other[AT_ONCE];
#pragma unroll
    for (int i = 0; i < AT_ONCE; i++) {
      if (i >= count) break;
      record[i].load(into + (first + i) * (HEADER + dimV), dimV);
      load(other[i], first + i);
    }
    __syncwarp();  // all lanes have read the headers before lane 0 replaces them
#pragma unroll
    for (int i = 0; i < AT_ONCE; i++) {
      if (i >= count) break;
      record[i].merge(other[i]);
      record[i].store(into + (first + i) * (HEADER + dimV), dimV);
    }
  });
}

template <class E>
__device__ __forceinline__ void finish(const float* state, const View& out, const View& lse, int64_t rows, int heads, int dimV) {
  each_records(rows * heads, [&](int64_t first, int count) {
    Record<COLUMNS> record[AT_ONCE];
#pragma unroll
    for (int i = 0; i < AT_ONCE; i++) {
      if (i < count) record[i].load(state + (first + i) * (HEADER + dimV), dimV);
    }
    int lane = threadIdx.x & 31;
#pragma unroll
    for (int i = 0; i < AT_ONCE; i++) {
      if (i >= count) break;
      int64_t row = (first + i) / heads, head = (first + i) % heads;
      auto* to = reinterpret_cast<typename E::Type*>(out.data) + row * out.tokenStride + head * out.headStride;
#pragma unroll
      for (int c = 0; c < COLUMNS; c++) {
        if (lane + 32 * c < dimV) to[lane + 32 * c] = E::round(record[i].out[c]);
      }
      if (lane == 0) reinterpret_cast<float*>(lse.data)[row * lse.tokenStride + head * lse.headStride] = record[i].max + logf(record[i].sum);
    }
  });
}

}  // namespace ringwood

using namespace ringwood;

// Any number of blocks of whole warps.
extern "C" __global__ void state_clear(float* state, int64_t records, int dimV) {
  each_records(records, [&](int64_t first, int count) {
    Record<COLUMNS> record;
    record.clear();
    for (int i = 0; i < count; i++) record.store(state + (first + i) * (HEADER + dimV), dimV);
  });
}
RINGWOOD_KERNEL(state_clear);

extern "C" __global__ void state_merge(float* into, const float* from, int64_t records, int dimV) {
  merge_each(into, records, dimV, [&](Record<COLUMNS>& other, int64_t i) { other.load(from + i * (HEADER + dimV), dimV); });
}
RINGWOOD_KERNEL(state_merge);

// One more key for each record, whose value is 0 and whose score is its head's of `logits`.
extern "C" __global__ void state_sink(float* into, const float* logits, int64_t records, int heads, int dimV) {
  merge_each(into, records, dimV, [&](Record<COLUMNS>& sink, int64_t i) { sink.set_sink(logits[i % heads]); });
}
RINGWOOD_KERNEL(state_sink);

// The fix-up of Stream-K (Osama et al., arXiv 2301.03598) and LeanAttention (arXiv 2405.10480), as a kernel of its own: merges the partial records of
// the queries of a split unit into the state, in the order of their keys. grid.x: splits, grid.y: queries of a block; 256 threads.
extern "C" __global__ void __launch_bounds__(MERGE_WARPS * 32) state_fixup(const __grid_constant__ AttendCall call, const Split* splits, int queriesPerBlock) {
  RINGWOOD_SHARED_ARRAY(float, staged, MERGE_WARPS * STAGED_FLOATS<COLUMNS>);
  const Split split = splits[blockIdx.x];
  Unit unit(call, split.block, split.unit);
  int query = blockIdx.y, warp = threadIdx.x / 32;
  if (query >= unit.count) return;
  int length = HEADER + call.dimV;
  int slots = split.endSlot - split.firstSlot;
  // Neighbouring slots to a warp, so that the order of keys is kept.
  int from = split.firstSlot + int(int64_t(slots) * warp / MERGE_WARPS);
  int to = split.firstSlot + int(int64_t(slots) * (warp + 1) / MERGE_WARPS);
  const float* partials = reinterpret_cast<const float*>(call.partials);
  Record<COLUMNS> record;
  record.clear();
  for (int slot = from; slot < to; slot++) {
    Record<COLUMNS> part;
    part.load(partials + (int64_t(slot) * queriesPerBlock + query) * length, call.dimV);
    record.merge(part);
  }
  record.store(staged + warp * STAGED_FLOATS<COLUMNS>, call.dimV);
  __syncthreads();
  if (warp != 0) return;
  float* state = reinterpret_cast<float*>(call.state) + ((unit.firstRow + unit.row(query)) * call.queryHeads + unit.head(query)) * length;
  Record<COLUMNS> merged;
  merged.load(state, call.dimV);
  for (int i = 0; i < MERGE_WARPS; i++) {
    Record<COLUMNS> part;
    part.load(staged + i * STAGED_FLOATS<COLUMNS>, call.dimV);
    merged.merge(part);
  }
  __syncwarp();
  merged.store(state, call.dimV);
}
RINGWOOD_KERNEL(state_fixup);

#define RINGWOOD_FINISH(TYPE, ELEMENT)                                                                                            \
  extern "C" __global__ void state_finish_##TYPE(const float* state, const __grid_constant__ View out, const __grid_constant__ View lse, \
                                                 int64_t rows, int heads, int dimV) {                                             \
    finish<ELEMENT>(state, out, lse, rows, heads, dimV);                                                                          \
  }                                                                                                                               \
  RINGWOOD_KERNEL(state_finish_##TYPE)

RINGWOOD_FINISH(f32, Single);
RINGWOOD_FINISH(f16, Half);
RINGWOOD_FINISH(bf16, Brain);
