// Attention of 16-bit tensors on tensor cores: FlashAttention-2 (Dao, arXiv 2307.08691, algorithm 1) with mma.sync, accumulating into
// softmax states and driven by slices.
//
// The block's queries lie in shared memory throughout, one tile of keys and one of values beside them. While scores are computed from
// a tile of keys the values are on their way, and while the weighted values are summed up the next keys are: two buffers, two barriers a tile.
// Scores become weights in registers: the accumulators of one mma, packed, are the left operand of the next.
#pragma once

#include "dropout.cuh"
#include "flush.cuh"
#include "shapes.cuh"
#include "tensor_tiles.cuh"

namespace ringwood {

template <class E, class TABLE, bool DROPOUT>
struct TensorAttention {
  static constexpr TensorShape SHAPE = TABLE::SHAPE;
  static constexpr int DIM = SHAPE.dim;
  static constexpr int QUERIES = SHAPE.queries();
  static constexpr int KEYS = SHAPE.keys();
  static constexpr int TILES_M = SHAPE.tilesM;
  static constexpr int BLOCKS_N = SHAPE.keysN / 8;   // columns of 8 keys in a warp's scores
  static constexpr int BLOCKS_V = DIM / 8;           // columns of 8 elements in its outputs
  static constexpr int ROW_BYTES = SHAPE.rowBytes();
  static constexpr int THREADS = SHAPE.threads();
  static constexpr int KEPT_BYTES = DROPOUT ? SHAPE.keptBytes() : 0;
  static constexpr int SHARED_BYTES = SHAPE.sharedBytes() + KEPT_BYTES;
  static constexpr int KEPT_AT = SHARED_BYTES - CONTROL_BYTES - NotFinite<QUERIES, DIM>::BYTES - KEPT_BYTES;
  static constexpr int COLUMNS = DIM / 32;
  using Loader = TileLoader<E, DIM, THREADS>;

  const AttendCall& call;
  unsigned char* const queries;
  unsigned char* const keys;
  unsigned char* const values;
  Control<KEYS, 2>& control;
  const NotFinite<QUERIES, DIM> aside;
  const Kept<KEYS, DROPOUT> kept;
  const int lane, warpM, warpN;
  float factor;      // of raw scores, to make them binary logarithms
  bool plainScores;  // whether raw scores need no more than the factor

  RowSoftmax softmax[TILES_M][2];
  float out[TILES_M][BLOCKS_V][4];

  __device__ __forceinline__ TensorAttention(const AttendCall& call, unsigned char* shared)
      : call(call),
        queries(shared),
        keys(shared + QUERIES * ROW_BYTES),
        values(shared + (QUERIES + KEYS) * ROW_BYTES),
        control(control_of(shared)),
        aside{reinterpret_cast<uint32_t*>(shared + SHARED_BYTES - CONTROL_BYTES - NotFinite<QUERIES, DIM>::BYTES), control.asideUsed},
        kept(shared + KEPT_AT),
        lane(threadIdx.x & 31),
        warpM(threadIdx.x / 32 % SHAPE.warpsM),
        warpN(threadIdx.x / 32 / SHAPE.warpsM) {
    static_assert(sizeof(Control<KEYS, 2>) <= CONTROL_BYTES, "see shapes.cuh");
    // With a factor above 0 the largest raw score is the largest score; other calls have their scores computed one by one.
    plainScores = call.softcap == 0.f && call.scale > 0.f;
    factor = plainScores ? float(call.scale * LOG2_E) : 1.f;
  }

  static __device__ __forceinline__ Control<KEYS, 2>& control_of(unsigned char* shared) {
    return *reinterpret_cast<Control<KEYS, 2>*>(shared + SHARED_BYTES - CONTROL_BYTES);
  }

  static __device__ __forceinline__ void run(const AttendCall& call, unsigned char* shared) {
    TensorAttention attention(call, shared);
    attention.attend();
    __syncthreads();  // the tiles make room for records
    attention.stage(reinterpret_cast<float*>(shared));
    __syncthreads();
    flush<COLUMNS, SHAPE.warpsN, QUERIES>(call, attention.control.unit, attention.control.slot, reinterpret_cast<float*>(shared), attention.aside);
  }

