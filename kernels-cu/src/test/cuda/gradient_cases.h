// The table of gradients of one element type; see check.cpp.
#pragma once

#include "checker.h"
#include "dropout_cases.h"
#include "gradient_problem.h"

namespace {

// Runs gradients of a problem; `harm` may change the operands and the log-sum-exps that the attention before left.
template <class Harm>
GradientResult gradients(Checker& c, const Problem& p, Tensors& t, HostTensor& outGradients, Harm harm) {
  Result forward = run(c.kernels, p, t);
  harm(forward.lse);
  return run_gradients(c.kernels, p, t, outGradients, forward);
}

// What the attention before left.
enum class Before { KERNELS, ORACLE };

// The oracle's attention, rounded.
Result rounded(const Problem& p, const PlainGradients<double>& exact) {
  Result result{{p.type, p.queries, p.heads.queries, p.dimV, p.layout}, {DType::F32, p.queries, p.heads.queries, 1, p.layout}, {}};
  for (int64_t at = 0; at < int64_t(exact.lse.size()); at++) {
    int64_t row = at / p.heads.queries;
    int head = int(at % p.heads.queries);
    result.lse.set(row, head, 0, float(exact.lse[at]));
    for (int i = 0; i < p.dimV; i++) result.out.set(row, head, i, float(exact.out[at * p.dimV + i]));
  }
  return result;
}

void judge(Checker& c, Checker::Group& g, const Problem& p, const Tensors& t, const HostTensor& outGradients, const GradientResult& result,
           const PlainGradients<double>& exact) {
  PlainGradients<float> plain(p, t, outGradients);
  double ofQueries = judge_gradients(result.ofQueries, exact.ofQueries, plain.ofQueries), ofKeys = judge_gradients(result.ofKeys, exact.ofKeys, plain.ofKeys),
         ofValues = judge_gradients(result.ofValues, exact.ofValues, plain.ofValues);
  g.cases++;
  g.include("dq", ofQueries), g.include("dk", ofKeys), g.include("dv", ofValues);
  if (!(std::max({ofQueries, ofKeys, ofValues}) <= 1)) {
    char text[100];
    std::snprintf(text, sizeof text, ": dq %.3g, dk %.3g, dv %.3g of the bound", ofQueries, ofKeys, ofValues);
    c.fault(g, p.text() + text);
  }
}

void judge(Checker& c, Checker::Group& g, const Problem& p, Before before = Before::KERNELS) {
  Tensors t(p);
  HostTensor outGradients = random_out_gradients(p);
  PlainGradients<double> exact(p, t, outGradients);
  judge(c, g, p, t, outGradients, run_gradients(c.kernels, p, t, outGradients, before == Before::KERNELS ? run(c.kernels, p, t) : rounded(p, exact)), exact);
}

// Two documents of which the second is harmed: the first one's gradients keep their bits, and the second one's change.
template <class Harm>
void judge_harmed(Checker& c, Checker::Group& g, const Problem& p, int64_t border, Harm harm) {
  HostTensor outGradients = random_out_gradients(p), harmedGradients = outGradients;
  Tensors t(p), harmed(p);
  GradientResult calm = gradients(c, p, t, outGradients, [](HostTensor&) {});
  GradientResult after = gradients(c, p, harmed, harmedGradients, [&](HostTensor& lse) { harm(harmed, harmedGradients, lse); });
  size_t at = 0;
  bool same = true, changed = false;
  for (const HostTensor* of : {&t.q, &t.k, &t.v}) {
    for (int64_t row = 0; row < of->tokens; row++) {
      for (int i = 0; i < of->heads * of->dim; i++, at++) {
        bool equal = bits_of(calm.sums[at]) == bits_of(after.sums[at]);
        if (row < border) same &= equal;
        if (row >= border) changed |= !std::isfinite(after.sums[at]);
      }
    }
  }
  g.cases++;
  if (!same) c.fault(g, p.text() + ": the other document changed");
  if (!changed) c.fault(g, p.text() + ": all is finite");
}

// Gradients of the output that are the rows of a unit matrix make those of the values of the weights, so that their zeros are the mask.
void judge_mask_of_gradients(Checker& c, Checker::Group& g, const Problem& p) {
  Tensors t(p);
  HostTensor outGradients = random_out_gradients(p);
  for (int64_t row = 0; row < p.queries * p.heads.queries; row++) {
    for (int i = 0; i < p.dimV; i++) outGradients.set(row / p.heads.queries, int(row % p.heads.queries), i, i == row ? 1.f : 0.f);
  }
  GradientResult result = run_gradients(c.kernels, p, t, outGradients, run(c.kernels, p, t));
  judge(c, g, p, t, outGradients, result, PlainGradients<double>(p, t, outGradients));
  for (int64_t key = 0; key < p.keys; key++) {
    for (int i = 0; i < p.dimV; i++) {
      int head = i % p.heads.queries;
      bool kept = result.ofValues.get(key, p.key_head(head), i) != 0;
      if (kept != (p.dropping.factor(head, i / p.heads.queries, key) != 0)) c.fault(g, p.text() + ": key " + std::to_string(key) + " of row " + std::to_string(i));
    }
  }
}

void gradients_with_dropout(Checker& c, DType type) {
  bool small = c.small;
  std::string of = std::string("gradients ") + name(type) + ": dropout, ";
  c.group(of + "which weights", [&](auto& g) {
    for (int64_t run : {1, 5, 8, 64, 1000}) {
      for (int queries : {1, 9, 75}) {
        if (small && (queries == 75 || run == 8 || (queries == 1 && run != 5))) continue;
        Problem p = full(type, queries, small ? 70 : 150, 16);
        p.heads = {3, 2}, p.dimV = 3 * queries, p.deviation = 0.5f;
        p.dropping = scattered(30000, p.queries, p.keys, run);
        judge_mask_of_gradients(c, g, p);
      }
    }
  });
  c.group(of + "masks, heads and rates", [&](auto& g) {
    int tokens = small ? 100 : 300, which = 0;
    for (const auto& slices : masks(tokens)) {
      which++;
      for (int dim : {20, 128, 200}) {
        if (small && (which % 3 != dim % 3 || which > 8)) continue;
        Problem p = full(type, tokens, tokens, dim);
        p.heads = dim == 20 ? Heads{1, 1} : Heads{5, 2}, p.slices = slices, p.dimV = dim == 20 ? 33 : dim - 7;
        p.dropping = scattered(which % 4 == 0 ? 65535 : which % 4 == 1 ? 1 : 13000 * uint32_t(which % 4), tokens, tokens, 13 * which);
        judge(c, g, p, type == DType::F32 ? Before::KERNELS : Before::ORACLE);
      }
    }
  });
  c.group(of + "softcaps, in pieces", [&](auto& g) {
    for (int dim : {64, 128}) {
      Problem p = causal(type, small ? 74 : 333, dim);
      p.heads = {4, 2}, p.softcap = dim == 64 ? 0.f : 3.f, p.cuts = {p.keys / 3};
      p.dropping = scattered(20000, p.queries, p.keys, 29);
      judge(c, g, p);
    }
  });
  c.group(of + "infinities of dropped weights", [&](auto& g) {
    for (float bad : {NAN, INFINITY}) {
      for (int operand : {2, 3}) {
        for (bool half : {false, true}) {
          Problem p = full(type, 100, 100, 64);
          if (half) p.slices = {Slice::causal(0, 100, 0, 100)};
          p.dropping.threshold = 32768, p.dropping.seed = 11;
          Tensors t(p);
          HostTensor outGradients = random_out_gradients(p);
          (operand == 2 ? t.v : outGradients).set(40, 0, 5, bad);
          judge(c, g, p, t, outGradients, run_gradients(c.kernels, p, t, outGradients, run(c.kernels, p, t)), PlainGradients<double>(p, t, outGradients));
        }
      }
    }
  });
  c.group(of + "random problems", [&](auto& g) {
    std::mt19937_64 random(31);
    auto upto = [&](int n) { return int(random() % n); };
    for (int i = 0; i < (small ? 3 : 60); i++) {
      Problem p = full(type, 1 + upto(small ? 100 : 300), 1 + upto(small ? 150 : 500), 1 + upto(256));
      p.dimV = 1 + upto(256);
      p.heads.keys = 1 + upto(3), p.heads.queries = p.heads.keys + upto(5);
      p.layout = Layout(upto(4)), p.softcap = upto(4) == 0 ? 3.f : 0.f, p.seed = random();
      randomize_slices(p, random, 700);
      p.dropping = scattered(1 + uint32_t(upto(60000)), p.queries, p.keys, 1 + upto(100));
      judge(c, g, p);
    }
  });
}

void gradient_table(Checker& c, DType type) {
  bool small = c.small;
  // Where a row has one key, and so slopes of 0, the smallest error that 16-bit weights leave in its output is more than any bound.
  Before ofOneKey = type == DType::F32 ? Before::KERNELS : Before::ORACLE;
  std::string of = std::string("gradients ") + name(type) + ": ";
  c.group(of + "awkward sizes", [&](auto& g) {
    constexpr int SIZES[] = {1, 4, 6, 13, 63, 207, 513, 1025};
    for (int i = 0; i < 8; i++) {
      for (int dim : {1, 7, 64, 80, 128, 256}) {
        if (small && (dim != 64 || (i != 3 && i != 5))) continue;
        judge(c, g, causal(type, SIZES[i], dim));
        if (!small || i == 3) judge(c, g, full(type, SIZES[i], SIZES[(i + 3) % 8], dim));
      }
    }
  });
  c.group(of + "head dims", [&](auto& g) {
    for (int dim : {1, 3, 16, 33, 64, 65, 80, 96, 100, 128, 129, 192, 255, 256}) {
      if (small && dim != 33 && dim != 96 && dim != 192) continue;
      Problem p = causal(type, small ? 50 : 150, dim);
      if (!small) judge(c, g, p);
      p.dimV = 257 - dim;
      judge(c, g, p);
    }
  });
  c.group(of + "layouts", [&](auto& g) {
    for (Layout layout : {Layout::DENSE, Layout::HEADS_FIRST, Layout::FUSED, Layout::PADDED}) {
      for (int dim : {24, 13}) {
        if (small && (dim == 24) == (layout == Layout::FUSED)) continue;
        Problem p = causal(type, small ? 50 : 207, dim);
        p.heads = {4, 2}, p.dimV = dim == 24 ? 13 : 40, p.layout = layout;
        judge(c, g, p);
      }
    }
  });
  c.group(of + "heads", [&](auto& g) {
    for (Heads heads : {Heads{8, 8}, {8, 2}, {3, 1}, {7, 3}, {9, 5}, {70, 1}}) {
      if (small && heads.queries != 7) continue;
      Problem p = causal(type, small ? 60 : 130, 32);
      p.heads = heads;
      judge(c, g, p);
      p = full(type, 1, small ? 150 : 300, 32);
      p.heads = heads;
      judge(c, g, p);
    }
  });
  c.group(of + "masks", [&](auto& g) {
    int tokens = small ? 150 : 400, which = 0;
    for (const auto& slices : masks(tokens)) {
      which++;
      for (Heads heads : {Heads{1, 1}, {3, 1}}) {
        if (small && (heads.queries == 1 ? which % 3 != 0 : which != 4)) continue;
        Problem p = full(type, tokens, tokens, 20);
        p.heads = heads, p.slices = slices;
        judge(c, g, p, ofOneKey);
      }
    }
  });
  c.group(of + "softcaps and scales", [&](auto& g) {
    for (float softcap : {0.f, 0.5f, 5.f, 50.f}) {
      for (float scale : {0.f, 0.3f, -0.3f}) {
        for (float deviation : {1.f, 8.f}) {
          if (small && (softcap != 5.f || deviation == 8.f)) continue;
          Problem p = causal(type, small ? 65 : 207, 64);
          p.softcap = softcap, p.scale = scale, p.deviation = deviation;
          judge(c, g, p);
        }
      }
    }
    Problem p = causal(type, small ? 20 : 100, 64);
    p.zeroScale = true;
    judge(c, g, p);
  });
  c.group(of + "scores of every magnitude", [&](auto& g) {
    for (float deviation : {0.01f, 3.f, 10.f}) {
      if (small && deviation != 10.f) continue;
      for (int dim : {64, 256}) {
        if (small && dim == 256) continue;
        Problem p = causal(type, small ? 65 : 300, dim);
        p.deviation = deviation;
        judge(c, g, p);
      }
    }
  });
  c.group(of + "accumulation in pieces", [&](auto& g) {
    for (int pieces : {2, 10, 37}) {
      if (small && pieces > 2) continue;
      Problem p = causal(type, small ? 74 : 333, 48);
      p.heads = {4, 2}, p.deviation = 2;
      for (int i = 1; i < pieces; i++) p.cuts.push_back(p.keys * i / pieces);
      judge(c, g, p);
    }
  });
  c.group(of + "no weight, no row", [&](auto& g) {
    for (int dim : {9, 128}) {
      Problem p = full(type, 150, 150, dim);
      p.slices = {Slice::full(0, 60, 0, 150), Slice::full(100, 150, 3, 4)};
      judge(c, g, p, ofOneKey);
      // All scores of the last row are minus infinity, and so is its log-sum-exp: it adds nothing, not a NaN.
      Tensors t(p);
      for (int key = 3; key < 150; key++) t.k.set(key, 0, 0, 1);
      HostTensor outGradients = random_out_gradients(p);
      GradientResult result = gradients(c, p, t, outGradients, [&](HostTensor& lse) {
        t.q.set(149, 0, 0, -INFINITY);
        lse.set(149, 0, 0, -INFINITY);
      });
      g.cases++;
      bool zeros = true;
      for (int i = 0; i < dim; i++) zeros &= result.sums[size_t(149) * dim + i] == 0;
      if (!zeros) c.fault(g, p.text() + ": a row without weight has a gradient");
    }
    for (auto [queries, keys] : {std::array<int, 2>{0, 5}, {5, 0}}) judge(c, g, full(type, queries, keys, 4));
  });
  c.group(of + "not finite in their rows only", [&](auto& g) {
    for (int dim : {64, 20, 96}) {
      if (small && dim != 64) continue;
      Problem p = full(type, 150, 150, dim);
      p.slices = {Slice::causal(0, 70, 0, 70), Slice::causal(70, 150, 70, 150)};
      for (float bad : {NAN, INFINITY, -INFINITY}) {
        if (small && bad < 0) continue;
        for (int operand = 0; operand < 4; operand++) {
          if (small && std::isinf(bad) && operand != 3) continue;
          for (int row : {80, 127}) {
            if (small && row == 127) continue;
            auto harm = [&](Tensors& t, HostTensor& outGradients) {
              HostTensor* tensors[] = {&t.q, &t.k, &t.v, &outGradients};
              tensors[operand]->set(row, 0, operand % 2 == 0 ? 0 : dim - 1, bad);  // both ends of a row
            };
            judge_harmed(c, g, p, 70, [&](Tensors& t, HostTensor& outGradients, HostTensor&) { harm(t, outGradients); });
            // The log-sum-exp of an infinite query is not a number, and so are its weights, of which the oracle takes some for 0.
            if (operand == 0 && std::isinf(bad)) continue;
            Tensors t(p);
            HostTensor outGradients = random_out_gradients(p);
            harm(t, outGradients);
            judge(c, g, p, t, outGradients, run_gradients(c.kernels, p, t, outGradients, run(c.kernels, p, t)), PlainGradients<double>(p, t, outGradients));
          }
        }
      }
      // Infinities that some rows admit, some with a weight of 0, and some don't.
      p.slices = {Slice::causal(0, 70, 0, 70), Slice::of(70, 150, 70, 150, -20, 0)};
      Tensors t(p);
      HostTensor outGradients = random_out_gradients(p);
      for (int row = 70; row < 150; row++) t.q.set(row, 0, 1, 1);
      t.k.set(120, 0, 1, -INFINITY);
      outGradients.set(127, 0, 2, INFINITY);
      judge(c, g, p, t, outGradients, run_gradients(c.kernels, p, t, outGradients, run(c.kernels, p, t)), PlainGradients<double>(p, t, outGradients));
      // A document without a number, of which each thread copies some in a tile with rows of the other.
      p.slices = {Slice::full(0, 70, 0, 70), Slice::full(70, 150, 70, 150)};
      judge_harmed(c, g, p, 70, [&](Tensors& t, HostTensor& outGradients, HostTensor&) {
        for (int row = 70; row < 150; row++) {
          for (HostTensor* tensor : {&t.q, &t.k, &outGradients}) {
            for (int i = 0; i < dim; i++) tensor->set(row, 0, i, NAN);
          }
        }
      });
      // Weights of a document that are no numbers, in tiles with rows of another.
      judge_harmed(c, g, p, 70, [&](Tensors& t, HostTensor&, HostTensor& lse) {
        t.k.set(140, 0, 3, NAN);
        for (int row = 70; row < 150; row++) lse.set(row, 0, 0, NAN);
      });
    }
  });
  c.group(of + "random problems", [&](auto& g) {
    std::mt19937_64 random(23);
    auto upto = [&](int n) { return int(random() % n); };
    for (int i = 0; i < (small ? 3 : 80); i++) {
      Problem p = full(type, 1 + upto(small ? 100 : 300), 1 + upto(small ? 150 : 500), 1 + upto(256));
      p.dimV = 1 + upto(256);
      p.heads.keys = 1 + upto(3), p.heads.queries = p.heads.keys + upto(5);
      p.layout = Layout(upto(4)), p.seed = random(), p.softcap = upto(4) == 0 ? 3.f : 0.f;
      randomize_slices(p, random, 700);
      judge(c, g, p);
    }
  });
  c.group(of + "same bits every time", [&](auto& g) {
    for (int dim : {64, 128}) {
      if (small && dim == 128) continue;
      Problem p = causal(type, small ? 140 : 2000, dim);
      p.heads = {4, 2};
      Tensors t(p);
      HostTensor outGradients = random_out_gradients(p);
      Result forward = run(c.kernels, p, t);
      GradientResult first = run_gradients(c.kernels, p, t, outGradients, forward);
      for (int i = 0; i < (small ? 1 : 3); i++) {
        g.cases++;
        GradientResult again = run_gradients(c.kernels, p, t, outGradients, forward);
        if (std::memcmp(first.sums.data(), again.sums.data(), first.sums.size() * 4) != 0) c.fault(g, p.text() + ": other bits");
      }
    }
  });
  c.group(of + "sums of sums", [&](auto& g) {
    HostTensor from(DType::F32, 33, 3, 45, Layout::PADDED), into(DType::F32, 33, 3, 45, Layout::FUSED);
    std::mt19937_64 random(3);
    from.randomize(random, 1);
    into.randomize(random, 1);
    Twin a(from), b(into);
    c.kernels.add(a.on(), b.on(), 33, 3);
    Driver::get().synchronize();
    std::vector<float> x = from.flat(), y = into.flat(), sums = b.fetch().flat();
    g.cases++;
    for (size_t i = 0; i < x.size(); i++) {
      if (bits_of(sums[i]) != bits_of(x[i] + y[i])) c.fault(g, "element " + std::to_string(i) + " is off");
    }
  });
}

}  // namespace
