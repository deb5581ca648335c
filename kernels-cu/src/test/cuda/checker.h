// Runs cases in groups, and tells of each group in a line.
#pragma once

#include <array>
#include <chrono>
#include <sstream>

#include "problem.h"

constexpr int SIZES[] = {1, 4, 6, 13, 63, 207, 513, 1025};

struct Checker {
  Kernels& kernels;
  bool small, first;
  std::string filters;
  int failures = 0;

  struct Group {
    std::string title;
    int cases = 0, failed = 0;
    std::vector<std::pair<std::string, double>> worst;  // error of each result in parts of its bound

    void include(const std::string& result, double error) {
      auto found = std::find_if(worst.begin(), worst.end(), [&](const auto& w) { return w.first == result; });
      if (found == worst.end()) found = worst.insert(worst.end(), {result, 0});
      found->second = std::max(found->second, error);
    }
  };

  bool wanted(const std::string& title) const {
    std::istringstream filters(this->filters);
    std::string filter;
    bool any = false;
    while (std::getline(filters, filter, ',')) {
      if (title.find(filter) != std::string::npos) return true;
      any = true;
    }
    return !any;
  }

  template <class Body>
  void group(const std::string& title, Body body) {
    if (!wanted(title)) return;
    Group g{title, 0, 0, {}};
    auto began = std::chrono::steady_clock::now();
    body(g);
    double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    std::printf("%-4s %-44s %4d cases", g.failed ? "FAIL" : "ok", title.c_str(), g.cases);
    for (const auto& [result, error] : g.worst) std::printf("  %s %5.2f", result.c_str(), error);
    std::printf("%s  %5.1f s\n", g.worst.empty() ? "" : " of the bound", seconds);
    std::fflush(stdout);
    failures += g.failed;
  }

  void fault(Group& g, const std::string& what) {
    if (g.failed++ < 5) std::printf("     %s: %s\n", g.title.c_str(), what.c_str());
    if (first) std::exit(1);
  }

  void accurate(Group& g, const Problem& p) {
    Tensors t(p);
    accurate(g, p, t, run(kernels, p, t));
  }

  void accurate(Group& g, const Problem& p, const Tensors& t, const Result& r) {
    Accuracy a = judge(p, t, r);
    g.cases++;
    g.include("out", a.outError / a.out_bound(p.type));
    g.include("lse", a.lseError / a.lse_bound());
    if (!(a.outError <= a.out_bound(p.type)) || !(a.lseError <= a.lse_bound())) {
      char text[200];
      std::snprintf(text, sizeof text, ": out %.3g of %.3g (plain %.3g), lse %.3g of %.3g (plain %.3g)", a.outError, a.out_bound(p.type), a.outPlain, a.lseError,
                    a.lse_bound(), a.lsePlain);
      fault(g, p.text() + text);
    }
  }
};

inline Problem causal(DType type, int tokens, int dim) {
  Problem p;
  p.type = type, p.queries = p.keys = tokens, p.dim = p.dimV = dim;
  p.slices = {Slice::causal(0, tokens, 0, tokens)};
  return p;
}

inline Problem full(DType type, int64_t queries, int64_t keys, int dim) {
  Problem p;
  p.type = type, p.queries = queries, p.keys = keys, p.dim = p.dimV = dim;
  p.slices = {Slice::full(0, queries, 0, keys)};
  return p;
}

inline std::vector<std::vector<Slice>> masks(int n) {
  std::vector<Slice> documents, singles, checkers;
  for (auto [from, to] : {std::array<int, 2>{0, 1}, {1, 2}, {2, 130}, {130, 131}, {131, n}}) documents.push_back(Slice::causal(from, to, from, to));
  for (int i = 0; i < n; i++) singles.push_back(Slice::full(i, i + 1, i, i + 1));
  for (int q = 0; q < n; q += 10) {
    for (int k = q / 10 % 2 * 10; k < n; k += 20) checkers.push_back(Slice::full(q, q + 10, k, k + 10));
  }
  std::vector<std::vector<Slice>> all{
          {},
          documents,
          singles,
          checkers,
          {Slice::of(0, n, 0, n, -63, 0)},
          {Slice::of(0, n, 0, n, -3, 5)},
          {Slice::full(0, n, 0, 4), Slice::of(4, n, 4, n, -20, 0)},
          {Slice::of(0, n, 0, n, 0, n)},
          {Slice::of(50, n - 40, 20, n - 10, 20 - 50, 30)},
          {Slice::full(0, 64, 0, 70), Slice::full(0, n, 70, n)},
          {Slice::full(n - 1, n, 0, n)},
          {Slice::full(0, n, n - 1, n)}};
  for (auto& slices : all) {
    for (Slice& slice : slices) slice = slice.clip(0, n, 0, n);
  }
  return all;
}
