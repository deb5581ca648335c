// Runs the kernels on this machine's device over a table of cases, against the f64 oracle. One line a group of cases; fails loudly.
//
//   check FOLDER_OF_CUBINS [all|small|first] [FILTERS]
//
// The small table is for sanitizers, which are slow; with `first` it ends at the first failure. Filters are parts of the groups' names, with commas between.
#include "dropout_cases.h"
#include "gradient_cases.h"

namespace {

constexpr DType TYPES[] = {DType::F32, DType::BF16, DType::F16};

void table(Checker& c) {
  bool small = c.small;
  for (DType type : TYPES) {
    std::string of = std::string("attention ") + name(type) + ": ";
    c.group(of + "awkward sizes", [&](auto& g) {
      for (int i = 0; i < 8; i++) {
        int tokens = SIZES[i];
        if (small && tokens != 13 && tokens != 207) continue;
        for (int dim : {1, 7, 64, 80, 128, 256}) {
          if (small && dim != 80) continue;
          c.accurate(g, causal(type, tokens, dim));
          c.accurate(g, full(type, tokens, SIZES[(i + 3) % 8], dim));
        }
      }
    });
    c.group(of + "head dims", [&](auto& g) {
      for (int dim : {1, 2, 3, 7, 16, 33, 64, 65, 80, 96, 100, 128, 129, 160, 192, 193, 255, 256}) {
        if (small && dim != 3 && dim != 100 && dim != 160 && dim != 256) continue;
        for (Layout layout : {Layout::DENSE, Layout::PADDED}) {
          // Of 70 tokens the largest blocks would compute too little.
          Problem p = causal(type, !small ? 150 : dim == 160 ? 200 : 70, dim);
          p.layout = layout;
          c.accurate(g, p);
          p.dim = 257 - dim;
          c.accurate(g, p);
          Problem few = full(type, 3, small ? 150 : 700, dim);
          few.layout = layout;
          c.accurate(g, few);
        }
      }
    });
    c.group(of + "layouts", [&](auto& g) {
      for (Layout layout : {Layout::DENSE, Layout::HEADS_FIRST, Layout::FUSED, Layout::PADDED}) {
        for (int dimV : {13, 24, 64}) {
          if (small && dimV == 64) continue;
          Problem p = causal(type, small ? 65 : 207, 24);
          p.heads = {4, 2}, p.dimV = dimV, p.layout = layout;
          c.accurate(g, p);
        }
      }
    });
    c.group(of + "heads", [&](auto& g) {
      for (Heads heads : {Heads{1, 1}, {8, 8}, {8, 2}, {3, 1}, {7, 3}, {5, 4}, {9, 5}, {5, 5}, {200, 1}}) {
        if (small && heads.group() != 3 && heads.group() != 4) continue;
        Problem p = causal(type, small ? 65 : 130, 32);
        p.heads = heads;
        c.accurate(g, p);
        p = full(type, 1, 300, 32);
        p.heads = heads;
        c.accurate(g, p);
        p = full(type, 2, small ? 300 : 1025, 128);
        p.heads = heads;
        c.accurate(g, p);
      }
      // More heads for a key head than a block has queries; of the latter the second key head leaves the last block none.
      for (Heads heads : {Heads{70, 1}, {481, 2}}) {
        Problem p = full(type, 1, 40, 8);
        p.heads = heads;
        c.accurate(g, p);
      }
    });
    c.group(of + "masks", [&](auto& g) {
      int tokens = small ? 150 : 400, which = 0;
      for (const auto& slices : masks(tokens)) {
        which++;
        for (Heads heads : {Heads{1, 1}, {3, 1}}) {
          for (int dim : {20, 128}) {
            if (small && (heads.queries == 1 ? 0 : 1) + (dim == 20 ? 0 : 2) != which % 4) continue;
            Problem p = full(type, tokens, tokens, dim);
            p.heads = heads, p.slices = slices;
            c.accurate(g, p);
          }
        }
      }
    });
    c.group(of + "softcaps and scales", [&](auto& g) {
      for (float softcap : {0.f, 0.5f, 5.f, 50.f}) {
        for (float scale : {0.f, 0.3f, -0.3f}) {
          for (float deviation : {1.f, 8.f}) {
            Problem p = causal(type, small ? 65 : 207, 64);
            p.softcap = softcap, p.scale = scale, p.deviation = deviation;
            if (small && (deviation == 8.f || softcap == 5.f)) continue;
            c.accurate(g, p);
          }
        }
      }
      Problem p = causal(type, 100, 64);
      p.zeroScale = true;
      c.accurate(g, p);
    });
    c.group(of + "scores of every magnitude", [&](auto& g) {
      for (float deviation : {0.01f, 3.f, 10.f, 40.f}) {
        if (small && deviation != 10.f) continue;
        for (int dim : {64, 256}) {
          Problem p = causal(type, small ? 65 : 300, dim);
          p.deviation = deviation;
          c.accurate(g, p);
        }
      }
      // Maxima that rise from tile to tile, in every other run of eight rows, which the halves of a warp's accumulators are.
      for (int half : {0, 1}) {
        Problem p = full(type, 64, 600, 64);
        Tensors t(p);
        for (int row = 0; row < 64; row++) t.q.set(row, 0, 0, row / 8 % 2 == half ? 20.f : 0.f);
        for (int key = 0; key < 600; key++) t.k.set(key, 0, 0, float(key / 100));
        c.accurate(g, p, t, run(c.kernels, p, t));
      }
    });
    c.group(of + "accumulation in pieces", [&](auto& g) {
      for (int pieces : {2, 3, 10, 37}) {
        if (small && pieces > 3) continue;
        Problem p = causal(type, small ? 74 : 333, 48);
        p.heads = {4, 2}, p.deviation = 2;
        for (int i = 1; i < pieces; i++) p.cuts.push_back(p.keys * i / pieces);
        c.accurate(g, p);
      }
    });
    c.group(of + "scores of ten thousand, 70 pieces", [&](auto& g) {
      for (float sign : {1.f, -1.f}) {
        Problem p = full(type, 70, 300, 16);
        for (int i = 1; i < (small ? 3 : 70); i++) p.cuts.push_back(300 * i / 70);
        Tensors t(p);
        for (int row = 0; row < 70; row++) t.q.set(row, 0, 0, 200 * sign);
        for (int key = 0; key < 300; key++) t.k.set(key, 0, 0, 200 + float(key % 7) * 0.01f);
        c.accurate(g, p, t, run(c.kernels, p, t));
      }
    });
    c.group(of + "rows without a key", [&](auto& g) {
      for (int dim : {9, 128}) {
        Problem p = full(type, 150, 150, dim);
        p.slices = {Slice::full(0, 60, 0, 150), Slice::full(100, 150, 3, 4)};
        Tensors t(p);
        Result r = run(c.kernels, p, t);
        c.accurate(g, p, t, r);
        for (int row = 60; row < 100; row++) {
          const float* record = r.state.data() + row * (dim + 2);
          bool identity = record[0] == -INFINITY && record[1] == 0;
          for (int i = 0; i < dim; i++) identity &= bits_of(record[2 + i]) == 0;
          if (!identity) c.fault(g, p.text() + ": row " + std::to_string(row) + " is not the identity");
        }
      }
      for (auto [queries, keys] : {std::array<int, 2>{0, 5}, {5, 0}}) c.accurate(g, full(type, queries, keys, 4));
    });
    c.group(of + "not finite in their rows only", [&](auto& g) {
      // The largest number is finite, if hardly.
      float largest = type == DType::F32 ? std::numeric_limits<float>::max() : widen(type, type == DType::F16 ? 0x7bff : 0x7f7f);
      for (int tokens : {12, small ? 128 : 200}) {
        for (int at : {0, 3, 37, 63, 64, 129, 199}) {
          if (at >= tokens || (small && at != (tokens == 12 ? 3 : 63))) continue;
          for (float bad : {NAN, INFINITY, -INFINITY, largest}) {
            for (int where = bad == largest ? 2 : 0; where < 3; where++) {
              Problem p = causal(type, tokens, tokens == 12 ? 8 : type == DType::F32 ? 64 : 80);
              // Odd and even ones, and at both ends.
              int column = (std::isinf(bad) ? p.dim - (bad > 0 ? 2 : 3) : 0) + (tokens == 12 ? 0 : 1);
              Tensors t(p);
              Result clean = run(c.kernels, p, t);
              (where == 0 ? t.q : where == 1 ? t.k : t.v).set(at, 0, column, bad);
              Result harmed = run(c.kernels, p, t);
              size_t record = size_t(p.dimV + 2);
              for (int row = 0; row < tokens; row++) {
                bool affected = row >= at && (where != 0 || row == at);
                bool same = std::memcmp(clean.state.data() + row * record, harmed.state.data() + row * record, record * 4) == 0;
                if (!affected && !same) c.fault(g, p.text() + ": row " + std::to_string(row) + " changed with " + std::to_string(bad) + " at " + std::to_string(at));
              }
              g.cases++;
              Accuracy a = judge(p, t, harmed);
              if (!(a.outError <= a.out_bound(type))) {
                c.fault(g, p.text() + ": " + std::to_string(bad) + " in " + "qkv"[where] + " at " + std::to_string(at) + ": out error " + std::to_string(a.outError));
              }
            }
          }
        }
      }
    });
    c.group(of + "a document without a number", [&](auto& g) {
      // Of a tile with keys of two documents each thread copies values of the second one.
      Problem p = full(type, 150, 150, 80);
      p.slices = {Slice::full(0, 70, 0, 70), Slice::full(70, 150, 70, 150)};
      Tensors t(p);
      Result clean = run(c.kernels, p, t);
      for (int key = 70; key < 150; key++) {
        for (int i = 0; i < p.dimV; i++) t.v.set(key, 0, i, NAN);
      }
      Result harmed = run(c.kernels, p, t);
      g.cases++;
      if (std::memcmp(clean.state.data(), harmed.state.data(), size_t(70) * (p.dimV + 2) * 4) != 0) c.fault(g, p.text() + ": the other document changed");
    });
    c.group(of + "few queries over many keys", [&](auto& g) {
      for (int keys : {600, 1025, 3000, 20000}) {
        if (small && keys > 600) continue;
        for (int dim : {16, 64, 128, 256}) {
          Problem p = full(type, 1, keys, dim);
          p.heads = {4, 2};
          c.accurate(g, p);
          p = full(type, 3, keys, dim);
          p.dimV = 257 - dim;
          p.slices = {Slice::causal(0, 3, 0, keys)};
          c.accurate(g, p);
        }
      }
    });
    c.group(of + "few queries over scattered keys", [&](auto& g) {
      for (int queries : {6, 40}) {
        int keys = small ? 2000 : 12000;
        Problem p = full(type, queries, keys, 16);
        p.heads = {3, 2};
        p.slices = {Slice::full(0, 2, 0, keys), Slice::of(2, 4, 100, keys, -5000, 9000)};
        for (int key = 7; key + 90 < keys; key += 130) {
          int query = 4 + key % (queries - 4);
          p.slices.push_back(Slice::full(query, query + 1, key, key + 90));
          p.slices.push_back(Slice::full(4, queries, key + 90, key + 91));
        }
        c.accurate(g, p);
      }
    });
    c.group(of + "batches of decoding", [&](auto& g) {
      std::mt19937_64 random(5);
      std::vector<Slice> slices;
      int keys = 0;
      for (int query = 0; query < 40; query++) {
        int length = query % 7 == 0 ? query % 2 : 1 + int(random() % (small ? 90 : 400));
        slices.push_back(Slice::full(query, query + 1, keys, keys + length));
        keys += length;
      }
      for (Heads heads : {Heads{1, 1}, {8, 2}, {5, 1}, {3, 2}}) {
        for (int dim : {13, 64, 144}) {
          if (small && (dim == 144 || heads.queries > 3)) continue;
          Problem p = full(type, 40, keys, dim);
          p.heads = heads, p.slices.clear();
          for (const Slice& s : slices) {
            if (!s.empty()) p.slices.push_back(s);
          }
          c.accurate(g, p);
        }
      }
    });
    c.group(of + "random problems", [&](auto& g) {
      std::mt19937_64 random(17);
      auto upto = [&](int n) { return int(random() % n); };
      for (int i = 0; i < (small ? 8 : 150); i++) {
        Problem p = full(type, 1 + upto(small ? 100 : 300), 1 + upto(small ? 200 : 900), 1 + upto(256));
        p.dimV = 1 + upto(256);
        p.heads.keys = 1 + upto(4), p.heads.queries = p.heads.keys + upto(9);
        p.layout = Layout(upto(4)), p.seed = random(), p.softcap = upto(4) == 0 ? 3.f : 0.f;
        randomize_slices(p, random, 1200);
        c.accurate(g, p);
      }
    });
    c.group(of + "same bits every time", [&](auto& g) {
      for (int dim : {64, 128}) {
        for (int64_t queries : {1, 300}) {
          if (small && (queries == 1) == (dim == 64)) continue;
          Problem p = full(type, queries, small ? 200 : 5000, dim);
          p.heads = {4, 2};
          Tensors t(p);
          Result first = run(c.kernels, p, t);
          for (int i = 0; i < (small ? 1 : 3); i++) {
            g.cases++;
            Result again = run(c.kernels, p, t);
            if (std::memcmp(first.state.data(), again.state.data(), first.state.size() * 4) != 0) c.fault(g, p.text() + ": other bits");
          }
        }
      }
    });
  }
}

// One record: max, sum, and what its outputs start from.
struct Entry {
  float max, sum, out;

