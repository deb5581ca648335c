// Gradients of f32 tensors in f32 throughout, with fused multiply-adds, as attention of them is computed.
//
// 16 x 16 threads: those of one row of threads own the same rows and share out the walked ones, later the columns of the gradients.
#pragma once

#include "float_tiles.cuh"
#include "gradient_walk.cuh"
#include "shapes.cuh"

namespace ringwood {

template <class TABLE, Gradient OF, bool DROPOUT>
struct FloatGradients {
  static constexpr FloatGradientShape SHAPE = TABLE::SHAPE;
  static constexpr Roles ROLE = ROLES<OF>;
  static constexpr int OWNED = SHAPE.owned();
  static constexpr int WALKED = SHAPE.walked;
  static constexpr int ROWS = SHAPE.rowsPerThread;
  static constexpr int COLUMNS = WALKED / 16;  // walked rows of a thread
  static constexpr int WEIGHT_FLOATS = SHAPE.weightFloats();
  static constexpr int KEPT_BYTES = DROPOUT ? SHAPE.keptBytes() : 0;
  static constexpr int SHARED_BYTES = SHAPE.sharedBytes() + KEPT_BYTES;
  static constexpr int KEPT_AT = SHARED_BYTES - CONTROL_BYTES - KEPT_BYTES;
  using Tiles = FloatTiles<SHAPE.dim>;
  using Walk = GradientWalk<OF, OWNED, WALKED>;
  using Products = float[ROWS][COLUMNS];

  const GradientCall& call;
  float* const ownedFirst;
  float* const ownedSecond;
  float* const first;
  float* const summed;
  float* const weights;
  float* const rowNumbers;  // log-sum-exps and deltas of walked queries, for two tiles
  Walk& walk;
  const WalkedWeights<OF, OWNED, WALKED, DROPOUT> kept;
  const Weighing weighing;
  const int across, down;  // place among 16 x 16 threads

  float sums[ROWS][Tiles::FOURS][4];
  float offsets[ROWS], deltas[ROWS];  // of owned queries

  __device__ __forceinline__ FloatGradients(const GradientCall& call, unsigned char* shared)
      : call(call),
        ownedFirst(reinterpret_cast<float*>(shared)),
        ownedSecond(ownedFirst + OWNED * Tiles::ROW_FLOATS),
        first(ownedSecond + OWNED * Tiles::ROW_FLOATS),
        summed(first + WALKED * Tiles::ROW_FLOATS),
        weights(summed + WALKED * Tiles::ROW_FLOATS),
        rowNumbers(weights + OWNED * WEIGHT_FLOATS),
        walk(*reinterpret_cast<Walk*>(shared + SHARED_BYTES - CONTROL_BYTES)),
        kept(shared + KEPT_AT),
        weighing(call),
        across(threadIdx.x % 16),
        down(threadIdx.x / 16) {
    static_assert(sizeof(Walk) <= CONTROL_BYTES, "see shapes.cuh");
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
#pragma unroll
      for (int f = 0; f < Tiles::FOURS; f++) {
#pragma unroll
        for (int i = 0; i < 4; i++) sums[r][f][i] = 0.f;
      }
    }
  }

  __device__ __forceinline__ int owned_of(int r) const { return down + 16 * r; }
  __device__ __forceinline__ int walked_of(int j) const { return across + 16 * j; }

  __device__ __forceinline__ void load_owned() {
    load<OWNED>(ownedFirst, ROLE.ownedFirst, walk.firstRow, walk.ownedHead, walk.count);
    if (OF != Gradient::VALUES) load<OWNED>(ownedSecond, ROLE.ownedSecond, walk.firstRow, walk.ownedHead, walk.count);
    if (OF == Gradient::QUERIES) {
#pragma unroll
      for (int r = 0; r < ROWS; r++) walk.row_numbers(call, owned_of(r), offsets[r], deltas[r]);
    }
  }

  __device__ __forceinline__ void load_first(int i) {
    const WalkedTile& tile = walk.tiles[i];
    load<WALKED>(first, ROLE.first, tile.row, tile.head, tile.count);
    if (OF != Gradient::QUERIES) load_row_numbers(call, tile, rowNumbers + i * 2 * WALKED, WALKED);
  }

  __device__ __forceinline__ void load_summed(const WalkedTile& tile) { load<WALKED>(summed, ROLE.summed, tile.row, tile.head, tile.count); }

