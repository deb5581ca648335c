// Which rows a block of gradients owns, and which rows of the other side it walks along.
#pragma once

#include "call.cuh"
#include "dropout.cuh"
#include "records.cuh"
#include "units.cuh"

namespace ringwood {

// What a kernel computes the gradients of, and so what its blocks own.
//
// Three kernels, each with one sum that it owns, take eight products of matrices for each pair of tiles where FlashAttention-2 (Dao, arXiv 2307.08691,
// algorithm 2) takes five: a block of keys, which has all three gradients at hand, there adds to those of the queries with atomics, in an order, and so
// with bits, that time decides. FlashAttention-3's deterministic mode makes the blocks take turns instead, which needs all blocks before a waiting one to
// be running. Here no block waits for another, nothing is shared, and a gradient's bits depend on the order of the rows alone. With one sum instead of two in
// registers a warp of the tensor cores owns twice as many rows, for half of the reads of shared memory.
enum class Gradient { QUERIES, KEYS, VALUES };

// A tile of rows of the other side, within one run and of one head.
struct WalkedTile {
  int64_t row;          // the first, of its tensors
  int32_t from, count;  // the first, counted from the run's first, and how many there are
  int32_t run, runCount, firstPiece, endPiece;
  int32_t head;
  int32_t any;          // 0 if this is none
  int32_t whole;        // whether all owned rows admit all rows of a full tile
  int32_t unused;       // what would be padding is copied byte by byte

  __device__ __forceinline__ Pieces pieces(const GradientCall& call) const {
    const Piece* all = reinterpret_cast<const Piece*>(call.pieces);
    return {all + firstPiece, all + endPiece};
  }
};

// Address of a row of a head, for elements of so many bytes.
template <int ELEMENT_BYTES>
__device__ __forceinline__ uint64_t row_address(const View& view, int64_t row, int head) {
  return view.data + (row * view.tokenStride + head * view.headStride) * ELEMENT_BYTES;
}

// Scores, as they come out of the products, to weights and their slopes.
struct Weighing {
  float scale, softcap, factor;

  __device__ __forceinline__ explicit Weighing(const GradientCall& call)
      : scale(call.scale), softcap(call.softcap), factor(call.softcap > 0.f ? 1.f : call.scale) {}

  // Caps a score; returns what its gradient is to be multiplied by.
  __device__ __forceinline__ float cap(float& score) const {
    float t = tanhf(score * scale / softcap);
    score = softcap * t;
    return 1.f - t * t;
  }

  // exp(score - lse), times 2^shift. The difference is taken in natural logarithms: binary ones of large scores would have to be rounded before.
  __device__ __forceinline__ float weight(float score, float offset, float shift) const {
    return exp2_fast(fmaf(fmaf(score, factor, -offset), float(LOG2_E), shift));
  }

  // What scores are compared with. Where the log-sum-exp is minus infinity all scores are, too, and weigh nothing.
  static __device__ __forceinline__ float offset(float lse) { return lse == MINUS_INFINITY ? -MINUS_INFINITY : lse; }
};

// What is alike for all threads of a block, in shared memory. Thread 0 finds the next tile while all work on this one, so there are two.
template <Gradient OF, int OWNED, int WALKED>
struct GradientWalk {
  int64_t firstRow;  // owned
  int32_t count;     // of the owned rows
  int32_t ownedHead;
  WalkedTile tiles[2];

  // All threads, once; with a barrier at the end.
  __device__ __forceinline__ void open(const GradientCall& call) {
    if (threadIdx.x == 0) {
      // Under a causal mask the last queries admit the most keys, and the first keys are admitted by the most queries: they come first, and short
      // blocks end evenly.
      int block = call.firstBlock + int(OF == Gradient::QUERIES ? gridDim.x - 1 - blockIdx.x : blockIdx.x);
      firstRow = int64_t(block) * OWNED;
      count = int(min(call.rows - firstRow, int64_t(OWNED)));
      ownedHead = int(blockIdx.y);
      if (OF == Gradient::QUERIES) {
        firstHead = int(int64_t(ownedHead) * call.keyHeads / call.queryHeads);
        endHead = firstHead + 1;
      } else {
        firstHead = first_head(call, ownedHead);
        endHead = first_head(call, ownedHead + 1);
      }
      const RowBlock& runs = reinterpret_cast<const RowBlock*>(call.blocks)[block];
      firstRun = runs.firstRun;
      endRun = runs.endRun;
      set(call, tiles[0], firstRun, firstRun < endRun ? firstHead : endHead);
    }
    __syncthreads();
  }

