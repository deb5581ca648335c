// Which weights dropout keeps: org.ringwood.kernels.Dropout for a tile.
#pragma once

#include "call.cuh"
#include "philox.cuh"
#include "primitives.cuh"
#include "units.cuh"

namespace ringwood {

// A row's word of Dropout.queries or Dropout.keys.
struct PlacedRow {
  static constexpr int POSITION_BITS = 48;
  const uint64_t word;

  __device__ __forceinline__ uint64_t position() const { return word & ((uint64_t(1) << POSITION_BITS) - 1); }
  // Rows from this one on that are known to lie at neighbouring positions.
  __device__ __forceinline__ int together() const { return int(word >> POSITION_BITS); }
};

// The decisions for a tile, a bit each, in shared memory: of each of its queries the keys, sixteen to a word.
//
// They are made before the tile's scores are, of sixteen keys of a query by one thread, as a counter serves eight. In the accumulators of mma a thread has two keys of
// every eight, so that threads which decide for what they hold compute each counter four times: ten rounds of two wide products and two xors of three numbers, and the
// steps of the keys, are about 60 instructions, 30 for each weight where it need be 8. To hand words round within the four would need as few, but only where the eight keys side
// by side are those of one counter, and a shard's or a window's may begin anywhere and be far apart; and it would come when scores and outputs fill the registers.
template <int KEYS, bool DROPOUT>
struct Kept {
  static constexpr int WORD_KEYS = 16;
  static constexpr int WORDS = KEYS / WORD_KEYS;  // of a query

  uint16_t* const words;

  __device__ __forceinline__ explicit Kept(unsigned char* shared) : words(reinterpret_cast<uint16_t*>(shared)) {}

  // Whether a weight of the tile is kept.
  __device__ __forceinline__ bool keeps(int query, int key) const { return of(query, key / WORD_KEYS) >> key % WORD_KEYS & 1; }

  // A word: bit i is that of its i-th key.
  __device__ __forceinline__ uint32_t of(int query, int word) const { return words[query * WORDS + word]; }

  // Decides for SOME words, from `firstWord` on, of the queries queryOf(0), ..., queryOf(queries - 1) of the tile that are less than `endQuery`. `rowOf` gives a query's
  // word of Dropout.queries and its head; `keys` are the words of the tile's keys, of which there are `count`. The work is shared by `threads` threads, of which this is the
  // i-th, and what they write is seen by others after a barrier.
  template <int SOME, class QueryOf, class RowOf>
  __device__ __forceinline__ void decide(const Dropout& dropout, int thread, int threads, int queries, int endQuery, QueryOf queryOf, RowOf rowOf, int firstWord,
                                         const uint64_t* keys, int count) const {
#pragma unroll 1
    for (int i = thread; i < queries * SOME; i += threads) {
      int query = queryOf(i / SOME), word = firstWord + i % SOME, head = 0;
      if (query >= endQuery) continue;
      PlacedRow row{rowOf(query, head)};
      int firstKey = word * WORD_KEYS;
      words[query * WORDS + word] = uint16_t(kept(dropout, uint32_t(head), row.position(), keys + firstKey, min(count - firstKey, WORD_KEYS)));
    }
  }

 private:
  static constexpr int COUNTER_KEYS = 8;

  // Of `count` keys. Neighbours share their counters.
  static __device__ __forceinline__ uint32_t kept(const Dropout& dropout, uint32_t head, uint64_t query, const uint64_t* keys, int count) {
    uint32_t bits = 0;
#pragma unroll 1
    for (int i = 0; i < count;) {
      PlacedRow key{keys[i]};
      int first = int(key.position() % COUNTER_KEYS);
      int some = min(key.together(), COUNTER_KEYS - first);
      bits |= (of_counter(dropout, head, query, key.position() / COUNTER_KEYS) >> first & ((1u << some) - 1)) << i;
      i += some;
    }
    return bits;
  }

  // Of the eight keys of a counter.
  static __device__ __forceinline__ uint32_t of_counter(const Dropout& dropout, uint32_t head, uint64_t query, uint64_t block) {
    uint32_t words[4] = {uint32_t(block), uint32_t(query), uint32_t(query >> 32) << 16 | uint32_t(block >> 32), uint32_t(dropout.firstHead) + head};
    philox(words, anew(dropout.seed));
    uint32_t bits = 0;
#pragma unroll
    for (int key = 0; key < COUNTER_KEYS; key++) {
      uint32_t number = words[key / 2] >> key % 2 * 16 & 0xffffu;
      bits |= number >= dropout.threshold ? 1u << key : 0u;
    }
    return bits;
  }
};

// Without dropout nothing is asked.
template <int KEYS>
struct Kept<KEYS, false> {
  __device__ __forceinline__ explicit Kept(unsigned char*) {}
  __device__ __forceinline__ bool keeps(int, int) const { return true; }
  __device__ __forceinline__ uint32_t of(int, int) const { return ~0u; }
};

// Of a tile of attention some queries of the block and the KEYS keys from `firstKey` on, by the threads of a warp.
template <int KEYS, class Decisions, class QueryOf>
__device__ __forceinline__ void decide_tile(const AttendCall& call, const Unit& unit, const KeyTile& tile, const Decisions& kept, int lane, int queries, QueryOf queryOf,
                                            int firstKey) {
  const uint64_t* rows = reinterpret_cast<const uint64_t*>(call.dropout.queries);
  const uint64_t* keys = reinterpret_cast<const uint64_t*>(call.dropout.keys);
  auto rowOf = [&](int query, int& head) {
    head = unit.head(query);
    return rows[unit.firstRow + unit.row(query)];
  };
  int64_t first = reinterpret_cast<const KeyRun*>(call.runs)[tile.run].from + tile.from;
  kept.template decide<KEYS / Decisions::WORD_KEYS>(call.dropout, lane, 32, queries, unit.count, queryOf, rowOf, firstKey / Decisions::WORD_KEYS, keys + first, tile.count);
}

}  // namespace ringwood