  template <int TILE>
  __device__ __forceinline__ void load(float* to, Operand operand, int64_t row, int head, int count) {
    const View& view = call.operands[operand];
    Tiles::template load<TILE>(to, row_address<4>(view, row, head), view.tokenStride * 4, across, down, count, dim_of(call, operand), in_vectors(call, operand));
  }

  __device__ __forceinline__ void multiply_first(Products& products, const WalkedTile&) { Tiles::multiply_rows(products, ownedFirst, first, across, down); }
  __device__ __forceinline__ bool copied_not_finite() { return Tiles::template copied_not_finite<WALKED>(summed, across, down); }

  __device__ __forceinline__ void add_summed(Products& products, int now, bool notFinite) {
    const WalkedTile& tile = walk.tiles[now];
    weigh(products, tile, now);
    __syncwarp();  // a row of weights is needed by the 16 threads that wrote it, all of one warp
    if (notFinite) {
      add_admitted(tile);
    } else {
      Tiles::template add_weighted<WALKED, WEIGHT_FLOATS>(sums, weights, summed, across, down);
    }
  }

  // Leaves in shared memory what each walked row is to be multiplied with for the sums.
  __device__ __forceinline__ void weigh(Products& products, const WalkedTile& tile, int now) {
    Products own;
    if (OF != Gradient::VALUES) Tiles::multiply_rows(own, ownedSecond, summed, across, down);
    Products& scores = OF == Gradient::VALUES ? products : own;
    Pieces pieces = tile.pieces(call);
    const float* walkedLse = rowNumbers + now * 2 * WALKED;
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
      uint32_t bits = ~0u;
      if (!tile.whole) {
        bits = pieces.admitted<COLUMNS>(owned_of(r), tile.from + across, [](int j) { return 16 * j; });
      }
#pragma unroll
      for (int j = 0; j < COLUMNS; j++) {
        float offset = OF == Gradient::QUERIES ? offsets[r] : Weighing::offset(walkedLse[walked_of(j)]);
        float slope = call.softcap > 0.f ? weighing.cap(scores[r][j]) : 1.f;
        float weight = weighing.weight(scores[r][j], offset, 0.f);
        bool drops = DROPOUT && !keeps(r, j);
        if (OF != Gradient::VALUES) {
          float delta = OF == Gradient::QUERIES ? deltas[r] : walkedLse[WALKED + walked_of(j)];
          float ofWeight = DROPOUT ? products[r][j] * (drops ? 0.f : call.dropout.scale) : products[r][j];
          weight *= (ofWeight - delta) * slope;
        } else if (drops) {
          weight = 0.f;
        }
        weights[owned_of(r) * WEIGHT_FLOATS + walked_of(j)] = bits >> j & 1 ? weight : 0.f;  // a NaN must go
      }
    }
  }

  __device__ __forceinline__ bool keeps(int r, int j) const {
    return OF == Gradient::QUERIES ? kept.of(owned_of(r), j) >> across & 1 : kept.of(walked_of(j), r) >> down & 1;
  }

  // The sums of a tile that has a number that is not finite: a weight of 0 would not keep it from rows that do not admit it.
  __device__ __forceinline__ void add_admitted(const WalkedTile& tile) {
    Pieces pieces = tile.pieces(call);
#pragma unroll 1
    for (int i = 0; i < tile.count; i++) {
#pragma unroll
      for (int r = 0; r < ROWS; r++) {
        if (!pieces.admits(owned_of(r), tile.from + i)) continue;
        float weight = weights[owned_of(r) * WEIGHT_FLOATS + i];
#pragma unroll
        for (int f = 0; f < Tiles::FOURS; f++) {
#pragma unroll
          for (int c = 0; c < 4; c++) sums[r][f][c] = fmaf(weight, summed[i * Tiles::ROW_FLOATS + Tiles::column_of(across, f) + c], sums[r][f][c]);
        }
      }
    }
  }

  // The block alone has these rows.
  __device__ __forceinline__ void add() {
    float factor = OF != Gradient::VALUES ? call.scale : DROPOUT ? call.dropout.scale : 1.f;
    int dim = dim_of(call, ROLE.summed);
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
      if (owned_of(r) >= walk.count) break;
      float* to = reinterpret_cast<float*>(row_address<4>(call.gradients, walk.firstRow + owned_of(r), walk.ownedHead));
#pragma unroll
      for (int f = 0; f < Tiles::FOURS; f++) {
#pragma unroll
        for (int c = 0; c < 4; c++) {
          int column = Tiles::column_of(across, f) + c;
          if (column < dim) to[column] = fmaf(sums[r][f][c], factor, to[column]);
        }
      }
    }
  }
};

}  // namespace ringwood
