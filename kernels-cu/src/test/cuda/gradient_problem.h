// The gradients of attention problems, and their judge: the f64 oracle and the bound of org.ringwood.kernels.scalar, for C++.
#pragma once

#include "problem.h"

struct GradientResult {
  HostTensor ofQueries, ofKeys, ofValues;  // of the operands' type
  std::vector<float> sums;                 // of all three, as the kernels left them
};

// A tensor beside its memory on the device, exactly as large.
struct Twin {
  HostTensor host;
  Memory memory;

  explicit Twin(const HostTensor& host) : host(host), memory(host.memory) {}
  DeviceTensor on() const { return host.on(memory); }

  const HostTensor& fetch() {
    host.memory = memory.content<uint8_t>();
    return host;
  }
};

inline HostTensor random_out_gradients(const Problem& p) {
  HostTensor gradients(p.type, p.queries, p.heads.queries, p.dimV, p.layout);
  std::mt19937_64 random(p.seed + 1);
  gradients.randomize(random, 1);
  return gradients;
}

// The gradients under `outGradients` and log-sum-exps that a run left; keys in pieces, if the problem is cut.
inline GradientResult run_gradients(Kernels& kernels, const Problem& p, const Tensors& t, const HostTensor& outGradients, const Result& forward) {
  Twin q(t.q), k(t.k), v(t.v), d(outGradients), out(forward.out), lse(forward.lse), delta(HostTensor(DType::F32, p.queries, p.heads.queries, 1, Layout::PADDED));
  auto sums = [&](const HostTensor& of) { return Twin(HostTensor(DType::F32, of.tokens, of.heads, of.dim, p.layout)); };
  Twin ofQueries = sums(t.q), ofKeys = sums(t.k), ofValues = sums(t.v);
  kernels.delta(p.type, out.on(), d.on(), delta.on(), p.queries, p.heads.queries);
  for (Twin* twin : {&ofQueries, &ofKeys, &ofValues}) kernels.clear(twin->on(), twin->host.tokens, twin->host.heads);
  PlacedDropping dropping(p);
  std::vector<int64_t> cuts{0};
  cuts.insert(cuts.end(), p.cuts.begin(), p.cuts.end());
  cuts.push_back(p.keys);
  for (size_t i = cuts.size() - 1; i-- > 0;) {
    int64_t from = cuts[i], to = cuts[i + 1];
    Operands operands{p.type, q.on(), k.on().from(from, p.type), v.on().from(from, p.type), p.queries, p.heads, p.real_scale(), p.softcap,
                      dropping.from(from)};
    GradientOperands more{to - from, d.on(), lse.on(), delta.on(), ofQueries.on(), ofKeys.on().from(from, DType::F32), ofValues.on().from(from, DType::F32)};
    Gradients(kernels, operands, more, p.slices_of_keys(from, to)).run();
    Driver::get().synchronize();
  }
  GradientResult result{t.q, t.k, t.v, {}};
  for (auto [twin, rounded] : {std::pair{&ofQueries, &result.ofQueries}, {&ofKeys, &result.ofKeys}, {&ofValues, &result.ofValues}}) {
    Twin to(*rounded);
    kernels.round(p.type, twin->on(), to.on(), twin->host.tokens, twin->host.heads);
    Driver::get().synchronize();
    *rounded = to.fetch();
    std::vector<float> flat = twin->fetch().flat();
    result.sums.insert(result.sums.end(), flat.begin(), flat.end());
  }
  return result;
}

// Gradients of all three in one arithmetic, and the attention before them; dense.
template <class T>
struct PlainGradients {
  std::vector<T> ofQueries, ofKeys, ofValues;
  std::vector<T> out, lse;

