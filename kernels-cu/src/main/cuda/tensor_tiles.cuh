// Tiles of 16-bit rows in shared memory: how they get there, and their products on tensor cores. A warp's results are blocks of 16 rows and 8 columns.
#pragma once

#include "primitives.cuh"

namespace ringwood {

// A row is 16 bytes longer than its elements: an odd multiple of 16, so that the 8 rows of an ldmatrix lie in different banks.
template <int DIM>
constexpr int TENSOR_ROW_BYTES = DIM * 2 + 16;

// Rows of a 16-bit tensor on their way to shared memory, padded with zeros to DIM columns.
template <class E, int DIM, int THREADS>
struct TileLoader {
  static constexpr int ROW_BYTES = TENSOR_ROW_BYTES<DIM>;
  static constexpr int CHUNKS = DIM / 8;                // of 16 bytes, in a row
  static constexpr int PER_ROW = CHUNKS & -CHUNKS;      // threads that share a row: the same columns for every row of a thread
  static constexpr int PER_THREAD = CHUNKS / PER_ROW;   // chunks of a row that a thread copies
  static constexpr int ROWS = THREADS / PER_ROW;        // rows that are copied at a time

  static __device__ __forceinline__ int row() { return threadIdx.x / PER_ROW; }
  static __device__ __forceinline__ int column(int i) { return (threadIdx.x % PER_ROW + i * PER_ROW) * 8; }

  // Starts to copy `count` of TILE rows that begin at `from`, `stride` bytes apart and `dim` elements long; the rest becomes zero.
  template <int TILE>
  static __device__ __forceinline__ void load(unsigned char* to, uint64_t from, int64_t stride, int count, int dim, bool vectors) {
    if (!vectors) {
      load_elements<TILE>(to, [&](int r) { return r < count ? reinterpret_cast<const uint16_t*>(from + r * stride) : nullptr; }, dim);
      return;
    }
    static_assert(TILE % ROWS == 0, "all rows of a step exist");
#pragma unroll
    for (int i = 0; i < PER_THREAD; i++) {
      int bytes = min(max((dim - column(i)) * 2, 0), 16);
      Shared target = shared_address(to + row() * ROW_BYTES + column(i) * 2);
      uint64_t source = from + row() * stride + column(i) * 2;
#pragma unroll
      for (int r = 0; r < TILE; r += ROWS) {
        cp_async16(at_offset(target, r * ROW_BYTES), reinterpret_cast<const void*>(source), row() + r < count ? bytes : 0);
        source += ROWS * stride;  // one step, not an address for each row: those would be kept in registers
      }
    }
  }

  // The same for rows that are anywhere, element by element; rowAt gives the address of a row, or null.
  template <int TILE, class RowAt>
  static __device__ __forceinline__ void load_elements(unsigned char* to, RowAt rowAt, int dim) {
#pragma unroll 1
    for (int r = row(); r < TILE; r += ROWS) {
      const uint16_t* source = rowAt(r);
#pragma unroll 1
      for (int i = 0; i < PER_THREAD; i++) {
        uint32_t words[4];
#pragma unroll
        for (int j = 0; j < 4; j++) {
          int at = column(i) + 2 * j;
          uint32_t low = source != nullptr && at < dim ? source[at] : 0;
          uint32_t high = source != nullptr && at + 1 < dim ? source[at + 1] : 0;
          words[j] = low | high << 16;
        }
        *reinterpret_cast<uint4*>(to + r * ROW_BYTES + column(i) * 2) = make_uint4(words[0], words[1], words[2], words[3]);
      }
    }
  }

  // Whether what this thread copied, which has arrived, holds an infinity or a NaN: adding to the bits carries into the sign where the exponent is
  // all ones.
  template <int TILE>
  static __device__ __forceinline__ bool copied_not_finite(const unsigned char* tile) {
    uint32_t carried = 0;
#pragma unroll 1
    for (int r = row(); r < TILE; r += ROWS) {
#pragma unroll
      for (int i = 0; i < PER_THREAD; i++) {
        uint4 four = *reinterpret_cast<const uint4*>(tile + r * ROW_BYTES + column(i) * 2);
        carried |= carry(four.x) | carry(four.y) | carry(four.z) | carry(four.w);
      }
    }
    return (carried & 0x80008000u) != 0;
  }