  // The tile behind tiles[i] becomes tiles[1 - i]: further on in the run, in the next run, or in the first run of the next head. Thread 0 only.
  __device__ __forceinline__ void advance(const GradientCall& call, int i) {
    const WalkedTile& tile = tiles[i];
    WalkedTile& next = tiles[1 - i];
    if (tile.from + WALKED < tile.runCount) {
      next = tile;
      move(call, next, WALKED);
    } else if (tile.run + 1 < endRun) {
      set(call, next, tile.run + 1, tile.head);
    } else {
      set(call, next, firstRun, tile.head + 1);
    }
  }

  // What an owned query's scores are compared with, and its delta. A row that does not exist is not written, whatever it has.
  __device__ __forceinline__ void row_numbers(const GradientCall& call, int owned, float& offset, float& delta) const {
    int64_t row = firstRow + min(owned, count - 1);
    offset = Weighing::offset(*reinterpret_cast<const float*>(row_address<4>(call.lse, row, ownedHead)));
    delta = *reinterpret_cast<const float*>(row_address<4>(call.delta, row, ownedHead));
  }

 private:
  int32_t firstHead, endHead, firstRun, endRun;

  // First query head that reads a key head or a later one: the inverse of h * Hkv / Hq.
  static __device__ __forceinline__ int first_head(const GradientCall& call, int keyHead) {
    return int((int64_t(keyHead) * call.queryHeads + call.keyHeads - 1) / call.keyHeads);
  }

  __device__ __forceinline__ void set(const GradientCall& call, WalkedTile& tile, int runIndex, int head) {
    tile.any = head < endHead;
    if (!tile.any) return;
    const KeyRun& run = reinterpret_cast<const KeyRun*>(call.runs)[runIndex];
    tile.row = run.from;
    tile.from = 0;
    tile.run = runIndex;
    tile.runCount = run.count;
    tile.firstPiece = run.firstPiece;
    tile.endPiece = run.endPiece;
    tile.head = head;
    move(call, tile, 0);
  }

  __device__ __forceinline__ void move(const GradientCall& call, WalkedTile& tile, int rows) const {
    tile.row += rows;
    tile.from += rows;
    tile.count = min(WALKED, tile.runCount - tile.from);
    tile.whole = tile.pieces(call).cover(0, count, tile.from, tile.from + WALKED) == Cover::ALL;
  }
};

// What is kept of the weights of a tile, which is the same whichever side is owned.
template <Gradient OF, int OWNED, int WALKED, bool DROPOUT>
struct WalkedWeights : Kept<OF == Gradient::QUERIES ? WALKED : OWNED, DROPOUT> {
  using Decisions = Kept<OF == Gradient::QUERIES ? WALKED : OWNED, DROPOUT>;
  using Decisions::Decisions;

