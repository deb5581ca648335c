// Random attention problems and their judge: the f64 oracle and the bound of org.ringwood.kernels.scalar, for C++.
#pragma once

#include <atomic>
#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <thread>

#include "dropout.h"
#include "kernels.h"

// --- 16-bit numbers ---

inline uint32_t bits_of(float x) {
  uint32_t u;
  std::memcpy(&u, &x, 4);
  return u;
}

inline float float_of(uint32_t u) {
  float x;
  std::memcpy(&x, &u, 4);
  return x;
}

inline float widen(DType type, uint16_t h) {
  if (type == DType::BF16) return float_of(uint32_t(h) << 16);
  uint32_t sign = uint32_t(h & 0x8000) << 16, exponent = h >> 10 & 31, fraction = h & 1023;
  if (exponent == 31) return float_of(sign | 0x7f800000u | fraction << 13);
  float magnitude = exponent == 0 ? std::ldexp(float(fraction), -24) : std::ldexp(float(1024 + fraction), int(exponent) - 25);
  return sign ? -magnitude : magnitude;
}

// To the nearest, ties to even.
inline uint16_t narrow(DType type, float x) {
  uint32_t u = bits_of(x);
  if (type == DType::BF16) return std::isnan(x) ? uint16_t(u >> 16 | 0x40) : uint16_t((u + 0x7fff + (u >> 16 & 1)) >> 16);
  uint16_t sign = uint16_t(u >> 16 & 0x8000);
  if (std::isnan(x)) return sign | 0x7e00;
  double magnitude = std::fabs(double(x));
  if (magnitude >= 65520) return sign | 0x7c00;
  int exponent = magnitude < 0x1p-14 ? -14 : std::ilogb(magnitude);
  double steps = std::nearbyint(std::ldexp(magnitude, 10 - exponent));
  // A carry out of the fraction is a carry into the exponent.
  return magnitude < 0x1p-14 ? uint16_t(sign | uint16_t(steps)) : uint16_t(sign | (uint16_t((exponent + 15) << 10) + uint16_t(steps - 1024)));
}

// --- tensors ---

enum class Layout { DENSE, HEADS_FIRST, FUSED, PADDED };

struct HostTensor {
  DType type;
  int64_t tokens;
  int heads, dim;
  int64_t tokenStride, headStride, start;
  std::vector<uint8_t> memory;

  HostTensor(DType type, int64_t tokens, int heads, int dim, Layout layout) : type(type), tokens(tokens), heads(heads), dim(dim), start(0) {
    switch (layout) {
      case Layout::DENSE: tokenStride = int64_t(heads) * dim, headStride = dim; break;
      case Layout::HEADS_FIRST: tokenStride = dim, headStride = tokens * dim; break;
      case Layout::FUSED: tokenStride = 3LL * heads * dim, headStride = dim, start = int64_t(heads) * dim; break;
      case Layout::PADDED: tokenStride = (int64_t(heads) * (dim + 7) / 8 * 8 + 15) / 8 * 8, headStride = (dim + 7) / 8 * 8, tokenStride = headStride * heads + 8; break;
    }
    int64_t elements = tokens == 0 ? 0 : start + (tokens - 1) * tokenStride + (heads - 1) * headStride + dim;
    // What lies between the elements must not be looked at: it is not a number.
    memory.assign(size_t(elements) * bytes(type), 0xff);
  }

  size_t at(int64_t token, int head, int i) const { return size_t(start + token * tokenStride + head * headStride + i) * bytes(type); }

  float get(int64_t token, int head, int i) const {
    const uint8_t* p = memory.data() + at(token, head, i);
    if (type == DType::F32) {
      float x;
      std::memcpy(&x, p, 4);
      return x;
    }
    uint16_t h;
    std::memcpy(&h, p, 2);
    return widen(type, h);
  }

  void set(int64_t token, int head, int i, float x) {
    uint8_t* p = memory.data() + at(token, head, i);
    if (type == DType::F32) {
      std::memcpy(p, &x, 4);
    } else {
      uint16_t h = narrow(type, x);
      std::memcpy(p, &h, 2);
    }
  }

