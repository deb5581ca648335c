// Attention of f32 tensors in f32 throughout, with fused multiply-adds: what is lost on 16-bit operands is what f32 is chosen for, so the
// tensor cores' TF32 is out of the question.
//
// 16 x 16 threads: those of one row of threads have the same queries and share out the keys, later the columns of the outputs. Tiles travel as in
// the kernels for 16 bits.
#pragma once

#include "dropout.cuh"
#include "float_tiles.cuh"
#include "flush.cuh"
#include "shapes.cuh"

namespace ringwood {

template <class TABLE, bool DROPOUT>
struct FloatAttention {
  static constexpr FloatShape SHAPE = TABLE::SHAPE;
  static constexpr int DIM = SHAPE.dim;
  static constexpr int QUERIES = SHAPE.queries();
  static constexpr int KEYS = SHAPE.keys;
  static constexpr int THREADS = SHAPE.threads();
  static constexpr int KEPT_BYTES = DROPOUT ? SHAPE.keptBytes() : 0;
  static constexpr int SHARED_BYTES = SHAPE.sharedBytes() + KEPT_BYTES;
  static constexpr int KEPT_AT = SHARED_BYTES - CONTROL_BYTES - NotFinite<QUERIES, DIM>::BYTES - KEPT_BYTES;
  static constexpr int ROWS = SHAPE.rowsPerThread;
  static constexpr int KEYS_T = KEYS / 16;           // keys of a thread
  using Tiles = FloatTiles<DIM>;
  static constexpr int FOURS = Tiles::FOURS;
  static constexpr int ROW_FLOATS = Tiles::ROW_FLOATS;
  static constexpr int WEIGHT_FLOATS = SHAPE.weightFloats();
  static constexpr int COLUMNS = DIM / 32;

  const AttendCall& call;
  float* const queries;
  float* const keys;
  float* const values;
  float* const weights;
  Control<KEYS, 4>& control;
  const NotFinite<QUERIES, DIM> aside;
  const Kept<KEYS, DROPOUT> kept;
  const int across, down;  // place among 16 x 16 threads
  float factor;
  bool plainScores;

  RowSoftmax softmax[ROWS];
  float out[ROWS][FOURS][4];

  __device__ __forceinline__ FloatAttention(const AttendCall& call, unsigned char* shared)
      : call(call),
        queries(reinterpret_cast<float*>(shared)),
        keys(queries + QUERIES * ROW_FLOATS),
        values(keys + KEYS * ROW_FLOATS),
        weights(values + KEYS * ROW_FLOATS),
        control(control_of(shared)),
        aside{reinterpret_cast<uint32_t*>(shared + SHARED_BYTES - CONTROL_BYTES - NotFinite<QUERIES, DIM>::BYTES), control.asideUsed},
        kept(shared + KEPT_AT),
        across(threadIdx.x % 16),
        down(threadIdx.x / 16) {
    static_assert(sizeof(Control<KEYS, 4>) <= CONTROL_BYTES, "see shapes.cuh");
    plainScores = call.softcap == 0.f && call.scale > 0.f;
    factor = plainScores ? float(call.scale * LOG2_E) : 1.f;
  }

  static __device__ __forceinline__ Control<KEYS, 4>& control_of(unsigned char* shared) {
    return *reinterpret_cast<Control<KEYS, 4>*>(shared + SHARED_BYTES - CONTROL_BYTES);
  }

  static __device__ __forceinline__ void run(const AttendCall& call, unsigned char* shared) {
    FloatAttention attention(call, shared);
    attention.attend();
    // Some may still add values, but nobody has read queries since the last barrier.
    static_assert(STAGED_FLOATS<COLUMNS> <= ROW_FLOATS, "records take the place of the queries");
    attention.stage(reinterpret_cast<float*>(shared));
    __syncthreads();
    flush<COLUMNS, 1, QUERIES>(call, attention.control.unit, attention.control.slot, reinterpret_cast<float*>(shared), attention.aside);
  }

  __device__ __forceinline__ void attend() {
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
#pragma unroll
      for (int f = 0; f < FOURS; f++) {
#pragma unroll
        for (int i = 0; i < 4; i++) out[r][f][i] = 0.f;
      }
    }
    load_queries();
    load_keys(control.tiles[0]);
    if (control.slot < 0) prefetch_state(call, control.unit);
    int now = 0;
    do {
      cp_async_wait();
      __syncthreads();  // the keys are there, and all are done with the values before
      const KeyTile& tile = control.tiles[now];
      load_values(tile);
      if (threadIdx.x == 0) control.advance(call, now);

      if constexpr (DROPOUT) decide(tile);
      float scores[ROWS][KEYS_T];
      score(scores);
      if (!tile.whole) mask(scores, tile);
      weigh(scores);

      cp_async_wait();
      if (tile.whole) {
        __syncthreads();  // values, weights and the next tile are there, and all are done with the keys
      } else if (__syncthreads_or(Tiles::template copied_not_finite<KEYS>(values, across, down))) {
        set_aside_not_finite(tile);
      }
      now = 1 - now;
      if (control.tiles[now].left > 0) load_keys(control.tiles[now]);
      add_values();
    } while (control.tiles[now].left > 0);
  }