  // For all of the tile, by all threads of the block, which use it after a barrier.
  __device__ __forceinline__ void decide_tile(const GradientCall& call, const GradientWalk<OF, OWNED, WALKED>& walk, const WalkedTile& tile) const {
    if constexpr (DROPOUT) {
      constexpr bool OWNS_QUERIES = OF == Gradient::QUERIES;
      const uint64_t* rows = reinterpret_cast<const uint64_t*>(call.dropout.queries) + (OWNS_QUERIES ? walk.firstRow : tile.row);
      const uint64_t* keys = reinterpret_cast<const uint64_t*>(call.dropout.keys) + (OWNS_QUERIES ? tile.row : walk.firstRow);
      auto rowOf = [&](int query, int& head) {
        head = OWNS_QUERIES ? walk.ownedHead : tile.head;
        return rows[query];
      };
      int queries = OWNS_QUERIES ? walk.count : tile.count;
      this->template decide<Decisions::WORDS>(call.dropout, threadIdx.x, blockDim.x, queries, queries, [](int i) { return i; }, rowOf, 0, keys, OWNS_QUERIES ? tile.count : walk.count);
    }
  }
};

// Places in GradientCall.operands.
enum Operand { QUERY, KEY, VALUE, OUT_GRADIENT };

// The operands by what a kernel does with them. Rows of the other side come in two tiles. The first is multiplied with what the owner has for it before
// the second is there, which gives gradients of weights, or in the kernel for values, which needs none, scores. The second gives the scores in the others,
// and is what the kernel sums up: so the first makes room for the next one meanwhile.
struct Roles {
  Operand ownedFirst, ownedSecond, first, summed;
};

template <Gradient OF>
constexpr Roles ROLES{};
template <>
constexpr Roles ROLES<Gradient::QUERIES>{OUT_GRADIENT, QUERY, VALUE, KEY};
template <>
constexpr Roles ROLES<Gradient::KEYS>{VALUE, KEY, OUT_GRADIENT, QUERY};
template <>
constexpr Roles ROLES<Gradient::VALUES>{KEY, KEY, QUERY, OUT_GRADIENT};

__device__ __forceinline__ int dim_of(const GradientCall& call, Operand operand) { return operand == QUERY || operand == KEY ? call.dim : call.dimV; }
__device__ __forceinline__ bool in_vectors(const GradientCall& call, Operand operand) { return call.vectors >> operand & 1; }

// Starts to copy log-sum-exps and deltas of walked queries, TILE of each, to shared memory. Those of rows that don't exist are 0: no pair of theirs is admitted.
__device__ __forceinline__ void load_row_numbers(const GradientCall& call, const WalkedTile& tile, float* to, int tileRows) {
#pragma unroll 1
  for (int i = threadIdx.x; i < 2 * tileRows; i += blockDim.x) {
    const View& view = i < tileRows ? call.lse : call.delta;
    int row = i % tileRows;
    bool exists = row < tile.count;
    cp_async4(shared_address(to + i), reinterpret_cast<const void*>(row_address<4>(view, tile.row + (exists ? row : 0), tile.head)), exists ? 4 : 0);
  }
}

// The sums of a block over all that it walks along. While the first tile is multiplied the summed one is on its way, and while that one is used, the next
// first one is: two buffers, two barriers a tile.
template <class Gradients>
__device__ __forceinline__ void sum_up(Gradients& gradients) {
  auto& walk = gradients.walk;
  int now = 0;
  do {
    cp_async_wait();
    __syncthreads();  // the first tile is there, and all are done with the summed one before
    const WalkedTile& tile = walk.tiles[now];
    gradients.load_summed(tile);
    if (threadIdx.x == 0) walk.advance(gradients.call, now);
    gradients.kept.decide_tile(gradients.call, walk, tile);

    typename Gradients::Products products;
    gradients.multiply_first(products, tile);

    cp_async_wait();
    bool notFinite = false;
    if (tile.whole) {
      __syncthreads();  // the summed tile and the next one's place are there, and all are done with the first
    } else {
      notFinite = __syncthreads_or(gradients.copied_not_finite());
    }
    if (walk.tiles[1 - now].any) gradients.load_first(1 - now);
    gradients.add_summed(products, now, notFinite);
    now = 1 - now;
  } while (walk.tiles[now].any);
}

// What a block does.
template <class Gradients>
__device__ __forceinline__ void add_gradients(const GradientCall& call, unsigned char* shared) {
  Gradients gradients(call, shared);
  gradients.walk.open(call);
  if (!gradients.walk.tiles[0].any) return;
  gradients.load_owned();
  gradients.load_first(0);
  sum_up(gradients);
  gradients.add();
}

}  // namespace ringwood
