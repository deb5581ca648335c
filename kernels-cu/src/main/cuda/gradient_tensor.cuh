// Gradients of 16-bit tensors on tensor cores: the products of FlashAttention-2's backward pass (Dao, arXiv 2307.08691, algorithm 2) with mma.sync. As there
// weights and their slopes are rounded to 16 bits for the second product, and all sums are of f32.
#pragma once

#include "gradient_walk.cuh"
#include "shapes.cuh"
#include "tensor_tiles.cuh"

namespace ringwood {

template <class E, class TABLE, Gradient OF, bool DROPOUT>
struct TensorGradients {
  static constexpr TensorGradientShape SHAPE = TABLE::SHAPE;
  static constexpr Roles ROLE = ROLES<OF>;
  static constexpr int DIM = SHAPE.dim;
  static constexpr int OWNED = SHAPE.owned();
  static constexpr int WALKED = SHAPE.walked;
  static constexpr int TILES_M = SHAPE.tilesM;
  static constexpr int BLOCKS_N = WALKED / 8;  // columns of 8 walked rows
  static constexpr int BLOCKS_D = DIM / 8;     // columns of 8 elements
  static constexpr int ROW_BYTES = TENSOR_ROW_BYTES<DIM>;
  static constexpr int KEPT_BYTES = DROPOUT ? SHAPE.keptBytes() : 0;
  static constexpr int SHARED_BYTES = SHAPE.sharedBytes() + KEPT_BYTES;
  static constexpr int KEPT_AT = SHARED_BYTES - CONTROL_BYTES - KEPT_BYTES;
  // Weights of f16 are scaled as in attention; slopes, which have no bound, are not.
  static constexpr float SHIFT = OF == Gradient::VALUES ? E::WEIGHT_SHIFT : 0.f;
  static constexpr float UNIT = 1.f / float(1 << int(SHIFT));
  using Loader = TileLoader<E, DIM, SHAPE.threads()>;
  using Walk = GradientWalk<OF, OWNED, WALKED>;
  using Products = float[TILES_M][BLOCKS_N][4];

  const GradientCall& call;
  unsigned char* const ownedFirst;
  unsigned char* const ownedSecond;
  unsigned char* const first;
  unsigned char* const summed;
  float* const rowNumbers;  // log-sum-exps and deltas of walked queries, for two tiles
  Walk& walk;
  const WalkedWeights<OF, OWNED, WALKED, DROPOUT> kept;
  const Weighing weighing;
  const int lane, firstOwned;  // of the warp

  Cover covered;  // of the warp's rows, by the tile that is worked on
  float sums[TILES_M][BLOCKS_D][4];
  float offsets[TILES_M][2], deltas[TILES_M][2];  // of owned queries

  __device__ __forceinline__ TensorGradients(const GradientCall& call, unsigned char* shared)
      : call(call),
        ownedFirst(shared),
        ownedSecond(ownedFirst + OWNED * ROW_BYTES),
        first(ownedSecond + OWNED * ROW_BYTES),
        summed(first + WALKED * ROW_BYTES),
        rowNumbers(reinterpret_cast<float*>(summed + WALKED * ROW_BYTES)),
        walk(*reinterpret_cast<Walk*>(shared + SHARED_BYTES - CONTROL_BYTES)),
        kept(shared + KEPT_AT),
        weighing(call),
        lane(threadIdx.x & 31),
        firstOwned(threadIdx.x / 32 * TILES_M * 16) {
    static_assert(sizeof(Walk) <= CONTROL_BYTES, "see shapes.cuh");
#pragma unroll
    for (int m = 0; m < TILES_M; m++) {
#pragma unroll
      for (int n = 0; n < BLOCKS_D; n++) {
#pragma unroll
        for (int i = 0; i < 4; i++) sums[m][n][i] = 0.f;
      }
    }
  }

  // The accumulators of a thread: (l/4 + 8(i/2), 2(l%4) + i%2) of each 16x8 block. PTX ISA, "mma.m16n8k16".
  __device__ __forceinline__ int owned_of(int m, int half) const { return firstOwned + m * 16 + lane / 4 + half * 8; }
  __device__ __forceinline__ int column_of(int n, int i) const { return n * 8 + lane % 4 * 2 + i % 2; }

