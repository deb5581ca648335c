// What a launch is told: plain structures of 4- and 8-byte fields, naturally aligned, which the host writes byte by byte.
#pragma once

#include <cstdint>

namespace ringwood {

// Pairs (query row, key row) with qFrom <= q < qTo, kFrom <= k < kTo and lowest <= k - q <= highest: an org.ringwood.kernels.Slice,
// clipped to the rows of a block and the keys of a run and relative to the first of both. Within a block 32 bits are enough, and 64
// would cost the kernels registers.
struct Piece {
  int32_t qFrom, qTo, kFrom, kTo, lowest, highest;
};

// At most 2^30 key rows [from, from + count) and the pieces of them that are admitted; what no piece names is not. Runs of a block are disjoint and
// ascending.
struct KeyRun {
  int64_t from;
  int32_t count, firstPiece, endPiece, unused;
};

// The key runs of the block of rows [i * rowsPerBlock, (i + 1) * rowsPerBlock).
struct RowBlock {
  int32_t firstRun, endRun;
};

// A share of the keys of one unit, which is a block of rows together with some heads that read the same keys. `tiles` tiles of keys are attended from
// key `key` of run `run` on. The records go to `slot` of the partial states, or with slot -1 are merged into the state.
struct Part {
  int32_t block, unit, run, key, tiles, slot;
};

// A unit whose keys were shared out: its partial states are in the slots [firstSlot, endSlot), in the order of their keys.
struct Split {
  int32_t block, unit, firstSlot, endSlot;
};

// A tensor [tokens, heads, dim]; strides in elements.
struct View {
  uint64_t data;
  int64_t tokenStride, headStride;
};

// org.ringwood.kernels.Dropout, for the kernels that have it.
struct Dropout {
  // A word for each row of the launch: its position in the lower 48 bits, and above them how many rows from it on lie at neighbouring positions, or the most that is.
  uint64_t queries, keys;
  uint64_t seed;
  int32_t firstHead;
  uint32_t threshold;
  float scale;  // of what is kept
  int32_t unused;
};

// Head h of Hq query heads reads key head h * Hkv / Hq. A unit takes at most headsPerUnit of the heads that read one key head; there are
// unitsPerKeyHead units for each.
struct AttendCall {
  View queries, keys, values;
  uint64_t state;     // records (max, sum, out[dv]) of f32 for (row, head)
  uint64_t partials;  // slots of queriesPerBlock such records each
  uint64_t blocks;    // RowBlock[]
  uint64_t runs;      // KeyRun[]
  uint64_t pieces;    // Piece[]
  uint64_t parts;     // Part[], or 0: block i of grid.x is row block firstBlock + grid.x - 1 - i, all keys, of unit blockIdx.y
  uint64_t shares;    // int32: block i of grid.x does the parts [shares[i], shares[i + 1])
  int64_t rows;
  Dropout dropout;
  int32_t firstBlock;
  int32_t queryHeads, keyHeads;
  int32_t headsPerUnit, unitsPerKeyHead;
  int32_t rowsPerBlock;
  int32_t dim, dimV;
  int32_t vectors;  // bit 0, 1, 2: rows of queries, keys, values start at multiples of 16 bytes and have such a length
  float scale, softcap;
};

// Gradients of one operand: of the queries, the keys or the values. A block owns some rows of it, of one head, and walks along those of the other side: the
// owner of queries along keys, the owners of keys and values along queries, of all heads that read theirs. Blocks, runs and pieces are as above with the
// owned rows in the place of the queries and the walked ones in that of the keys.
struct GradientCall {
  View operands[4];  // queries, keys, values, gradients of the outputs
  View lse, delta;   // [rows, queryHeads] of f32
  View gradients;    // of f32, added to
  uint64_t blocks, runs, pieces;
  int64_t rows;  // of the owned tensor
  Dropout dropout;
  int32_t firstBlock;
  int32_t queryHeads, keyHeads;
  int32_t dim, dimV;
  int32_t vectors;  // bit i: rows of operand i start at multiples of 16 bytes and have such a length
  float scale, softcap;
};

// Shape of a kernel's blocks, for the host: a block takes `queries` query rows times heads and `threads` threads, reads `keys` keys at a time (of gradients:
// owns and walks along so many rows), and needs `sharedBytes` of dynamic shared memory. Heads of up to `dim` elements are padded to it.
struct BlockShape {
  int32_t dim, queries, keys, threads, sharedBytes;
};

}  // namespace ringwood