  __device__ __forceinline__ void attend() {
#pragma unroll
    for (int m = 0; m < TILES_M; m++) {
#pragma unroll
      for (int n = 0; n < BLOCKS_V; n++) {
#pragma unroll
        for (int i = 0; i < 4; i++) out[m][n][i] = 0.f;
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

      float scores[TILES_M][BLOCKS_N][4];
      Cover covered = cover_of_warp(tile);
      if (covered != Cover::NONE) {
        if constexpr (DROPOUT) decide(tile);
        score(scores);
        if (!plainScores) transform(scores);
        if (covered == Cover::PART) mask(scores, tile);
      }

      cp_async_wait();
      if (tile.whole) {
        __syncthreads();  // the values and the next tile are there, and all are done with the keys
      } else if (__syncthreads_or(Loader::template copied_not_finite<KEYS>(values))) {
        set_aside_not_finite(tile);
      }
      now = 1 - now;
      if (control.tiles[now].left > 0) load_keys(control.tiles[now]);

      if (covered != Cover::NONE) {
        weigh(scores);
        if constexpr (DROPOUT) drop(scores);
        add_values(scores);
      }
    } while (control.tiles[now].left > 0);
  }

  __device__ __forceinline__ Cover cover_of_warp(const KeyTile& tile) const {
    if (tile.whole) return Cover::ALL;
    const Unit& unit = control.unit;
    int first = warpM * TILES_M * 16;
    int last = min(first + TILES_M * 16, unit.count) - 1;
    if (last < first) return Cover::NONE;
    int from = tile.from + warpN * SHAPE.keysN;
    return tile.pieces(call).cover(unit.row(first), unit.row(last) + 1, from, from + SHAPE.keysN);
  }

  // Of values that are not finite only rows that admit their key may know, but a weight of 0 would not keep them out of a product.
  __device__ __forceinline__ void set_aside_not_finite(const KeyTile& tile) {
    const Unit& unit = control.unit;
    Pieces pieces = tile.pieces(call);
    aside.template note<E::INFINITY_BITS>([&](int key, int column) { return *reinterpret_cast<const uint16_t*>(values + key * ROW_BYTES + column * 2); },
                                          tile.count, unit, [&](int query, int key) { return pieces.admits(unit.row(query), tile.from + key); }, kept);
    __syncthreads();
    Loader::template zero_not_finite<KEYS>(values);
    __syncthreads();
  }

  __device__ __forceinline__ void load_queries() {
    const Unit& unit = control.unit;
    const uint16_t* base = reinterpret_cast<const uint16_t*>(call.queries.data);
    auto rowAt = [&](int query) {
      return query < unit.count ? base + (unit.firstRow + unit.row(query)) * call.queries.tokenStride + unit.head(query) * call.queries.headStride
                                : nullptr;
    };
    if (!(call.vectors & 1)) {
      Loader::template load_elements<QUERIES>(queries, rowAt, call.dim);
      return;
    }
#pragma unroll 1
    for (int r = Loader::row(); r < QUERIES; r += Loader::ROWS) {
      const uint16_t* source = rowAt(r);
#pragma unroll
      for (int i = 0; i < Loader::PER_THREAD; i++) {
        int column = Loader::column(i);
        int bytes = source == nullptr ? 0 : min(max((call.dim - column) * 2, 0), 16);
        cp_async16(shared_address(queries + r * ROW_BYTES + column * 2), bytes > 0 ? source + column : base, bytes);
      }
    }
  }

  __device__ __forceinline__ void load_keys(const KeyTile& tile) {
    Loader::template load<KEYS>(keys, tile.keys, control.keyStride, tile.count, call.dim, call.vectors & 2);
  }

  __device__ __forceinline__ void load_values(const KeyTile& tile) {
    Loader::template load<KEYS>(values, tile.values, control.valueStride, tile.count, call.dimV, call.vectors & 4);
  }

  // scores = queries keys'.
  __device__ __forceinline__ void score(float (&scores)[TILES_M][BLOCKS_N][4]) {
    multiply_rows<E, DIM>(scores, queries + warpM * TILES_M * 16 * ROW_BYTES, keys + warpN * SHAPE.keysN * ROW_BYTES, lane);
  }

  // Scores that need more than a factor: a softcap, or a scale that is not positive.
  __device__ __forceinline__ void transform(float (&scores)[TILES_M][BLOCKS_N][4]) {
#pragma unroll
    for (int m = 0; m < TILES_M; m++) {
#pragma unroll
      for (int n = 0; n < BLOCKS_N; n++) {
#pragma unroll
        for (int i = 0; i < 4; i++) scores[m][n][i] = binary_score(call, scores[m][n][i]);
      }
    }
  }

  // The accumulators of a thread: (l/4 + 8(i/2), 2(l%4) + i%2) of each 16x8 block. PTX ISA, "mma.m16n8k16".
  __device__ __forceinline__ int query_of(int m, int half) const { return (warpM * TILES_M + m) * 16 + lane / 4 + half * 8; }

  __device__ __forceinline__ void mask(float (&scores)[TILES_M][BLOCKS_N][4], const KeyTile& tile) {
    const Unit& unit = control.unit;
    Pieces pieces = tile.pieces(call);
    int firstKey = tile.from + warpN * SHAPE.keysN + lane % 4 * 2;
#pragma unroll
    for (int m = 0; m < TILES_M; m++) {
#pragma unroll
      for (int half = 0; half < 2; half++) {
        uint32_t bits = pieces.admitted<BLOCKS_N * 2>(unit.row(query_of(m, half)), firstKey, [](int j) { return j / 2 * 8 + j % 2; });
#pragma unroll
        for (int j = 0; j < BLOCKS_N * 2; j++) {
          float& s = scores[m][j / 2][half * 2 + j % 2];
          s = bits >> j & 1 ? s : MINUS_INFINITY;  // not an addition: a NaN must go
        }
      }
    }
  }

  // The four threads of a quad hold a row together.
  static __device__ __forceinline__ float quad_max(float x) {
    x = fmaxf(x, __shfl_xor_sync(WARP, x, 1));
    return fmaxf(x, __shfl_xor_sync(WARP, x, 2));
  }

  static __device__ __forceinline__ float quad_sum(float x) {
    x += __shfl_xor_sync(WARP, x, 1);
    return x + __shfl_xor_sync(WARP, x, 2);
  }

  // Turns scores into weights, raises the maxima, and rescales what was summed so far. fmaxf leaves a NaN out of the maximum; its weight brings it into the sum.
  __device__ __forceinline__ void weigh(float (&scores)[TILES_M][BLOCKS_N][4]) {
#pragma unroll
    for (int m = 0; m < TILES_M; m++) {
      float decay[2];
#pragma unroll
      for (int half = 0; half < 2; half++) {
        float largest = MINUS_INFINITY;
#pragma unroll
        for (int j = 0; j < BLOCKS_N * 2; j++) largest = fmaxf(largest, scores[m][j / 2][half * 2 + j % 2]);
        RowSoftmax& row = softmax[m][half];
        decay[half] = row.raise(quad_max(largest) * factor);
        float offset = RowSoftmax::reference(row.max) - E::WEIGHT_SHIFT;
        float sum = 0.f;
#pragma unroll
        for (int j = 0; j < BLOCKS_N * 2; j++) {
          float& s = scores[m][j / 2][half * 2 + j % 2];
          s = exp2_fast(fmaf(s, factor, -offset));
          sum += s;
        }
        row.sum += sum;
      }
      if (__any_sync(WARP, decay[0] != 1.f || decay[1] != 1.f)) {
#pragma unroll
        for (int n = 0; n < BLOCKS_V; n++) {
#pragma unroll
          for (int i = 0; i < 4; i++) out[m][n][i] *= decay[i / 2];
        }
      }
    }
  }

  // For the warp's weights; it uses them after a barrier.
  __device__ __forceinline__ void decide(const KeyTile& tile) {
    int first = warpM * TILES_M * 16;
    decide_tile<SHAPE.keysN>(call, control.unit, tile, kept, lane, TILES_M * 16, [=](int i) { return first + i; }, warpN * SHAPE.keysN);
  }

  // The sums have all weights, the outputs those that are kept.
  __device__ __forceinline__ void drop(float (&weights)[TILES_M][BLOCKS_N][4]) const {
    int firstWord = warpN * (SHAPE.keysN / 16);
#pragma unroll
    for (int m = 0; m < TILES_M; m++) {
#pragma unroll
      for (int half = 0; half < 2; half++) {
#pragma unroll
        for (int n = 0; n < BLOCKS_N; n += 2) {
          uint32_t bits = kept.of(query_of(m, half), firstWord + n / 2) >> lane % 4 * 2;
#pragma unroll
          for (int j = 0; j < 4; j++) {
            float& weight = weights[m][n + j / 2][half * 2 + j % 2];
            weight = bits >> (j / 2 * 8 + j % 2) & 1 ? weight : 0.f;
          }
        }
      }
    }
  }

  // out += weights values.
  __device__ __forceinline__ void add_values(const float (&weights)[TILES_M][BLOCKS_N][4]) {
    add_weighted<E, DIM>(out, weights, values + warpN * SHAPE.keysN * ROW_BYTES, lane);
  }

  __device__ __forceinline__ void stage(float* staged) {
    int thread = thread_anew(), quad = thread % 4;
    // Warps along the keys have records of their own, behind each other; warp and lane are those of query_of.
    float* first = staged + (thread / 32 / SHAPE.warpsM * QUERIES + thread / 32 % SHAPE.warpsM * TILES_M * 16 + thread % 32 / 4) * STAGED_FLOATS<COLUMNS>;
#pragma unroll
    for (int m = 0; m < TILES_M; m++) {
#pragma unroll
      for (int half = 0; half < 2; half++) {
        RowSoftmax row = softmax[m][half];
        row.sum = quad_sum(row.sum);
        float* record = first + (m * 16 + half * 8) * STAGED_FLOATS<COLUMNS>;
        if (quad == 0) row.natural(E::WEIGHT_SHIFT, record[0], record[1]);
        float inverse = __fdividef(DROPOUT ? call.dropout.scale : 1.f, row.sum);
#pragma unroll
        for (int n = 0; n < BLOCKS_V; n++) {
          float2 two = make_float2(out[m][n][half * 2] * inverse, out[m][n][half * 2 + 1] * inverse);
          *reinterpret_cast<float2*>(record + HEADER + n * 8 + quad * 2) = row.sum == 0.f ? make_float2(0.f, 0.f) : two;
        }
      }
    }
  }
};

}  // namespace ringwood