  __device__ __forceinline__ void load_owned() {
    load<OWNED>(ownedFirst, ROLE.ownedFirst, walk.firstRow, walk.ownedHead, walk.count);
    if (OF != Gradient::VALUES) load<OWNED>(ownedSecond, ROLE.ownedSecond, walk.firstRow, walk.ownedHead, walk.count);
    if (OF == Gradient::QUERIES) {
#pragma unroll
      for (int m = 0; m < TILES_M; m++) {
#pragma unroll
        for (int half = 0; half < 2; half++) walk.row_numbers(call, owned_of(m, half), offsets[m][half], deltas[m][half]);
      }
    }
  }

  __device__ __forceinline__ void load_first(int i) {
    const WalkedTile& tile = walk.tiles[i];
    load<WALKED>(first, ROLE.first, tile.row, tile.head, tile.count);
    if (OF != Gradient::QUERIES) load_row_numbers(call, tile, rowNumbers + i * 2 * WALKED, WALKED);
  }

  __device__ __forceinline__ void load_summed(const WalkedTile& tile) { load<WALKED>(summed, ROLE.summed, tile.row, tile.head, tile.count); }

  template <int TILE>
  __device__ __forceinline__ void load(unsigned char* to, Operand operand, int64_t row, int head, int count) {
    const View& view = call.operands[operand];
    Loader::template load<TILE>(to, row_address<2>(view, row, head), view.tokenStride * 2, count, dim_of(call, operand), in_vectors(call, operand));
  }

  __device__ __forceinline__ bool copied_not_finite() const { return Loader::template copied_not_finite<WALKED>(summed); }

  __device__ __forceinline__ void multiply_first(Products& products, const WalkedTile& tile) {
    covered = cover_of_warp(tile);
    if (covered != Cover::NONE) multiply_rows<E, DIM>(products, ownedFirst + firstOwned * ROW_BYTES, first, lane);
  }

  __device__ __forceinline__ Cover cover_of_warp(const WalkedTile& tile) const {
    if (tile.whole) return Cover::ALL;
    int end = min(firstOwned + TILES_M * 16, walk.count);
    return firstOwned < end ? tile.pieces(call).cover(firstOwned, end, tile.from, tile.from + WALKED) : Cover::NONE;
  }

  __device__ __forceinline__ void add_summed(Products& products, int now, bool notFinite) {
    const WalkedTile& tile = walk.tiles[now];
    if (covered != Cover::NONE) weigh(products, now);
    if (covered == Cover::PART) mask(products, tile);
    if (notFinite) set_aside_not_finite(products, tile);
    if (covered != Cover::NONE) add_weighted<E, DIM>(sums, products, summed, lane);
  }

  // Turns the first products into what each walked row is to be multiplied with for the sums.
  __device__ __forceinline__ void weigh(Products& products, int now) {
    Products own;
    if (OF != Gradient::VALUES) {
      multiply_rows<E, DIM>(own, ownedSecond + firstOwned * ROW_BYTES, summed, lane);
      subtract_deltas(products, now);
    }
    Products& scores = OF == Gradient::VALUES ? products : own;
    if (call.softcap > 0.f) cap(scores, products);
    const float* lse = rowNumbers + now * 2 * WALKED;
#pragma unroll
    for (int n = 0; n < BLOCKS_N; n++) {
#pragma unroll
      for (int i = 0; i < 4; i++) {
        float walked = OF == Gradient::QUERIES ? 0.f : Weighing::offset(lse[column_of(n, i)]);
#pragma unroll
        for (int m = 0; m < TILES_M; m++) {
          float weight = weighing.weight(scores[m][n][i], OF == Gradient::QUERIES ? offsets[m][i / 2] : walked, SHIFT);
          if (DROPOUT && OF == Gradient::VALUES && !keeps(m, n, i)) weight = 0.f;
          products[m][n][i] = OF == Gradient::VALUES ? weight : weight * products[m][n][i];
        }
      }
    }
  }

  __device__ __forceinline__ void subtract_deltas(Products& gradients, int now) const {
    const float* delta = rowNumbers + (now * 2 + 1) * WALKED;
#pragma unroll
    for (int n = 0; n < BLOCKS_N; n++) {
#pragma unroll
      for (int i = 0; i < 4; i++) {
        float walked = OF == Gradient::QUERIES ? 0.f : delta[column_of(n, i)];
#pragma unroll
        for (int m = 0; m < TILES_M; m++) {
          if (DROPOUT) gradients[m][n][i] *= keeps(m, n, i) ? call.dropout.scale : 0.f;
          gradients[m][n][i] -= OF == Gradient::QUERIES ? deltas[m][i / 2] : walked;
        }
      }
    }
  }

