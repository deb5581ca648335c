// The table of dropout of one element type; see check.cpp.
#pragma once

#include "checker.h"

#define __device__
#define __forceinline__ inline
#include "philox.cuh"
#undef __device__
#undef __forceinline__

namespace {

// Of Random123, kat_vectors: counter and key, random words.
struct KnownAnswer {
  uint32_t words[4], key[2], answer[4];
};

constexpr KnownAnswer KNOWN_ANSWERS[] = {
    {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {{~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}, {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}}};

// The kernels' generator, as this compiler has it, and the one that judges them.
void random_numbers(Checker& c) {
  c.group("dropout: known answers", [&](auto& g) {
    for (const KnownAnswer& known : KNOWN_ANSWERS) {
      KnownAnswer a = known, b = known;
      ringwood::philox(a.words, a.key[0] | uint64_t(a.key[1]) << 32);
      Dropping::philox(b.words, b.key[0], b.key[1]);
      g.cases++;
      if (std::memcmp(a.words, known.answer, 16) != 0) c.fault(g, "the kernels' generator gives other numbers");
      if (std::memcmp(b.words, known.answer, 16) != 0) c.fault(g, "the judge's generator gives other numbers");
    }
  });
}

// Positions that no eight keys of a counter begin with, apart and beyond 32 bits.
inline Dropping scattered(uint32_t threshold, int64_t queries, int64_t keys, int64_t run) {
  Dropping d;
  d.threshold = threshold, d.seed = 0x9876543210fedcba, d.firstHead = 5;
  d.queries = in_runs(queries, (int64_t(1) << 32) - 3, 7, 3);
  d.keys = in_runs(keys, (int64_t(1) << 35) - 29, run, run % 2 == 0 ? 11 : 8);
  return d;
}

// Values that are the rows of a unit matrix make an output of the weights, so that its zeros are the mask.
void judge_mask(Checker& c, Checker::Group& g, const Problem& p) {
  Tensors t(p);
  for (int64_t key = 0; key < p.keys; key++) {
    for (int head = 0; head < p.heads.keys; head++) {
      for (int i = 0; i < p.dimV; i++) t.v.set(key, head, i, i == key ? 1.f : 0.f);
    }
  }
  Result r = run(c.kernels, p, t);
  c.accurate(g, p, t, r);
  for (int64_t row = 0; row < p.queries; row++) {
    for (int head = 0; head < p.heads.queries; head++) {
      for (auto [from, to] : p.runs(row)) {
        for (int64_t key = from; key < to; key++) {
          bool kept = r.out.get(row, head, int(key)) != 0;
          if (kept != (p.dropping.factor(head, row, key) != 0)) {
            c.fault(g, p.text() + ": row " + std::to_string(row) + ", head " + std::to_string(head) + ", key " + std::to_string(key) + (kept ? " is kept" : " is dropped"));
          }
        }
      }
    }
  }
}

void dropout_table(Checker& c, DType type) {
  bool small = c.small;
  std::string of = std::string("attention ") + name(type) + ": dropout, ";
  c.group(of + "which weights", [&](auto& g) {
    for (int64_t queries : {1, 3, 150}) {
      for (int64_t run : {1, 5, 8, 64, 1000}) {
        if (small && (queries == 3 || (run != 64 && run != (queries == 1 ? 1 : 5)))) continue;
        for (int dim : {16, 128, 256}) {
          if (small && dim == 16) continue;
          int keys = dim == 16 ? 61 : dim == 128 ? 125 : small ? 150 : 256;
          Problem p = full(type, queries, keys, 16);
          p.dimV = keys;
          p.heads = {3, 2}, p.deviation = 0.5f;
          p.dropping = scattered(30000, queries, keys, run);
          judge_mask(c, g, p);
        }
      }
    }
  });
  c.group(of + "rates", [&](auto& g) {
    for (uint32_t threshold : {1u, 6554u, 32768u, 65535u}) {
      for (int64_t queries : {2, 207}) {
        if (small && (queries == 2) == (threshold == 65535)) continue;
        Problem p = full(type, queries, 207, 64);
        p.heads = {4, 2}, p.dropping.threshold = threshold, p.dropping.seed = 7;
        c.accurate(g, p);
      }
    }
  });
  c.group(of + "masks and heads", [&](auto& g) {
    int tokens = small ? 150 : 400, which = 0;
    for (const auto& slices : masks(tokens)) {
      which++;
      for (int dim : {20, 128, 200}) {
        if (small && dim / 20 * 2 % 9 != which % 3) continue;
        Problem p = full(type, tokens, tokens, dim);
        p.heads = dim == 20 ? Heads{1, 1} : Heads{7, 3}, p.slices = slices, p.dimV = dim == 20 ? 33 : dim - 7;
        p.dropping = scattered(13000, tokens, tokens, 13 * which);
        c.accurate(g, p);
      }
    }
  });
  c.group(of + "few queries over many keys, in pieces", [&](auto& g) {
    for (int keys : {600, 3000, 20000}) {
      if (small && keys > 600) continue;
      for (int dim : {16, 128, 256}) {
        Problem p = full(type, 1, keys, dim);
        p.heads = {4, 2}, p.dropping = scattered(20000, 1, keys, 40);
        c.accurate(g, p);
        p = full(type, 3, keys, dim);
        p.dimV = 257 - dim, p.softcap = 5, p.cuts = {keys / 3 + 1};
        p.dropping.threshold = 6554, p.dropping.seed = 3;
        c.accurate(g, p);
      }
    }
  });
  c.group(of + "infinities of dropped weights", [&](auto& g) {
    for (int tokens : {12, small ? 128 : 200}) {
      for (float bad : {NAN, INFINITY, -INFINITY}) {
        Problem p = causal(type, tokens, 64);
        p.dropping.threshold = 32768, p.dropping.seed = 11;
        Tensors t(p);
        t.v.set(tokens / 3, 0, 5, bad);
        c.accurate(g, p, t, run(c.kernels, p, t));
      }
    }
  });
  c.group(of + "random problems", [&](auto& g) {
    std::mt19937_64 random(29);
    auto upto = [&](int n) { return int(random() % n); };
    for (int i = 0; i < (small ? 4 : 80); i++) {
      Problem p = full(type, 1 + upto(small ? 100 : 300), 1 + upto(small ? 200 : 900), 1 + upto(256));
      p.dimV = 1 + upto(256);
      p.heads.keys = 1 + upto(4), p.heads.queries = p.heads.keys + upto(9);
      p.layout = Layout(upto(4)), p.seed = random(), p.softcap = upto(4) == 0 ? 3.f : 0.f;
      randomize_slices(p, random, 1200);
      p.dropping = scattered(1 + uint32_t(upto(65535)), p.queries, p.keys, 1 + upto(100));
      p.dropping.seed = random();
      c.accurate(g, p);
    }
  });
}

}  // namespace
