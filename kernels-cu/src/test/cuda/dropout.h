// Dropout as it is documented (docs/training.md), without a thought of speed; and what kernels are told of positions.
#pragma once

#include <cstdint>
#include <numeric>
#include <vector>

struct Dropping {
  uint32_t threshold = 0;  // 0: none
  uint64_t seed = 0;
  int firstHead = 0;
  std::vector<int64_t> queries, keys;  // positions of rows; from 0 on if there are none

  bool any() const { return threshold != 0; }
  double scale() const { return 65536. / (65536 - threshold); }

  // Philox4x32-10, round after round as in the paper.
  static void philox(uint32_t (&w)[4], uint32_t key0, uint32_t key1) {
    for (int round = 0; round < 10; round++, key0 += 0x9E3779B9, key1 += 0xBB67AE85) {
      unsigned __int128 a = static_cast<unsigned __int128>(0xD2511F53) * w[0], b = static_cast<unsigned __int128>(0xCD9E8D57) * w[2];
      uint32_t next[4] = {uint32_t(b >> 32) ^ w[1] ^ key0, uint32_t(b), uint32_t(a >> 32) ^ w[3] ^ key1, uint32_t(a)};
      for (int i = 0; i < 4; i++) w[i] = next[i];
    }
  }

  bool keeps(int head, int64_t query, int64_t key) const {
    int64_t block = key / 8, whole = int64_t(1) << 32;
    uint32_t w[4] = {uint32_t(block % whole), uint32_t(query % whole), uint32_t(block / whole + 65536 * (query / whole)), uint32_t(firstHead + head)};
    philox(w, uint32_t(seed), uint32_t(seed >> 32));
    return w[key % 8 / 2] / (key % 2 == 0 ? 1 : 65536) % 65536 >= threshold;
  }

  // What the weight of two rows is multiplied by.
  double factor(int head, int64_t queryRow, int64_t keyRow) const {
    if (!any()) return 1;
    return keeps(head, queries.empty() ? queryRow : queries[size_t(queryRow)], keys.empty() ? keyRow : keys[size_t(keyRow)]) ? scale() : 0;
  }

  // A word for each of `rows` rows, as call.cuh wants it.
  static std::vector<uint64_t> words(const std::vector<int64_t>& positions, int64_t rows) {
    std::vector<int64_t> at(positions);
    if (at.empty()) {
      at.resize(size_t(rows));
      std::iota(at.begin(), at.end(), 0);
    }
    std::vector<uint64_t> words(at.size());
    uint64_t together = 0;
    for (size_t i = at.size(); i-- > 0;) {
      bool joins = i + 1 < at.size() && at[i] + 1 == at[i + 1];
      together = joins && together < 65535 ? together + 1 : joins ? together : 1;
      words[i] = uint64_t(at[i]) | together << 48;
    }
    return words;
  }
};

// Positions of so many rows in runs of `run`, each `gap` behind the end of the one before.
inline std::vector<int64_t> in_runs(int64_t rows, int64_t first, int64_t run, int64_t gap) {
  std::vector<int64_t> positions;
  for (int64_t row = 0; row < rows; row++) positions.push_back(first + row / run * (run + gap) + row % run);
  return positions;
}