  // Makes what this thread copied 0 where it is not finite.
  template <int TILE>
  static __device__ __forceinline__ void zero_not_finite(unsigned char* tile) {
#pragma unroll 1
    for (int r = row(); r < TILE; r += ROWS) {
#pragma unroll 1
      for (int i = 0; i < PER_THREAD * 4; i++) {
        uint32_t& two = *reinterpret_cast<uint32_t*>(tile + r * ROW_BYTES + column(i / 4) * 2 + i % 4 * 4);
        uint32_t carried = carry(two);
        two &= (carried & 0x8000u ? 0u : 0xffffu) | (carried & 0x80000000u ? 0u : 0xffff0000u);
      }
    }
  }

  static __device__ __forceinline__ uint32_t carry(uint32_t two) { return (two & 0x7fff7fffu) + (0x8000u - E::INFINITY_BITS) * 0x10001u; }
};

// products = left right', of rows of two tiles, which both begin with the warp's first. Rows are what the right operand of mma wants ("col").
template <class E, int DIM, int TILES_M, int BLOCKS_N>
__device__ __forceinline__ void multiply_rows(float (&products)[TILES_M][BLOCKS_N][4], unsigned char* left, unsigned char* right, int lane) {
  constexpr int ROW_BYTES = TENSOR_ROW_BYTES<DIM>;
#pragma unroll
  for (int m = 0; m < TILES_M; m++) {
#pragma unroll
    for (int n = 0; n < BLOCKS_N; n++) {
#pragma unroll
      for (int i = 0; i < 4; i++) products[m][n][i] = 0.f;
    }
  }
  Shared leftRow = shared_address(left + (lane & 15) * ROW_BYTES + (lane >> 4) * 16);
  Shared rightRow = shared_address(right + ((lane & 7) + (lane >> 4) * 8) * ROW_BYTES + ((lane >> 3) & 1) * 16);
#pragma unroll
  for (int k = 0; k < DIM / 16; k++) {
    uint32_t a[TILES_M][4];
#pragma unroll
    for (int m = 0; m < TILES_M; m++) ldmatrix(a[m], at_offset(leftRow, m * 16 * ROW_BYTES + k * 32));
#pragma unroll
    for (int n = 0; n < BLOCKS_N; n += 2) {
      uint32_t b[4];
      ldmatrix(b, at_offset(rightRow, n * 8 * ROW_BYTES + k * 32));
#pragma unroll
      for (int m = 0; m < TILES_M; m++) {
        E::mma(products[m][n], a[m], b[0], b[1]);
        E::mma(products[m][n + 1], a[m], b[2], b[3]);
      }
    }
  }
}

// sums += weights tile, for the rows of a tile that the warp has weights of. The weights, rounded, go from the accumulators of one mma to the left operand
// of another, whose layouts agree. Rows are columns of the right operand, so they are transposed on the way.
template <class E, int DIM, int TILES_M, int BLOCKS_N>
__device__ __forceinline__ void add_weighted(float (&sums)[TILES_M][DIM / 8][4], const float (&weights)[TILES_M][BLOCKS_N][4], unsigned char* tile, int lane) {
  constexpr int ROW_BYTES = TENSOR_ROW_BYTES<DIM>;
  Shared row = shared_address(tile + (lane & 15) * ROW_BYTES + (lane >> 4) * 16);
#pragma unroll
  for (int k = 0; k < BLOCKS_N / 2; k++) {
    uint32_t a[TILES_M][4];
#pragma unroll
    for (int m = 0; m < TILES_M; m++) {
#pragma unroll
      for (int i = 0; i < 4; i++) a[m][i] = E::pack(weights[m][2 * k + i / 2][i % 2 * 2], weights[m][2 * k + i / 2][i % 2 * 2 + 1]);
    }
#pragma unroll
    for (int n = 0; n < DIM / 8; n += 2) {
      uint32_t b[4];
      ldmatrix_transposed(b, at_offset(row, k * 16 * ROW_BYTES + n * 16));
#pragma unroll
      for (int m = 0; m < TILES_M; m++) {
        E::mma(sums[m][n], a[m], b[0], b[1]);
        E::mma(sums[m][n + 1], a[m], b[2], b[3]);
      }
    }
  }
}

}  // namespace ringwood