  // All elements, without gaps.
  std::vector<float> flat() const {
    std::vector<float> values(size_t(tokens) * heads * dim);
    size_t i = 0;
    for (int64_t token = 0; token < tokens; token++) {
      for (int h = 0; h < heads; h++) {
        for (int d = 0; d < dim; d++) values[i++] = get(token, h, d);
      }
    }
    return values;
  }

  void randomize(std::mt19937_64& random, float deviation) {
    std::normal_distribution<float> normal(0, deviation);
    for (int64_t t = 0; t < tokens; t++) {
      for (int h = 0; h < heads; h++) {
        for (int i = 0; i < dim; i++) set(t, h, i, normal(random));
      }
    }
  }

  DeviceTensor on(const Memory& device) const { return {device.address() + start * bytes(type), tokenStride, headStride, dim}; }
};

struct Problem {
  DType type = DType::F32;
  int64_t queries = 1, keys = 1;
  Heads heads{1, 1};
  int dim = 64, dimV = 64;
  Layout layout = Layout::DENSE;
  std::vector<Slice> slices;
  float softcap = 0, deviation = 1, scale = 0;  // scale 0: 1/sqrt(dim)
  bool zeroScale = false;
  uint64_t seed = 42;
  std::vector<int64_t> cuts;  // keys are attended in pieces, cut here, the last one first
  Dropping dropping;

  std::string text() const {
    static const char* layouts[] = {"dense", "heads first", "fused", "padded"};
    return std::string(name(type)) + " " + std::to_string(queries) + "x" + std::to_string(keys) + " heads " + std::to_string(heads.queries) + "/" +
           std::to_string(heads.keys) + " dim " + std::to_string(dim) + "/" + std::to_string(dimV) + " " + layouts[int(layout)] + " slices " +
           std::to_string(slices.size()) + " softcap " + std::to_string(softcap) + " deviation " + std::to_string(deviation) + " scale " +
           std::to_string(real_scale()) + " pieces " + std::to_string(cuts.size() + 1) + " seed " + std::to_string(seed) +
           (dropping.any() ? " threshold of dropout " + std::to_string(dropping.threshold) + " seed " + std::to_string(dropping.seed) : "");
  }

  float real_scale() const { return zeroScale ? 0.f : scale != 0 ? scale : float(1 / std::sqrt(double(dim))); }
  // What is admitted of the keys [from, to), which are counted from the first of them.
  std::vector<Slice> slices_of_keys(int64_t from, int64_t to) const {
    std::vector<Slice> some;
    for (const Slice& s : slices) {
      Slice c = s.clip(0, queries, from, to);
      if (!c.empty()) some.push_back({c.qFrom, c.qTo, c.kFrom - from, c.kTo - from, c.lowest - from, c.highest - from});
    }
    return some;
  }

  // Keys that a row admits, from the first on.
  std::vector<std::pair<int64_t, int64_t>> runs(int64_t row) const {
    std::vector<std::pair<int64_t, int64_t>> runs;
    for (const Slice& s : slices) {
      if (row >= s.qFrom && row < s.qTo) runs.push_back({std::max(s.kFrom, row + s.lowest), std::min(s.kTo, row + s.highest + 1)});
    }
    std::sort(runs.begin(), runs.end());
    return runs;
  }

  int key_head(int head) const { return int(int64_t(head) * heads.keys / heads.queries); }
};

// Disjoint slices at random, each with rows of its own, and gaps; the diagonals are within so many of the corner. Sometimes the keys come in two pieces.
inline void randomize_slices(Problem& p, std::mt19937_64& random, int diagonals) {
  auto upto = [&](int n) { return int(random() % n); };
  p.slices.clear();
  int64_t rows = 0;
  while (rows < p.queries) {
    int64_t to = std::min<int64_t>(p.queries, rows + 1 + upto(200));
    int64_t from = upto(int(p.keys)), end = from + 1 + upto(int(p.keys - from));
    Slice s = Slice::of(rows, to, from, end, -upto(diagonals) + from - rows, upto(diagonals) + from - rows);
    if (!s.empty()) p.slices.push_back(s);
    rows = to + (upto(3) == 0 ? upto(20) : 0);
  }
  if (upto(3) == 0) p.cuts = {1 + upto(int(p.keys))};
}

