// Lowers slices of rows to what a launch is told: blocks of rows, runs of keys, pieces, and where units are few, shares of their keys.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "call.cuh"

using ringwood::BlockShape;
using ringwood::KeyRun;
using ringwood::Part;
using ringwood::Piece;
using ringwood::RowBlock;
using ringwood::Split;

// org.ringwood.kernels.Slice
struct Slice {
  int64_t qFrom, qTo, kFrom, kTo, lowest, highest;

  static Slice of(int64_t qFrom, int64_t qTo, int64_t kFrom, int64_t kTo, int64_t lowest, int64_t highest) {
    for (int round = 0; round < 2 && qFrom < qTo && kFrom < kTo && lowest <= highest; round++) {
      lowest = std::max(lowest, kFrom - (qTo - 1));
      highest = std::min(highest, kTo - 1 - qFrom);
      qFrom = std::max(qFrom, kFrom - highest);
      qTo = std::min(qTo, kTo - lowest);
      kFrom = std::max(kFrom, qFrom + lowest);
      kTo = std::min(kTo, qTo + highest);
    }
    if (qFrom >= qTo || kFrom >= kTo || lowest > highest) return {0, 0, 0, 0, 0, -1};
    return {qFrom, qTo, kFrom, kTo, lowest, highest};
  }

  static Slice full(int64_t qFrom, int64_t qTo, int64_t kFrom, int64_t kTo) { return of(qFrom, qTo, kFrom, kTo, kFrom - qTo + 1, kTo - 1 - qFrom); }
  static Slice causal(int64_t qFrom, int64_t qTo, int64_t kFrom, int64_t kTo) { return of(qFrom, qTo, kFrom, kTo, kFrom - qTo + 1, kTo - qTo); }

  bool empty() const { return qFrom == qTo; }
  bool admits(int64_t q, int64_t k) const { return q >= qFrom && q < qTo && k >= kFrom && k < kTo && k - q >= lowest && k - q <= highest; }

  Slice transposed() const { return of(kFrom, kTo, qFrom, qTo, -highest, -lowest); }

  int64_t area() const {
    int64_t pairs = 0;
    for (int64_t q = qFrom; q < qTo; q++) pairs += std::min(kTo, q + highest + 1) - std::max(kFrom, q + lowest);
    return pairs;
  }

  Slice clip(int64_t q0, int64_t q1, int64_t k0, int64_t k1) const {
    return of(std::max(qFrom, q0), std::min(qTo, q1), std::max(kFrom, k0), std::min(kTo, k1), lowest, highest);
  }
};

struct Heads {
  int queries, keys;
  int group() const { return (queries + keys - 1) / keys; }
};

struct Plan {
  BlockShape shape;
  int headsPerUnit, unitsPerKeyHead, rowsPerBlock;
  std::vector<RowBlock> blocks;
  std::vector<KeyRun> runs;
  std::vector<Piece> pieces;
  // If units are split:
  std::vector<Part> parts;
  std::vector<int32_t> shares;
  std::vector<Split> splits;
  int slots = 0;

  Plan(const std::vector<Slice>& slices, int64_t rows, Heads heads, const BlockShape& shape, int residentBlocks) : shape(shape) {
    unitsPerKeyHead = (heads.group() + shape.queries - 1) / shape.queries;
    headsPerUnit = (heads.group() + unitsPerKeyHead - 1) / unitsPerKeyHead;
    rowsPerBlock = shape.queries / headsPerUnit;
    for (int64_t row = 0; row < rows; row += rowsPerBlock) add_block(slices, row, std::min(rows, row + rowsPerBlock));
    if (units(heads) < residentBlocks) split(heads, residentBlocks);
  }

  // Admitted pairs in parts of those that the tiles span.
  double fill(const std::vector<Slice>& slices, Heads heads) const {
    double admitted = 0, spanned = 0;
    for (const Slice& slice : slices) admitted += double(slice.area()) * heads.queries;
    for (const KeyRun& run : runs) spanned += double(tiles(run)) * shape.keys * shape.queries * heads.keys * unitsPerKeyHead;
    return spanned == 0 ? 1 : admitted / spanned;
  }

