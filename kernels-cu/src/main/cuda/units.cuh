// Which queries a block has, and which keys it walks along.
#pragma once

#include "call.cuh"
#include "primitives.cuh"

namespace ringwood {

// The queries of a unit: some rows with some heads that read one key head, in the order (row, head).
struct Unit {
  int64_t firstRow;
  int32_t keyHead, firstHead, heads, rows, count;

  Unit() = default;

  __device__ __forceinline__ Unit(const AttendCall& call, int block, int unit) {
    keyHead = unit / call.unitsPerKeyHead;
    int skipped = unit % call.unitsPerKeyHead * call.headsPerUnit;
    firstHead = first_head(call, keyHead) + skipped;
    heads = min(call.headsPerUnit, first_head(call, keyHead + 1) - firstHead);
    firstRow = int64_t(block) * call.rowsPerBlock;
    rows = int(min(call.rows - firstRow, int64_t(call.rowsPerBlock)));
    count = max(heads, 0) * rows;
  }

  // Row of a query within the block.
  __device__ int row(int query) const { return query / heads; }
  __device__ int head(int query) const { return firstHead + query % heads; }

  // First query head that reads a key head or a later one: the inverse of h * Hkv / Hq.
  static __device__ int first_head(const AttendCall& call, int keyHead) {
    return int((int64_t(keyHead) * call.queryHeads + call.keyHeads - 1) / call.keyHeads);
  }
};

// What a rectangle of rows and keys admits. PART may be said of a rectangle that its pieces turn out to miss.
enum class Cover { NONE, PART, ALL };

// The pieces of a run, which is what a tile needs to know about its mask.
struct Pieces {
  const Piece* first;
  const Piece* end;

  __device__ __forceinline__ Cover cover(int rowFrom, int rowTo, int keyFrom, int keyTo) const {
    Cover found = Cover::NONE;
    int least = keyFrom - (rowTo - 1);
    int most = keyTo - 1 - rowFrom;
#pragma unroll 1
    for (const Piece* p = first; p < end; p++) {
      bool within = p->qFrom <= rowFrom && rowTo <= p->qTo && p->kFrom <= keyFrom && keyTo <= p->kTo && least >= p->lowest && most <= p->highest;
      if (within) return Cover::ALL;  // slices are disjoint: no other one has a pair here
      bool meets = rowFrom < p->qTo && rowTo > p->qFrom && keyFrom < p->kTo && keyTo > p->kFrom && most >= p->lowest && least <= p->highest;
      if (meets) found = Cover::PART;
    }
    return found;
  }

  // Bit j says whether `row` admits the key base + offsetOf(j), for COUNT keys; the offsets are constants, so that they take no registers.
  template <int COUNT, class OffsetOf>
  __device__ __forceinline__ uint32_t admitted(int row, int base, OffsetOf offsetOf) const {
    static_assert(COUNT <= 32, "one word");
    uint32_t bits = 0;
#pragma unroll 1
    for (const Piece* p = first; p < end; p++) {
      if (row < p->qFrom || row >= p->qTo) continue;
      int from = max(p->kFrom, row + p->lowest) - base;
      int to = min(p->kTo, row + p->highest + 1) - base;
#pragma unroll
      for (int j = 0; j < COUNT; j++) {
        if (offsetOf(j) >= from && offsetOf(j) < to) bits |= 1u << j;
      }
    }
    return bits;
  }

  __device__ __forceinline__ bool admits(int row, int key) const {
    return admitted<1>(row, key, [](int) { return 0; }) != 0;
  }
};

// A tile of keys, within one run.
struct KeyTile {
  uint64_t keys, values;      // address of the first of either, for the unit's key head
  int32_t from, count;        // the first key, counted from the run's first, and how many there are
  int32_t firstPiece, endPiece;
  int32_t run, endRun, runCount;
  int32_t left;               // tiles to do, this one included; 0 if this is none
  int32_t whole;              // whether all rows of the block admit all keys of a full tile

  __device__ __forceinline__ Pieces pieces(const AttendCall& call) const {
    const Piece* all = reinterpret_cast<const Piece*>(call.pieces);
    return {all + firstPiece, all + endPiece};
  }
};

// A unit with all its keys, for calls that aren't split. Later rows come first: under a causal mask they have the most keys, and short blocks end evenly.
__device__ __forceinline__ Part whole_unit(const AttendCall& call) {
  int block = call.firstBlock + int(gridDim.x - 1 - blockIdx.x);
  return {block, int(blockIdx.y), reinterpret_cast<const RowBlock*>(call.blocks)[block].firstRun, 0, INT32_MAX, -1};
}

// What is alike for all threads of a block, in shared memory: registers are for outputs and scores. Thread 0 finds the next tile while all work
// on this one, so there are two.
template <int KEYS, int ELEMENT_BYTES>
struct Control {
  Unit unit;
  int64_t keyStride, valueStride;  // bytes from one to the next
  KeyTile tiles[2];
  Piece firstPiece;  // of the run that thread 0 is at
  int32_t slot;  // of partial states, or -1
  int32_t asideUsed;