struct Tensors {
  HostTensor q, k, v;

  explicit Tensors(const Problem& p)
      : q(p.type, p.queries, p.heads.queries, p.dim, p.layout), k(p.type, p.keys, p.heads.keys, p.dim, p.layout), v(p.type, p.keys, p.heads.keys, p.dimV, p.layout) {
    std::mt19937_64 random(p.seed);
    q.randomize(random, p.deviation);
    k.randomize(random, p.deviation);
    v.randomize(random, 1);
  }
};

// Dropout of a problem, with what kernels are told of positions.
struct PlacedDropping {
  const Dropping& dropping;
  Memory queries, keys;

  explicit PlacedDropping(const Problem& p)
      : dropping(p.dropping),
        queries(Dropping::words(p.dropping.queries, p.dropping.any() ? p.queries : 0)),
        keys(Dropping::words(p.dropping.keys, p.dropping.any() ? p.keys : 0)) {}

  // For the keys from some on.
  ringwood::Dropout from(int64_t key) const {
    if (!dropping.any()) return {};
    return {queries.address(), keys.address() + uint64_t(key) * 8, dropping.seed, dropping.firstHead, dropping.threshold, float(dropping.scale()), 0};
  }
};

struct Result {
  HostTensor out, lse;
  std::vector<float> state;
};

// Every call on tensors of their own allocation, so that a sanitizer sees each overrun.
inline Result run(Kernels& kernels, const Problem& p, const Tensors& t) {
  Memory q(t.q.memory), k(t.k.memory), v(t.v.memory);
  int64_t records = p.queries * p.heads.queries;
  Memory state(size_t(records) * (p.dimV + 2) * 4);
  HostTensor out(p.type, p.queries, p.heads.queries, p.dimV, p.layout), lse(DType::F32, p.queries, p.heads.queries, 1, Layout::DENSE);
  Memory outMemory(out.memory), lseMemory(lse.memory);
  PlacedDropping dropping(p);
  kernels.clear(state.address(), records, p.dimV);
  std::vector<int64_t> cuts{0};
  cuts.insert(cuts.end(), p.cuts.begin(), p.cuts.end());
  cuts.push_back(p.keys);
  for (size_t i = cuts.size() - 1; i-- > 0;) {
    int64_t from = cuts[i], to = cuts[i + 1];
    Operands operands{p.type, t.q.on(q), t.k.on(k).from(from, p.type), t.v.on(v).from(from, p.type), p.queries, p.heads, p.real_scale(), p.softcap,
                      dropping.from(from)};
    Attention(kernels, operands, p.slices_of_keys(from, to)).run(state.address());
    Driver::get().synchronize();
  }
  kernels.finish(p.type, state.address(), out.on(outMemory), lse.on(lseMemory), p.queries, p.heads.queries);
  Driver::get().synchronize();
  out.memory = outMemory.content<uint8_t>();
  lse.memory = lseMemory.content<uint8_t>();
  return {out, lse, state.content<float>()};
}

// --- the judge ---

template <class T>
struct Row {
  T max = -std::numeric_limits<T>::infinity(), sum = 0;
  std::vector<T> weighted;

  explicit Row(int dimV) : weighted(dimV) {}

  // `factor` is that of dropout, which the sum does not know.
  void add(T score, const float* value, T factor) {
    if (score > max) {
      T factor = std::exp(max - score);
      sum *= factor;
      for (T& w : weighted) w *= factor;
      max = score;
    }
    T weight = score == -std::numeric_limits<T>::infinity() ? T(0) : std::exp(score - max);
    sum += weight;
    for (size_t i = 0; i < weighted.size(); i++) weighted[i] += weight * factor * T(value[i]);
  }

