// Tiles of f32 rows in shared memory, and their products by fused multiply-adds, for blocks of 16 x 16 threads. The thread (across, down) has the rows down,
// down + 16, ... of the left operand and of the result, and of the result's columns across, across + 16, ... or every sixteenth run of four. All reads of
// shared memory are of 16 bytes; a row is 16 bytes longer than its elements, so that 8 rows lie in different banks.
#pragma once

#include "primitives.cuh"

namespace ringwood {

template <int DIM>
struct FloatTiles {
  static constexpr int ROW_FLOATS = DIM + 4;
  static constexpr int FOURS = DIM / 64;  // runs of four columns of a thread

  static __device__ __forceinline__ int column_of(int across, int four) { return (across + 16 * four) * 4; }

  // A row of a tile is copied by 16 threads, which take four columns at a time. Of columns behind `dim` nothing is copied, but a copy
  // of nothing must be from a multiple of 16, too: so `from` belongs to the tensor even if `dim` is 0.
  static __device__ __forceinline__ void load_row(float* to, const float* from, int across, int dim, bool vectors) {
#pragma unroll
    for (int f = 0; f < FOURS; f++) {
      int column = column_of(across, f);
      int left = min(max(dim - column, 0), 4);
      if (vectors) {
        cp_async16(shared_address(to + column), from + column, left * 4);
      } else {
        float4 four;
        four.x = left > 0 ? from[column] : 0.f;
        four.y = left > 1 ? from[column + 1] : 0.f;
        four.z = left > 2 ? from[column + 2] : 0.f;
        four.w = left > 3 ? from[column + 3] : 0.f;
        *reinterpret_cast<float4*>(to + column) = four;
      }
    }
  }

  // Starts to copy `count` of TILE rows that begin at `first`, `stride` bytes apart and `dim` elements long; the rest becomes zero.
  template <int TILE>
  static __device__ __forceinline__ void load(float* to, uint64_t first, int64_t stride, int across, int down, int count, int dim, bool vectors) {
    uint64_t from = first + down * stride;
#pragma unroll
    for (int row = 0; row < TILE; row += 16) {
      load_row(to + (row + down) * ROW_FLOATS, reinterpret_cast<const float*>(from), across, row + down < count ? dim : 0, vectors);
      from += 16 * stride;
    }
  }

  // Calls `body` for every element of a tile that this thread copied.
  template <int TILE, class Body>
  static __device__ __forceinline__ void each_copied(float* tile, int across, int down, Body body) {
#pragma unroll 1
    for (int row = down; row < TILE; row += 16) {
#pragma unroll
      for (int f = 0; f < FOURS; f++) {
#pragma unroll
        for (int i = 0; i < 4; i++) body(tile[row * ROW_FLOATS + column_of(across, f) + i]);
      }
    }
  }

  template <int TILE>
  static __device__ __forceinline__ bool copied_not_finite(float* tile, int across, int down) {
    bool found = false;
    each_copied<TILE>(tile, across, down, [&](float value) { found |= !isfinite(value); });
    return found;
  }

  // products = left right', of two tiles of rows.
  template <int ROWS, int COLUMNS>
  static __device__ __forceinline__ void multiply_rows(float (&products)[ROWS][COLUMNS], const float* left, const float* right, int across, int down) {
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
#pragma unroll
      for (int j = 0; j < COLUMNS; j++) products[r][j] = 0.f;
    }
#pragma unroll 4
    for (int k = 0; k < DIM; k += 4) {
      float4 q[ROWS], x[COLUMNS];
#pragma unroll
      for (int r = 0; r < ROWS; r++) q[r] = *reinterpret_cast<const float4*>(left + (down + 16 * r) * ROW_FLOATS + k);
#pragma unroll
      for (int j = 0; j < COLUMNS; j++) x[j] = *reinterpret_cast<const float4*>(right + (across + 16 * j) * ROW_FLOATS + k);
#pragma unroll
      for (int r = 0; r < ROWS; r++) {
#pragma unroll
        for (int j = 0; j < COLUMNS; j++) {
          float s = products[r][j];
          s = fmaf(q[r].x, x[j].x, s);
          s = fmaf(q[r].y, x[j].y, s);
          s = fmaf(q[r].z, x[j].z, s);
          products[r][j] = fmaf(q[r].w, x[j].w, s);
        }
      }
    }
  }

  // sums += weights tile, for TILE rows of the tile and rows of weights of WEIGHT_FLOATS.
  template <int TILE, int WEIGHT_FLOATS, int ROWS>
  static __device__ __forceinline__ void add_weighted(float (&sums)[ROWS][FOURS][4], const float* weights, const float* tile, int across, int down) {
#pragma unroll 2
    for (int row = 0; row < TILE; row += 4) {
      float4 w[ROWS];
#pragma unroll
      for (int r = 0; r < ROWS; r++) w[r] = *reinterpret_cast<const float4*>(weights + (down + 16 * r) * WEIGHT_FLOATS + row);
#pragma unroll
      for (int k = 0; k < 4; k++) {
#pragma unroll
        for (int f = 0; f < FOURS; f++) {
          float4 v = *reinterpret_cast<const float4*>(tile + (row + k) * ROW_FLOATS + column_of(across, f));
#pragma unroll
          for (int r = 0; r < ROWS; r++) {
            float weight = k == 0 ? w[r].x : k == 1 ? w[r].y : k == 2 ? w[r].z : w[r].w;
            sums[r][f][0] = fmaf(weight, v.x, sums[r][f][0]);
            sums[r][f][1] = fmaf(weight, v.y, sums[r][f][1]);
            sums[r][f][2] = fmaf(weight, v.z, sums[r][f][2]);
            sums[r][f][3] = fmaf(weight, v.w, sums[r][f][3]);
          }
        }
      }
    }
  }
};

}  // namespace ringwood