  // All threads, once.
  __device__ __forceinline__ void open(const AttendCall& call) {
    if (threadIdx.x != 0) return;
    const int32_t* share = reinterpret_cast<const int32_t*>(call.shares) + blockIdx.x;
    part = call.parts == 0 ? 0 : share[0];
    endPart = call.parts == 0 ? 1 : share[1];
  }

  // Begins the next part; false if there is none. All threads; with a barrier at the end.
  __device__ __forceinline__ bool begin(const AttendCall& call) {
    if (threadIdx.x == 0) {
      any = part < endPart;
      if (any) {
        const Part next = call.parts == 0 ? whole_unit(call) : reinterpret_cast<const Part*>(call.parts)[part];
        part++;
        slot = next.slot;
        unit = Unit(call, next.block, next.unit);
        keyStride = call.keys.tokenStride * ELEMENT_BYTES;
        valueStride = call.values.tokenStride * ELEMENT_BYTES;
        asideUsed = 0;
        int endRun = reinterpret_cast<const RowBlock*>(call.blocks)[next.block].endRun;
        set(call, 0, next.run, endRun, next.key, next.run < endRun && unit.count > 0 ? next.tiles : 0);
      }
    }
    __syncthreads();
    return any;
  }

  // The tile behind tiles[i] becomes tiles[1 - i]. Thread 0 only; the others will wait for it, so within a run it reads no more than shared memory.
  __device__ __forceinline__ void advance(const AttendCall& call, int i) {
    const KeyTile& tile = tiles[i];
    KeyTile& next = tiles[1 - i];
    int from = tile.from + KEYS;
    if (from >= tile.runCount) {
      set(call, 1 - i, tile.run + 1, tile.endRun, 0, tile.run + 1 == tile.endRun ? 0 : tile.left - 1);
      return;
    }
    next.left = tile.left - 1;
    next.keys = tile.keys + KEYS * keyStride;
    next.values = tile.values + KEYS * valueStride;
    next.from = from;
    next.count = min(KEYS, tile.runCount - from);
    next.runCount = tile.runCount;
    next.firstPiece = tile.firstPiece;
    next.endPiece = tile.endPiece;
    next.run = tile.run;
    next.endRun = tile.endRun;
    next.whole = whole(call, next);
  }

 private:
  int32_t part, endPart, any;

  __device__ __forceinline__ void set(const AttendCall& call, int i, int runIndex, int endRun, int key, int left) {
    KeyTile& tile = tiles[i];
    tile.left = left;
    if (left == 0) return;
    const KeyRun& run = reinterpret_cast<const KeyRun*>(call.runs)[runIndex];
    tile.keys = call.keys.data + unit.keyHead * call.keys.headStride * ELEMENT_BYTES + (run.from + key) * keyStride;
    tile.values = call.values.data + unit.keyHead * call.values.headStride * ELEMENT_BYTES + (run.from + key) * valueStride;
    tile.from = key;
    tile.runCount = run.count;
    tile.count = min(KEYS, run.count - key);
    tile.firstPiece = run.firstPiece;
    tile.endPiece = run.endPiece;
    tile.run = runIndex;
    tile.endRun = endRun;
    firstPiece = tile.pieces(call).first[0];
    tile.whole = whole(call, tile);
  }

  __device__ __forceinline__ int32_t whole(const AttendCall& call, const KeyTile& tile) const {
    Pieces pieces = tile.endPiece - tile.firstPiece == 1 ? Pieces{&firstPiece, &firstPiece + 1} : tile.pieces(call);
    return pieces.cover(0, unit.rows, tile.from, tile.from + KEYS) == Cover::ALL;
  }
};

// A raw score as a binary logarithm, for calls whose scores need more than a positive factor.
__device__ __forceinline__ float binary_score(const AttendCall& call, float raw) {
  float score = raw * call.scale;
  if (call.softcap > 0.f) score = call.softcap * tanhf(score / call.softcap);
  return score * float(1.4426950408889634074);
}

// What a block does: a unit, or its share of the parts of units.
template <class Attention>
__device__ __forceinline__ void attend_units(const AttendCall& call, unsigned char* shared) {
  auto& control = Attention::control_of(shared);
  control.open(call);
  while (control.begin(call)) {
    if (control.tiles[0].left > 0) Attention::run(call, shared);
    __syncthreads();  // the records are written; the tiles of the next part take their place
  }
}

}  // namespace ringwood