  std::vector<float> record(int dimV) const {
    std::vector<float> r{max, sum};
    for (int i = 0; i < dimV; i++) r.push_back(sum == 0 ? 0 : out + float(i));
    return r;
  }
};

void merges(Checker& c) {
  constexpr int DIM_V = 21;
  auto merged = [&](const std::vector<float>& a, const std::vector<float>& b) {
    Memory into(a), from(b);
    c.kernels.merge(into.address(), from.address(), int64_t(a.size() / (DIM_V + 2)), DIM_V);
    Driver::get().synchronize();
    return into.content<float>();
  };
  auto together = [](const std::vector<Entry>& entries) {
    std::vector<float> all;
    for (const Entry& e : entries) {
      auto r = e.record(DIM_V);
      all.insert(all.end(), r.begin(), r.end());
    }
    return all;
  };
  c.group("merge: maxima far apart, random", [&](auto& g) {
    std::vector<Entry> a, b;
    for (float distance : {0.f, 1e-3f, 1.f, 20.f, 87.f, 88.f, 89.f, 103.f, 120.f, 1e4f, 3e38f}) {
      for (float base : {0.f, 88.f, -1e4f, 1e4f}) {
        a.push_back({base, 1.5f, 3}), b.push_back({base - distance, 700, -8});
        a.push_back({base - distance, 1, 3}), b.push_back({base, 1e7f, -8});
      }
    }
    std::mt19937_64 random(11);
    std::normal_distribution<float> normal(0, 10);
    for (int i = 0; i < 300; i++) {
      auto unit = [&] { return float(random() % 10000) / 10000; };
      a.push_back({normal(random), 1 + unit() * 100, unit()}), b.push_back({normal(random), 1 + unit() * 100, unit()});
    }
    std::vector<float> x = together(a), y = together(b), m = merged(x, y), swapped = merged(y, x);
    if (std::memcmp(m.data(), swapped.data(), m.size() * 4) != 0) c.fault(g, "swapped operands give other bits");
    for (size_t i = 0; i < a.size(); i++) {
      const float *ra = x.data() + i * (DIM_V + 2), *rb = y.data() + i * (DIM_V + 2), *rm = m.data() + i * (DIM_V + 2);
      double max = std::max(ra[0], rb[0]), wa = ra[1] * std::exp(ra[0] - max), wb = rb[1] * std::exp(rb[0] - max), sum = wa + wb;
      bool good = rm[0] == float(max) && std::fabs(rm[1] - sum) <= sum * 0x1p-22;
      for (int j = 2; j < DIM_V + 2; j++) {
        double out = (wa * ra[j] + wb * rb[j]) / sum;
        good &= std::fabs(rm[j] - out) <= std::max(std::fabs(ra[j]), std::fabs(rb[j])) * 0x1p-21;
      }
      g.cases++;
      if (!good) c.fault(g, "entry " + std::to_string(i) + " is off: max " + std::to_string(ra[0]) + " and " + std::to_string(rb[0]));
    }
  });
  c.group("merge: the empty state is the identity", [&](auto& g) {
    Entry empty{-INFINITY, 0, 0};
    for (Entry e : {empty, Entry{3.3f, 1.7f, 0.1f}, {-1e4f, 1, 7}, {1e38f, 3, 9}}) {
      auto r = together({e}), z = together({empty});
      g.cases++;
      if (std::memcmp(merged(r, z).data(), r.data(), r.size() * 4) != 0 || std::memcmp(merged(z, r).data(), r.data(), r.size() * 4) != 0) c.fault(g, "changed");
    }
  });
  c.group("merge: what is not a number stays so", [&](auto& g) {
    Entry bad{-INFINITY, NAN, NAN};
    for (Entry e : {Entry{1, 1, 1}, {-INFINITY, 0, 0}}) {
      g.cases++;
      if (!std::isnan(merged(together({bad}), together({e}))[2]) || !std::isnan(merged(together({e}), together({bad}))[2])) c.fault(g, "vanished");
    }
  });
  c.group("merge: sinks", [&](auto& g) {
    // The same as a merge with records of one key each.
    std::vector<float> logits{0.5f, -INFINITY, 30, NAN, -40, INFINITY, 0};
    std::vector<Entry> entries, sinks;
    for (int row = 0; row < 6; row++) {
      for (float logit : logits) {
        entries.push_back(row % 3 == 0 ? Entry{-INFINITY, 0, 0} : Entry{float(row * row) - 5, 1 + float(row), logit < 0 ? 7.f : -2.5f});
        sinks.push_back({logit, logit == -INFINITY ? 0.f : 1.f, 0});
      }
    }
    std::vector<float> others = together(sinks), records = together(entries);
    for (size_t i = 0; i < others.size(); i++) {
      if (i % (DIM_V + 2) > 1) others[i] = 0;
    }
    Memory into(records), scores(logits);
    c.kernels.sink(into.address(), scores.address(), int64_t(entries.size()), int(logits.size()), DIM_V);
    Driver::get().synchronize();
    std::vector<float> actual = into.content<float>(), expected = merged(records, others);
    for (size_t i = 0; i < actual.size(); i++) {
      bool same = bits_of(actual[i]) == bits_of(expected[i]) || (std::isnan(actual[i]) && std::isnan(expected[i]));
      if (!same) c.fault(g, "record " + std::to_string(i / (DIM_V + 2)) + ", float " + std::to_string(i % (DIM_V + 2)) + " is off");
    }
    g.cases++;
  });
}

// More records than the grid takes at a time, so that its warps go round.
void many_states(Checker& c) {
  c.group("merge: records for some rounds of the grid", [&](auto& g) {
    constexpr int HEADS = 3, LENGTH = 3;
    constexpr int64_t ROWS = 61, RECORDS = ROWS * HEADS;
    c.kernels.mostBlocks = 2;
    Memory state(RECORDS * LENGTH * 4), scores(std::vector<float>{1, 2, 3});
    std::vector<float> keys(RECORDS * LENGTH, 1);
    for (int64_t i = 0; i < RECORDS; i++) keys[i * LENGTH + 2] = float(i);
    Memory from(keys);
    c.kernels.clear(state.address(), RECORDS, 1);
    c.kernels.merge(state.address(), from.address(), RECORDS, 1);
    c.kernels.sink(state.address(), scores.address(), RECORDS, HEADS, 1);
    HostTensor out(DType::F32, ROWS, HEADS, 1, Layout::DENSE), lse(DType::F32, ROWS, HEADS, 1, Layout::DENSE);
    Twin a(out), b(lse);
    c.kernels.finish(DType::F32, state.address(), a.on(), b.on(), ROWS, HEADS);
    Driver::get().synchronize();
    c.kernels.mostBlocks = Kernels::MOST_BLOCKS;
    g.cases++;
    const HostTensor &outs = a.fetch(), &lses = b.fetch();
    for (int64_t i = 0; i < RECORDS; i++) {
      double sum = std::exp(1.) + std::exp(double(i % HEADS) + 1);
      bool good = std::fabs(outs.get(i / HEADS, int(i % HEADS), 0) - std::exp(1.) / sum * double(i)) <= double(i) * 0x1p-21;
      good &= std::fabs(lses.get(i / HEADS, int(i % HEADS), 0) - std::log(sum)) <= 4 * 0x1p-22;
      if (!good) c.fault(g, "record " + std::to_string(i) + " is off");
    }
  });
}

// Rows that lie more than 2^32 bytes apart.
void far_rows(Checker& c) {
  int64_t stride = int64_t(1) << 28;
  int64_t rows = 40;
  size_t needed = size_t(stride) * 2 * (rows - 1) + 4096;
  if (c.small || Driver::get().free_memory() < needed + (size_t(1) << 30)) {
    std::printf("     offsets beyond 32 bits: left out, they need %zu GiB\n", needed >> 30);
    return;
  }
  c.group("offsets beyond 32 bits", [&](auto& g) {
    for (int queries : {3, 40}) {
      Problem p = full(DType::F16, queries, rows, 64);
      Tensors t(p);
      Result near = run(c.kernels, p, t);
      Memory far(needed), q(t.q.memory), v(t.v.memory);
      for (int64_t row = 0; row < rows; row++) far.put(t.k.memory.data() + row * 128, 128, size_t(row * stride * 2));
      Memory state(size_t(queries) * 66 * 4);
      c.kernels.clear(state.address(), queries, 64);
      Operands operands{p.type, t.q.on(q), {far.address(), stride, 64, 64}, t.v.on(v), p.queries, p.heads, p.real_scale(), 0};
      Attention(c.kernels, operands, p.slices).run(state.address());
      Driver::get().synchronize();
      g.cases++;
      if (state.content<float>() != near.state) c.fault(g, "other results");
    }
  });
}

}  // namespace

#ifdef EMULATION_ADDRESS_SANITIZER
// The stacks of fibers are not looked through, so that what is only known there would be called leaked.
extern "C" __attribute__((visibility("default"))) const char* __asan_default_options() { return "detect_leaks=0"; }
#endif

int main(int count, char** arguments) {
  if (count < 2) fail("usage: check FOLDER_OF_CUBINS [all|small] [FILTER]");
  Kernels kernels(arguments[1]);
  std::string size = count > 2 ? arguments[2] : "all";
  Checker checker{kernels, size != "all", size == "first", count > 3 ? arguments[3] : ""};
  std::printf("device: %s, compute capability %d\n", Driver::get().name().c_str(), Driver::get().capability());
  table(checker);
  random_numbers(checker);
  for (DType type : TYPES) dropout_table(checker, type);
  for (DType type : TYPES) gradient_table(checker, type);
  for (DType type : TYPES) gradients_with_dropout(checker, type);
  merges(checker);
  many_states(checker);
  far_rows(checker);
  std::printf(checker.failures == 0 ? "all cases hold\n" : "%d FAILURES\n", checker.failures);
  return checker.failures == 0 ? 0 : 1;
}