  T out(int i) const { return sum == 0 ? T(0) : weighted[i] / sum; }
  T lse() const { return max + std::log(sum); }
};

template <class T>
T score(const float* q, const float* k, int dim, float scale, float softcap) {
  T dot = 0;
  for (int i = 0; i < dim; i++) dot += T(q[i]) * T(k[i]);
  T s = T(scale) * dot;
  return softcap > 0 ? T(softcap) * std::tanh(s / T(softcap)) : s;
}

inline double distance(double actual, double expected) {
  if (actual == expected || (std::isnan(actual) && std::isnan(expected))) return 0;
  double d = std::fabs(actual - expected);
  return std::isnan(d) ? std::numeric_limits<double>::infinity() : d;
}

inline double if_finite(double x) { return std::isfinite(x) ? x : 0; }

struct Accuracy {
  double outError = 0, outPlain = 0, outLargest = 0, lseError = 0, lsePlain = 0, lseLargest = 0;

  void include(const Accuracy& o) {
    outError = std::max(outError, o.outError), outPlain = std::max(outPlain, o.outPlain), outLargest = std::max(outLargest, o.outLargest);
    lseError = std::max(lseError, o.lseError), lsePlain = std::max(lsePlain, o.lsePlain), lseLargest = std::max(lseLargest, o.lseLargest);
  }

  double out_bound(DType type) const { return 2 * outPlain + 2 * epsilon(type) * outLargest + 1e-6; }
  double lse_bound() const { return 2 * lsePlain + 4 * 0x1p-23 * std::max(1., lseLargest) + 1e-6; }
};

inline void parallel(int64_t count, const std::function<void(int64_t)>& body) {
  std::atomic<int64_t> next{0};
  std::vector<std::thread> threads;
  unsigned n = std::max(1u, std::thread::hardware_concurrency());
  for (unsigned i = 0; i < n; i++) {
    threads.emplace_back([&] {
      for (int64_t j; (j = next++) < count;) body(j);
    });
  }
  for (auto& thread : threads) thread.join();
}

// Judges every `stride`-th pair of row and head.
inline Accuracy judge(const Problem& p, const Tensors& t, const Result& r, int64_t stride = 1) {
  int64_t pairs = (p.queries * p.heads.queries + stride - 1) / stride;
  std::vector<Accuracy> all(pairs);
  std::vector<float> q = t.q.flat(), k = t.k.flat(), v = t.v.flat();
  parallel(pairs, [&](int64_t i) {
    int64_t row = i * stride / p.heads.queries;
    int head = int(i * stride % p.heads.queries), keyHead = p.key_head(head);
    Row<double> exact(p.dimV);
    Row<float> plain(p.dimV);
    const float* query = q.data() + (row * p.heads.queries + head) * p.dim;
    for (auto [from, to] : p.runs(row)) {
      for (int64_t key = from; key < to; key++) {
        const float* kk = k.data() + (key * p.heads.keys + keyHead) * p.dim;
        const float* vv = v.data() + (key * p.heads.keys + keyHead) * p.dimV;
        double factor = p.dropping.factor(head, row, key);
        exact.add(score<double>(query, kk, p.dim, p.real_scale(), p.softcap), vv, factor);
        plain.add(score<float>(query, kk, p.dim, p.real_scale(), p.softcap), vv, float(factor));
      }
    }
    Accuracy& a = all[i];
    for (int d = 0; d < p.dimV; d++) {
      double truth = exact.out(d);
      a.outError = std::max(a.outError, distance(r.out.get(row, head, d), truth));
      a.outPlain = std::max(a.outPlain, if_finite(distance(plain.out(d), truth)));
      a.outLargest = std::max(a.outLargest, if_finite(std::fabs(truth)));
    }
    a.lseError = distance(r.lse.get(row, head, 0), exact.lse());
    a.lsePlain = if_finite(distance(plain.lse(), exact.lse()));
    a.lseLargest = if_finite(std::fabs(exact.lse()));
  });
  Accuracy accuracy;
  for (const Accuracy& a : all) accuracy.include(a);
  return accuracy;
}