  PlainGradients(const Problem& p, const Tensors& t, const HostTensor& outGradients) {
    std::vector<float> q = t.q.flat(), k = t.k.flat(), v = t.v.flat(), d = outGradients.flat();
    ofQueries.resize(q.size()), ofKeys.resize(k.size()), ofValues.resize(v.size());
    out.resize(d.size()), lse.resize(size_t(p.queries) * p.heads.queries);
    // Those of a key head's rows are summed up by one thread, in the order of the queries.
    parallel(p.heads.keys, [&](int64_t keyHead) {
      for (int64_t row = 0; row < p.queries; row++) {
        for (int head = 0; head < p.heads.queries; head++) {
          if (p.key_head(head) != keyHead) continue;
          int64_t at = row * p.heads.queries + head;
          add_row(p, p.runs(row), int(keyHead), at, q.data() + at * p.dim, d.data() + at * p.dimV, k.data(), v.data());
        }
      }
    });
  }

 private:
  void add_row(const Problem& p, const std::vector<std::pair<int64_t, int64_t>>& runs, int keyHead, int64_t row, const float* query, const float* outGradient,
               const float* k, const float* v) {
    Row<T> whole(p.dimV);
    auto each_key = [&](auto body) {
      for (auto [from, to] : runs) {
        for (int64_t key = from; key < to; key++) {
          int64_t at = key * p.heads.keys + keyHead;
          body(at, score<T>(query, k + at * p.dim, p.dim, p.real_scale(), p.softcap));
        }
      }
    };
    int64_t token = row / p.heads.queries;
    int head = int(row % p.heads.queries);
    auto factor_of = [&](int64_t at) { return T(p.dropping.factor(head, token, at / p.heads.keys)); };
    each_key([&](int64_t at, T score) { whole.add(score, v + at * p.dimV, factor_of(at)); });
    // Kernels are given delta rounded once: else a row of one key, whose slope is 0, would have no error in plain arithmetic alone.
    double sum = 0;
    for (int i = 0; i < p.dimV; i++) {
      out[row * p.dimV + i] = whole.out(i);
      sum += (std::is_same_v<T, double> ? double(whole.out(i)) : rounded(p.type, float(whole.out(i)))) * double(outGradient[i]);
    }
    T lse = this->lse[row] = whole.lse(), delta = T(sum);
    T* ofQuery = ofQueries.data() + row * p.dim;
    each_key([&](int64_t at, T score) {
      T slope = p.softcap > 0 ? 1 - score / T(p.softcap) * (score / T(p.softcap)) : T(1);
      T weight = score == -std::numeric_limits<T>::infinity() ? T(0) : std::exp(score - lse);
      T ofWeight = 0, factor = factor_of(at), dropped = weight * factor;
      for (int i = 0; i < p.dimV; i++) {
        ofWeight += T(outGradient[i]) * T(v[at * p.dimV + i]);
        ofValues[at * p.dimV + i] += dropped * T(outGradient[i]);
      }
      T scaled = T(p.real_scale()) * (weight * (factor * ofWeight - delta) * slope);
      for (int i = 0; i < p.dim; i++) {
        ofQuery[i] += scaled * T(k[at * p.dim + i]);
        ofKeys[at * p.dim + i] += scaled * T(query[i]);
      }
    });
  }

  static float rounded(DType type, float x) { return type == DType::F32 ? x : widen(type, narrow(type, x)); }
};

// How far a tensor of gradients is from the oracle's, in parts of how far it may be.
inline double judge_gradients(const HostTensor& actual, const std::vector<double>& exact, const std::vector<float>& plain) {
  std::vector<float> found = actual.flat();
  double error = 0, yardstick = 0, largest = 0;
  for (size_t i = 0; i < found.size(); i++) {
    error = std::max(error, distance(found[i], exact[i]));
    yardstick = std::max(yardstick, if_finite(distance(plain[i], exact[i])));
    largest = std::max(largest, if_finite(std::fabs(exact[i])));
  }
  return error / (2 * yardstick + 2 * epsilon(actual.type) * largest + 1e-6);
}