  __device__ __forceinline__ bool keeps(int m, int n, int i) const {
    return OF == Gradient::QUERIES ? kept.of(owned_of(m, i / 2), n / 2) >> (n % 2 * 8 + lane % 4 * 2 + i % 2) & 1
                                   : kept.of(column_of(n, i), firstOwned / 16 + m) >> (lane / 4 + i / 2 * 8) & 1;
  }

  __device__ __forceinline__ void cap(Products& scores, Products& gradients) const {
#pragma unroll
    for (int m = 0; m < TILES_M; m++) {
#pragma unroll
      for (int n = 0; n < BLOCKS_N; n++) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
          float slope = weighing.cap(scores[m][n][i]);
          if (OF != Gradient::VALUES) gradients[m][n][i] *= slope;
        }
      }
    }
  }

  // Bit j says whether an owned row admits the walked row column_of(j / 2, j % 2).
  __device__ __forceinline__ uint32_t admitted(const WalkedTile& tile, int owned) const {
    return tile.pieces(call).template admitted<BLOCKS_N * 2>(owned, tile.from + lane % 4 * 2, [](int j) { return j / 2 * 8 + j % 2; });
  }

  __device__ __forceinline__ void mask(Products& weights, const WalkedTile& tile) const {
#pragma unroll
    for (int m = 0; m < TILES_M; m++) {
#pragma unroll
      for (int half = 0; half < 2; half++) {
        uint32_t bits = admitted(tile, owned_of(m, half));
#pragma unroll
        for (int j = 0; j < BLOCKS_N * 2; j++) {
          float& weight = weights[m][j / 2][half * 2 + j % 2];
          weight = bits >> j & 1 ? weight : 0.f;  // a NaN must go
        }
      }
    }
  }

  // What is not finite may reach only rows that admit it, but a weight of 0 would not keep it out of a product. So it goes into the gradients at once, and out of
  // the tile. Sums with it don't depend on their order: these are the only atomic ones.
  __device__ __forceinline__ void set_aside_not_finite(const Products& weights, const WalkedTile& tile) {
#pragma unroll
    for (int m = 0; m < TILES_M; m++) {
#pragma unroll
      for (int half = 0; half < 2; half++) {
        int owned = owned_of(m, half);
        uint32_t bits = admitted(tile, owned);
#pragma unroll 1
        for (int at = 0; at < BLOCKS_N * 2; at++) {
          if (bits >> at & 1) add_not_finite(weight_at(weights[m], half, at), column_of(at / 2, at % 2), owned);
        }
      }
    }
    __syncthreads();
    Loader::template zero_not_finite<WALKED>(summed);
    __syncthreads();
  }

  // Registers have no addresses: the one that is meant is looked for among all.
  static __device__ __forceinline__ float weight_at(const float (&weights)[BLOCKS_N][4], int half, int at) {
    float found = 0.f;
#pragma unroll
    for (int j = 0; j < BLOCKS_N * 2; j++) found = j == at ? weights[j / 2][half * 2 + j % 2] : found;
    return found;
  }

  __device__ __forceinline__ void add_not_finite(float weight, int walked, int owned) const {
    const auto* row = reinterpret_cast<const typename E::Type*>(summed + walked * ROW_BYTES);
    float* to = gradients_of(owned);
    int dim = dim_of(call, ROLE.summed);
#pragma unroll 1
    for (int column = 0; column < dim; column++) {
      float value = E::widen(row[column]);
      if (!isfinite(value)) atomicAdd(to + column, weight * value);  // the factor would leave it as it is
    }
  }

  __device__ __forceinline__ float factor() const { return OF != Gradient::VALUES ? call.scale : DROPOUT ? UNIT * call.dropout.scale : UNIT; }

  __device__ __forceinline__ float* gradients_of(int owned) const {
    return reinterpret_cast<float*>(row_address<4>(call.gradients, walk.firstRow + owned, walk.ownedHead));
  }

  // The block alone has these rows.
  __device__ __forceinline__ void add() const {
    int dim = dim_of(call, ROLE.summed);
#pragma unroll
    for (int m = 0; m < TILES_M; m++) {
#pragma unroll
      for (int half = 0; half < 2; half++) {
        int owned = owned_of(m, half);
        if (owned >= walk.count) continue;
        float* to = gradients_of(owned);
#pragma unroll
        for (int n = 0; n < BLOCKS_D; n++) {
#pragma unroll
          for (int i = 0; i < 2; i++) {
            int column = column_of(n, i);
            if (column < dim) to[column] = fmaf(sums[m][n][half * 2 + i], factor(), to[column]);
          }
        }
      }
    }
  }
};

}  // namespace ringwood