  // Queries of a thread are 16 apart, as are its keys.
  __device__ __forceinline__ int query_of(int r) const { return down + 16 * r; }
  __device__ __forceinline__ int key_of(int j) const { return across + 16 * j; }

  __device__ __forceinline__ void load_queries() {
    const Unit& unit = control.unit;
    const float* base = reinterpret_cast<const float*>(call.queries.data);
#pragma unroll 1
    for (int query = down; query < QUERIES; query += 16) {
      const float* row = base + (unit.firstRow + unit.row(query)) * call.queries.tokenStride + unit.head(query) * call.queries.headStride;
      Tiles::load_row(queries + query * ROW_FLOATS, row, across, query < unit.count ? call.dim : 0, call.vectors & 1);
    }
  }

  __device__ __forceinline__ void load_keys(const KeyTile& tile) {
    Tiles::template load<KEYS>(keys, tile.keys, control.keyStride, across, down, tile.count, call.dim, call.vectors & 2);
  }

  __device__ __forceinline__ void load_values(const KeyTile& tile) {
    Tiles::template load<KEYS>(values, tile.values, control.valueStride, across, down, tile.count, call.dimV, call.vectors & 4);
  }

  // For the queries that the warp weighs.
  __device__ __forceinline__ void decide(const KeyTile& tile) {
    decide_tile<KEYS>(call, control.unit, tile, kept, threadIdx.x & 31, 2 * ROWS, [this](int i) { return threadIdx.x / 32 * 2 + i % 2 + i / 2 * 16; }, 0);
    __syncwarp();
  }

  __device__ __forceinline__ void score(float (&scores)[ROWS][KEYS_T]) {
    Tiles::multiply_rows(scores, queries, keys, across, down);
    if (plainScores) return;
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
#pragma unroll
      for (int j = 0; j < KEYS_T; j++) scores[r][j] = binary_score(call, scores[r][j]);
    }
  }

  __device__ __forceinline__ void mask(float (&scores)[ROWS][KEYS_T], const KeyTile& tile) {
    const Unit& unit = control.unit;
    Pieces pieces = tile.pieces(call);
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
      uint32_t bits = pieces.admitted<KEYS_T>(unit.row(query_of(r)), tile.from + across, [](int j) { return 16 * j; });
#pragma unroll
      for (int j = 0; j < KEYS_T; j++) scores[r][j] = bits >> j & 1 ? scores[r][j] : MINUS_INFINITY;
    }
  }

  // Weights go to shared memory, as each is needed by 16 threads.
  __device__ __forceinline__ void weigh(float (&scores)[ROWS][KEYS_T]) {
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
      float largest = MINUS_INFINITY;
#pragma unroll
      for (int j = 0; j < KEYS_T; j++) largest = fmaxf(largest, scores[r][j]);
#pragma unroll
      for (int distance = 1; distance < 16; distance *= 2) largest = fmaxf(largest, __shfl_xor_sync(WARP, largest, distance));
      float decay = softmax[r].raise(largest * factor);
      float offset = RowSoftmax::reference(softmax[r].max);
      float sum = 0.f;
#pragma unroll
      for (int j = 0; j < KEYS_T; j++) {
        float weight = exp2_fast(fmaf(scores[r][j], factor, -offset));
        bool drops = DROPOUT && !kept.keeps(query_of(r), key_of(j));
        weights[query_of(r) * WEIGHT_FLOATS + key_of(j)] = drops ? 0.f : weight;
        sum += weight;
      }
      softmax[r].sum += sum;
#pragma unroll
      for (int f = 0; f < FOURS; f++) {
#pragma unroll
        for (int i = 0; i < 4; i++) out[r][f][i] *= decay;
      }
    }
  }

  __device__ __forceinline__ void add_values() { Tiles::template add_weighted<KEYS, WEIGHT_FLOATS>(out, weights, values, across, down); }

  // See TensorAttention.
  __device__ __forceinline__ void set_aside_not_finite(const KeyTile& tile) {
    const Unit& unit = control.unit;
    Pieces pieces = tile.pieces(call);
    aside.template note<Single::INFINITY_BITS>([&](int key, int column) { return __float_as_uint(values[key * ROW_FLOATS + column]); }, tile.count, unit,
                                               [&](int query, int key) { return pieces.admits(unit.row(query), tile.from + key); }, kept);
    __syncthreads();
    Tiles::template each_copied<KEYS>(values, across, down, [&](float& value) { value = isfinite(value) ? value : 0.f; });
    __syncthreads();
  }

  __device__ __forceinline__ void stage(float* staged) {
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
      RowSoftmax row = softmax[r];
#pragma unroll
      for (int distance = 1; distance < 16; distance *= 2) row.sum += __shfl_xor_sync(WARP, row.sum, distance);
      float* record = staged + query_of(r) * STAGED_FLOATS<COLUMNS>;
      if (across == 0) row.natural(0.f, record[0], record[1]);
      float inverse = __fdividef(DROPOUT ? call.dropout.scale : 1.f, row.sum);
#pragma unroll
      for (int f = 0; f < FOURS; f++) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
          record[HEADER + Tiles::column_of(across, f) + i] = row.sum == 0.f ? 0.f : out[r][f][i] * inverse;
        }
      }
    }
  }
};

}  // namespace ringwood
