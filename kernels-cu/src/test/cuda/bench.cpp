// Times the kernels on random tensors. One line a case, for gpu-check's table:
//
//   bench FOLDER_OF_CUBINS [FILTER]  ->  dtype mask batch queries keys queryHeads keyHeads dim milliseconds kernel
//
// The time is that of clearing a state, attending, and writing the finished output and its log-sum-exps: what a user of the library waits for. That of gradients,
// whose kernels are named so, is of deltas, clearing the sums, the gradients of all three, and rounding them. A batch is a number of sequences side by side
// in one tensor, each attending to itself.
#include <array>

#include "problem.h"

namespace {

struct Case {
  DType type;
  const char* mask;
  int64_t batch, queries, keys;
  Heads heads;
  int dim;
  bool backward = false;
};

std::string text(const Case& c) {
  char line[200];
  std::snprintf(line, sizeof line, "%s %s %ld %ld %ld %d %d %d", name(c.type), c.mask, long(c.batch), long(c.queries), long(c.keys), c.heads.queries, c.heads.keys, c.dim);
  return line;
}

std::vector<Case> cases() {
  std::vector<Case> all;
  for (DType type : {DType::BF16, DType::F16}) {
    for (const char* mask : {"full", "causal"}) {
      for (int64_t tokens : {1024, 4096, 16384}) all.push_back({type, mask, 16384 / tokens, tokens, tokens, {16, 16}, 128});
      for (int dim : {64, 256}) all.push_back({type, mask, 2, 8192, 8192, {2048 / dim, 2048 / dim}, dim});
    }
  }
  all.push_back({DType::BF16, "causal", 2, 8192, 8192, {32, 8}, 128});
  all.push_back({DType::BF16, "causal", 2, 8192, 8192, {16, 16}, 96});
  all.push_back({DType::BF16, "causal", 2, 8192, 8192, {8, 8}, 192});
  all.push_back({DType::BF16, "window", 1, 16384, 16384, {16, 16}, 128});
  for (int dim : {64, 128, 256}) all.push_back({DType::F32, "full", 1, 4096, 4096, {16, 16}, dim});
  all.push_back({DType::F32, "causal", 1, 4096, 4096, {16, 16}, 128});
  for (DType type : {DType::BF16, DType::F32}) {
    for (auto [batch, keys] : {std::array<int64_t, 2>{1, 131072}, {16, 8192}, {64, 4096}}) {
      all.push_back({type, "decode", batch, 1, keys, {32, 8}, 128});
      all.push_back({type, "decode", batch, 1, keys, {16, 16}, 64});
    }
  }
  return all;
}

std::vector<Case> backward_cases() {
  std::vector<Case> all;
  for (DType type : {DType::BF16, DType::F16}) {
    for (const char* mask : {"full", "causal"}) {
      for (int64_t tokens : {1024, 4096, 16384}) all.push_back({type, mask, 16384 / tokens, tokens, tokens, {16, 16}, 128, true});
      for (int dim : {64, 256}) all.push_back({type, mask, 2, 8192, 8192, {2048 / dim, 2048 / dim}, dim, true});
    }
  }
  all.push_back({DType::BF16, "causal", 2, 8192, 8192, {32, 8}, 128, true});
  for (int dim : {64, 128}) all.push_back({DType::F32, "causal", 1, 4096, 4096, {16, 16}, dim, true});
  return all;
}

constexpr int64_t WINDOW = 1024;

std::vector<Slice> slices(const Case& c) {
  std::vector<Slice> all;
  for (int64_t b = 0; b < c.batch; b++) {
    int64_t q0 = b * c.queries, k0 = b * c.keys;
    if (std::string(c.mask) == "causal") {
      all.push_back(Slice::causal(q0, q0 + c.queries, k0, k0 + c.keys));
    } else if (std::string(c.mask) == "window") {
      all.push_back(Slice::of(q0, q0 + c.queries, k0, k0 + c.keys, k0 - q0 - WINDOW + 1, k0 - q0));
    } else {
      all.push_back(Slice::full(q0, q0 + c.queries, k0, k0 + c.keys));
    }
  }
  return all;
}

Memory random_tensor(DType type, int64_t elements, uint64_t seed) {
  std::vector<uint8_t> memory(size_t(elements) * bytes(type));
  // A block of normal numbers over and over: drawing as many as there are would take longer than everything else.
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> block(65521);
  for (float& x : block) x = normal(random);
  parallel(64, [&](int64_t part) {
    for (int64_t i = elements * part / 64; i < elements * (part + 1) / 64; i++) {
      float x = block[i % block.size()];
      if (type == DType::F32) {
        std::memcpy(&memory[i * 4], &x, 4);
      } else {
        uint16_t h = narrow(type, x);
        std::memcpy(&memory[i * 2], &h, 2);
      }
    }
  });
  return Memory(memory);
}

void time(const Case& c, const std::string& kernel, const std::function<void()>& once) {
  Driver& driver = Driver::get();
  CUevent begin, end;
  driver.call("cuEventCreate", &begin, 0u);
  driver.call("cuEventCreate", &end, 0u);
  auto timed = [&](int repeats) {
    driver.call("cuEventRecord", begin, CUstream(nullptr));
    for (int i = 0; i < repeats; i++) once();
    driver.call("cuEventRecord", end, CUstream(nullptr));
    driver.call("cuEventSynchronize", end);
    float milliseconds = 0;
    driver.call("cuEventElapsedTime", &milliseconds, begin, end);
    return milliseconds / float(repeats);
  };
  // As many repeats as take 10 ms, so that neither launches nor the clock's steps count; the median of nine.
  int repeats = std::max(1, int(10 / std::max(timed(2), 0.01f)));
  std::vector<float> times;
  for (int i = 0; i < 9; i++) times.push_back(timed(repeats));
  std::sort(times.begin(), times.end());
  std::printf("%s %.5f %s\n", text(c).c_str(), times[4], kernel.c_str());
  std::fflush(stdout);
  driver.call("cuEventDestroy_v2", begin);
  driver.call("cuEventDestroy_v2", end);
}

void time(Kernels& kernels, const Case& c) {
  int64_t rows = c.batch * c.queries, keyRows = c.batch * c.keys;
  int queryHeads = c.heads.queries, keyHeads = c.heads.keys;
  int64_t querySize = rows * queryHeads * c.dim, keySize = keyRows * keyHeads * c.dim;
  Memory q = random_tensor(c.type, querySize, 1), k = random_tensor(c.type, keySize, 2), v = random_tensor(c.type, keySize, 3);
  Memory state(size_t(rows) * queryHeads * (c.dim + 2) * 4), out(size_t(querySize) * bytes(c.type)), lse(size_t(rows) * queryHeads * 4);
  auto dense = [&](const Memory& m, int heads, int dim) { return DeviceTensor{m.address(), int64_t(heads) * dim, dim, dim}; };
  Operands operands{c.type, dense(q, queryHeads, c.dim), dense(k, keyHeads, c.dim), dense(v, keyHeads, c.dim), rows, c.heads, float(1 / std::sqrt(double(c.dim))), 0};
  Attention attention(kernels, operands, slices(c));
  auto attend = [&] {
    kernels.clear(state.address(), rows * queryHeads, c.dim);
    attention.run(state.address());
    kernels.finish(c.type, state.address(), dense(out, queryHeads, c.dim), dense(lse, queryHeads, 1), rows, queryHeads);
  };
  if (!c.backward) {
    time(c, attention.chosen().name + (attention.plan().is_split() ? "+split" : ""), attend);
    return;
  }
  attend();
  Memory outGradients = random_tensor(c.type, querySize, 4), delta(size_t(rows) * queryHeads * 4);
  Memory querySums(size_t(querySize) * 4), keySums(size_t(keySize) * 4), valueSums(size_t(keySize) * 4);
  Memory ofQueries(size_t(querySize) * bytes(c.type)), ofKeys(size_t(keySize) * bytes(c.type)), ofValues(size_t(keySize) * bytes(c.type));
  GradientOperands more{keyRows, dense(outGradients, queryHeads, c.dim), dense(lse, queryHeads, 1), dense(delta, queryHeads, 1), dense(querySums, queryHeads, c.dim),
                        dense(keySums, keyHeads, c.dim), dense(valueSums, keyHeads, c.dim)};
  Gradients gradients(kernels, operands, more, slices(c));
  time(c, gradients.name(), [&] {
    kernels.delta(c.type, dense(out, queryHeads, c.dim), more.outGradients, more.delta, rows, queryHeads);
    kernels.clear(more.ofQueries, rows, queryHeads);
    kernels.clear(more.ofKeys, keyRows, keyHeads);
    kernels.clear(more.ofValues, keyRows, keyHeads);
    gradients.run();
    kernels.round(c.type, more.ofQueries, dense(ofQueries, queryHeads, c.dim), rows, queryHeads);
    kernels.round(c.type, more.ofKeys, dense(ofKeys, keyHeads, c.dim), keyRows, keyHeads);
    kernels.round(c.type, more.ofValues, dense(ofValues, keyHeads, c.dim), keyRows, keyHeads);
  });
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) fail("usage: bench FOLDER_OF_CUBINS [FILTER]");
  Kernels kernels(arguments[1]);
  for (const auto& some : {cases(), backward_cases()}) {
    for (const Case& c : some) {
      if (count < 3 || text(c).find(arguments[2]) != std::string::npos) time(kernels, c);
    }
  }
}