  bool is_split() const { return !shares.empty(); }
  int64_t units(Heads heads) const { return int64_t(blocks.size()) * heads.keys * unitsPerKeyHead; }

 private:
  static constexpr int64_t LONGEST_RUN = 1 << 30;
  // Every tile of a run looks at all its pieces: with more than so many, the run is cut into its tiles.
  static constexpr size_t MOST_PIECES = 8;
  // A share of fewer tiles is not worth the merge.
  static constexpr int FEWEST_TILES = 2;

  void add_block(const std::vector<Slice>& slices, int64_t rowFrom, int64_t rowTo) {
    std::vector<Slice> here;
    for (const Slice& slice : slices) {
      Slice part = slice.clip(rowFrom, rowTo, slice.kFrom, slice.kTo);
      if (!part.empty()) here.push_back(part);
    }
    std::sort(here.begin(), here.end(), [](const Slice& a, const Slice& b) { return a.kFrom < b.kFrom; });
    int first = int(runs.size());
    for (size_t i = 0; i < here.size();) {
      int64_t from = here[i].kFrom, to = here[i].kTo;
      size_t end = i + 1;
      while (end < here.size() && here[end].kFrom <= to) to = std::max(to, here[end++].kTo);
      int64_t step = end - i > MOST_PIECES ? shape.keys : LONGEST_RUN / shape.keys * shape.keys;
      for (int64_t at = from; at < to; at += step) {
        add_run(std::vector<Slice>(here.begin() + i, here.begin() + end), rowFrom, rowTo, at, std::min(to, at + step));
      }
      i = end;
    }
    blocks.push_back({first, int(runs.size())});
  }

  void add_run(const std::vector<Slice>& slices, int64_t rowFrom, int64_t rowTo, int64_t from, int64_t to) {
    KeyRun run{from, int32_t(to - from), int32_t(pieces.size()), 0, 0};
    for (const Slice& slice : slices) {
      Slice s = slice.clip(rowFrom, rowTo, from, to);
      if (s.empty()) continue;
      pieces.push_back({int32_t(s.qFrom - rowFrom), int32_t(s.qTo - rowFrom), int32_t(s.kFrom - from), int32_t(s.kTo - from),
                        int32_t(s.lowest - from + rowFrom), int32_t(s.highest - from + rowFrom)});
    }
    run.endPiece = int32_t(pieces.size());
    if (run.firstPiece < run.endPiece) runs.push_back(run);
  }

  int tiles(const KeyRun& run) const { return (run.count + shape.keys - 1) / shape.keys; }

  // Stream-K: the tiles of all units in one row, cut into equal shares, one for each resident block.
  void split(Heads heads, int residentBlocks) {
    int64_t perHead = 0;
    for (const RowBlock& block : blocks) {
      for (int r = block.firstRun; r < block.endRun; r++) perHead += tiles(runs[r]);
    }
    int64_t total = perHead * heads.keys * unitsPerKeyHead;
    int64_t count = std::max<int64_t>(1, std::min<int64_t>(residentBlocks, total / FEWEST_TILES));
    shares.push_back(0);
    int64_t done = 0;
    auto share_end = [&] { return total * int64_t(shares.size()) / count; };
    for (int unit = 0; unit < heads.keys * unitsPerKeyHead; unit++) {
      for (int b = 0; b < int(blocks.size()); b++) {
        int firstPart = int(parts.size());
        for (int r = blocks[b].firstRun; r < blocks[b].endRun; r++) {
          int all = tiles(runs[r]);
          for (int at = 0; at < all;) {
            while (done == share_end() && int64_t(shares.size()) < count) shares.push_back(int32_t(parts.size()));
            int take = int(std::min<int64_t>(all - at, share_end() - done));
            bool continues = int(parts.size()) > firstPart && int(parts.size()) > shares.back();
            if (continues) {
              parts.back().tiles += take;
            } else {
              parts.push_back({b, unit, r, at * shape.keys, take, -1});
            }
            at += take;
            done += take;
          }
        }
        int count = int(parts.size()) - firstPart;
        if (count > 1) {
          splits.push_back({b, unit, slots, slots + count});
          for (int i = firstPart; i < int(parts.size()); i++) parts[i].slot = slots++;
        }
      }
    }
    shares.push_back(int32_t(parts.size()));
  }
};
