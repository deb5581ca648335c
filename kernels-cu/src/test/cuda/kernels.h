// The kernels of this machine's device, and a call of them.
#pragma once

#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>

#include "driver.h"
#include "plan.h"

enum class DType { F32, F16, BF16 };

inline const char* name(DType type) { return type == DType::F32 ? "f32" : type == DType::F16 ? "f16" : "bf16"; }
inline int bytes(DType type) { return type == DType::F32 ? 4 : 2; }
inline double epsilon(DType type) { return type == DType::F32 ? 0x1p-23 : type == DType::F16 ? 0x1p-10 : 0x1p-7; }

// A tensor [tokens, heads, dim] in device memory; strides in elements.
struct DeviceTensor {
  uint64_t address;
  int64_t tokenStride, headStride;
  int dim;

  ringwood::View view() const { return {address, tokenStride, headStride}; }
  bool vectors(DType type) const {
    return address % 16 == 0 && dim * bytes(type) % 16 == 0 && tokenStride * bytes(type) % 16 == 0 && headStride * bytes(type) % 16 == 0;
  }
  DeviceTensor from(int64_t token, DType type) const { return {address + token * tokenStride * bytes(type), tokenStride, headStride, dim}; }
};

struct Operands {
  DType type;
  DeviceTensor queries, keys, values;
  int64_t rows;
  Heads heads;
  float scale, softcap;
  ringwood::Dropout dropout{};  // with a threshold of 0: none

  bool drops() const { return dropout.threshold != 0; }
};

class Kernels {
 public:
  static constexpr int64_t MOST_BLOCKS = 4096;
  int64_t mostBlocks = MOST_BLOCKS;  // of the kernels of states and of sums, each of which goes on until nothing is left

  // Cubins are named MODULE.sm_CC.cubin.
  explicit Kernels(const std::string& folder) : folder_(folder) {}

  CUfunction function(const std::string& module, const std::string& name) {
    CUfunction& found = functions_[name];
    if (found == nullptr) Driver::get().call("cuModuleGetFunction", &found, load(module), name.c_str());
    return found;
  }

  std::vector<BlockShape> table(const std::string& module, const std::string& name) {
    CUdeviceptr address;
    size_t bytes;
    Driver::get().call("cuModuleGetGlobal_v2", &address, &bytes, load(module), name.c_str());
    std::vector<BlockShape> shapes(bytes / sizeof(BlockShape));
    Driver::get().call("cuMemcpyDtoH_v2", static_cast<void*>(shapes.data()), address, bytes);
    return shapes;
  }

  // The kernel for a call, ready to be launched.
  struct Chosen {
    std::string name;
    CUfunction function;
    BlockShape shape;
    int resident;  // blocks that the device holds at a time
  };

  const Chosen& choose(const Operands& operands, bool few) {
    std::string module = std::string(operands.drops() ? "attend_dropout_" : "attend_") + name(operands.type), use = few ? "_few" : "_many";
    return choose(module, module + use, use, std::max(operands.queries.dim, operands.values.dim));
  }

  // `of` is queries, keys or values.
  const Chosen& choose_gradients(const Operands& operands, const std::string& of) {
    std::string module = std::string(operands.drops() ? "gradient_dropout_" : "gradient_") + name(operands.type);
    return choose(module, module + "_shapes", "_" + of, std::max(operands.queries.dim, operands.values.dim));
  }

  template <class... Args>
  static void launch(CUfunction function, int64_t gridX, int gridY, int threads, int shared, Args... args) {
    if (gridX == 0 || gridY == 0) return;
    void* parameters[] = {static_cast<void*>(&args)...};
    Driver::get().call("cuLaunchKernel", function, unsigned(gridX), unsigned(gridY), 1u, unsigned(threads), 1u, 1u, unsigned(shared), CUstream(nullptr),
                       static_cast<void**>(parameters), static_cast<void**>(nullptr));
  }

  void clear(uint64_t state, int64_t records, int dimV) {
    launch(function("states", "state_clear"), grid(records), 1, THREADS, 0, state, records, dimV);
  }

  void merge(uint64_t into, uint64_t from, int64_t records, int dimV) {
    launch(function("states", "state_merge"), grid(records), 1, THREADS, 0, into, from, records, dimV);
  }

  // `logits` are one of f32 for each of `heads` heads.
  void sink(uint64_t into, uint64_t logits, int64_t records, int heads, int dimV) {
    launch(function("states", "state_sink"), grid(records), 1, THREADS, 0, into, logits, records, heads, dimV);
  }

  void finish(DType type, uint64_t state, const DeviceTensor& out, const DeviceTensor& lse, int64_t rows, int heads) {
    launch(function("states", std::string("state_finish_") + name(type)), grid(rows * heads), 1, THREADS, 0, state, out.view(), lse.view(), rows, heads,
           out.dim);
  }

  // What gradients need before and after their products; all of `rows` rows and `heads` heads.
  void delta(DType type, const DeviceTensor& out, const DeviceTensor& outGradients, const DeviceTensor& delta, int64_t rows, int heads) {
    launch(function("gradients", std::string("gradient_delta_") + name(type)), grid(rows * heads), 1, THREADS, 0, out.view(), outGradients.view(), delta.view(),
           rows, heads, out.dim);
  }

  void clear(const DeviceTensor& sums, int64_t rows, int heads) {
    launch(function("gradients", "gradient_clear"), grid(rows * heads), 1, THREADS, 0, sums.view(), rows, heads, sums.dim);
  }

  void add(const DeviceTensor& from, const DeviceTensor& into, int64_t rows, int heads) {
    launch(function("gradients", "gradient_add"), grid(rows * heads), 1, THREADS, 0, from.view(), into.view(), rows, heads, into.dim);
  }

  void round(DType type, const DeviceTensor& from, const DeviceTensor& to, int64_t rows, int heads) {
    launch(function("gradients", std::string("gradient_round_") + name(type)), grid(rows * heads), 1, THREADS, 0, from.view(), to.view(), rows, heads, to.dim);
  }

 private:
  static constexpr int THREADS = 256;

  int64_t grid(int64_t records) const { return std::min((records + 31) / 32, mostBlocks); }

  const Chosen& choose(const std::string& module, const std::string& table, const std::string& use, int dim) {
    std::string key = module + use + std::to_string(dim);
    if (!chosen_.count(key)) {
      std::vector<BlockShape> shapes = this->table(module, table);
      auto shape = std::find_if(shapes.begin(), shapes.end(), [&](const BlockShape& s) { return s.dim >= dim; });
      if (shape == shapes.end()) fail("no kernel for dim " + std::to_string(dim));
      Chosen c{module + "_d" + std::to_string(shape->dim) + use, nullptr, *shape, 0};
      c.function = function(module, c.name);
      Driver& driver = Driver::get();
      driver.call("cuFuncSetAttribute", c.function, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, int(shape->sharedBytes));
      int perMultiprocessor = 0;
      driver.call("cuOccupancyMaxActiveBlocksPerMultiprocessor", &perMultiprocessor, c.function, int(shape->threads), size_t(shape->sharedBytes));
      c.resident = perMultiprocessor * driver.attribute(CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
      chosen_.emplace(key, c);
    }
    return chosen_.at(key);
  }

  CUmodule load(const std::string& module) {
    CUmodule& loaded = modules_[module];
    if (loaded == nullptr) {
      std::string path = folder_ + "/" + module + ".sm_" + std::to_string(Driver::get().capability()) + ".cubin";
      std::ifstream file(path, std::ios::binary);
      std::vector<char> image{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
      if (image.empty()) fail("no kernels for this device: " + path + " can't be read");
      Driver::get().call("cuModuleLoadData", &loaded, static_cast<const void*>(image.data()));
    }
    return loaded;
  }

  std::string folder_;
  std::map<std::string, CUmodule> modules_;
  std::map<std::string, CUfunction> functions_;
  std::map<std::string, Chosen> chosen_;
};

// One attention, its plan in device memory, ready to be launched any number of times.
class Attention {
 public:
  Attention(Kernels& kernels, const Operands& operands, const std::vector<Slice>& slices)
      : kernels_(kernels),
        chosen_(&kernels.choose(operands, false)),
        plan_(planned(operands, slices)),
        units_(operands.heads.keys * plan_.unitsPerKeyHead),
        blocks_(plan_.blocks),
        runs_(plan_.runs),
        pieces_(plan_.pieces),
        parts_(plan_.parts),
        shares_(plan_.shares),
        splits_(plan_.splits),
        partials_(size_t(plan_.slots) * plan_.shape.queries * (operands.values.dim + 2) * 4) {
    call_ = {};
    call_.queries = operands.queries.view();
    call_.keys = operands.keys.view();
    call_.values = operands.values.view();
    call_.partials = partials_.address();
    call_.blocks = blocks_.address();
    call_.runs = runs_.address();
    call_.pieces = pieces_.address();
    call_.parts = plan_.is_split() ? parts_.address() : 0;
    call_.shares = shares_.address();
    call_.rows = operands.rows;
    call_.queryHeads = operands.heads.queries;
    call_.keyHeads = operands.heads.keys;
    call_.headsPerUnit = plan_.headsPerUnit;
    call_.unitsPerKeyHead = plan_.unitsPerKeyHead;
    call_.rowsPerBlock = plan_.rowsPerBlock;
    call_.dim = operands.queries.dim;
    call_.dimV = operands.values.dim;
    call_.vectors = operands.queries.vectors(operands.type) | operands.keys.vectors(operands.type) << 1 | operands.values.vectors(operands.type) << 2;
    call_.scale = operands.scale;
    call_.softcap = operands.softcap;
    call_.dropout = operands.dropout;
  }

  void run(uint64_t state) {
    call_.state = state;
    if (!plan_.is_split()) {
      Kernels::launch(chosen_->function, int64_t(plan_.blocks.size()), units_, plan_.shape.threads, plan_.shape.sharedBytes, call_);
      return;
    }
    if (plan_.parts.empty()) return;
    Kernels::launch(chosen_->function, int64_t(plan_.shares.size()) - 1, 1, plan_.shape.threads, plan_.shape.sharedBytes, call_);
    Kernels::launch(kernels_.function("states", "state_fixup"), int64_t(plan_.splits.size()), plan_.shape.queries, 256, 0, call_, splits_.address(),
                    int(plan_.shape.queries));
  }

  const Kernels::Chosen& chosen() const { return *chosen_; }
  const Plan& plan() const { return plan_; }

 private:
  // Below this part of the pairs that its tiles span, the kernel for many queries computes mostly what nobody asked for: decodes, and sequences of a few tokens.
  static constexpr double LEAST_FILL = 0.25;

  Plan planned(const Operands& operands, const std::vector<Slice>& slices) {
    Plan plan(slices, operands.rows, operands.heads, chosen_->shape, chosen_->resident);
    if (plan.fill(slices, operands.heads) >= LEAST_FILL) return plan;
    chosen_ = &kernels_.choose(operands, true);
    return Plan(slices, operands.rows, operands.heads, chosen_->shape, chosen_->resident);
  }

  Kernels& kernels_;
  const Kernels::Chosen* chosen_;
  Plan plan_;
  int units_;
  Memory blocks_, runs_, pieces_, parts_, shares_, splits_, partials_;
  ringwood::AttendCall call_;
};

// What gradients are computed of besides, and where they are added to.
struct GradientOperands {
  int64_t keyRows;
  DeviceTensor outGradients, lse, delta;
  DeviceTensor ofQueries, ofKeys, ofValues;
};

// The gradients of one attention, as Attention.
class Gradients {
 public:
  Gradients(Kernels& kernels, const Operands& operands, const GradientOperands& more, const std::vector<Slice>& slices) {
    std::vector<Slice> transposed;
    for (const Slice& slice : slices) transposed.push_back(slice.transposed());
    passes_.reserve(3);
    passes_.emplace_back(kernels, "queries", operands, more, slices, operands.rows, operands.heads.queries, more.ofQueries);
    passes_.emplace_back(kernels, "keys", operands, more, transposed, more.keyRows, operands.heads.keys, more.ofKeys);
    passes_.emplace_back(kernels, "values", operands, more, transposed, more.keyRows, operands.heads.keys, more.ofValues);
  }

  void run() {
    for (Pass& pass : passes_) pass.run();
  }

  const std::string& name() const { return passes_.front().chosen.name; }

 private:
  // One kernel, whose blocks own rows of one head: a plan of as many heads on either side, and nothing shared out.
  struct Pass {
    const Kernels::Chosen& chosen;
    Plan plan;
    int heads;
    Memory blocks, runs, pieces;
    ringwood::GradientCall call{};

    Pass(Kernels& kernels, const std::string& of, const Operands& operands, const GradientOperands& more, const std::vector<Slice>& slices, int64_t rows,
         int heads, const DeviceTensor& sums)
        : chosen(kernels.choose_gradients(operands, of)),
          plan(slices, rows, {heads, heads}, chosen.shape, 0),
          heads(heads),
          blocks(plan.blocks),
          runs(plan.runs),
          pieces(plan.pieces) {
      const DeviceTensor* tensors[] = {&operands.queries, &operands.keys, &operands.values, &more.outGradients};
      for (int i = 0; i < 4; i++) {
        call.operands[i] = tensors[i]->view();
        call.vectors |= tensors[i]->vectors(operands.type) << i;
      }
      call.lse = more.lse.view();
      call.delta = more.delta.view();
      call.gradients = sums.view();
      call.blocks = blocks.address();
      call.runs = runs.address();
      call.pieces = pieces.address();
      call.rows = rows;
      call.queryHeads = operands.heads.queries;
      call.keyHeads = operands.heads.keys;
      call.dim = operands.queries.dim;
      call.dimV = operands.values.dim;
      call.scale = operands.scale;
      call.softcap = operands.softcap;
      call.dropout = operands.dropout;
    }

    void run() { Kernels::launch(chosen.function, int64_t(plan.blocks.size()), heads, plan.shape.threads, plan.shape.sharedBytes, call); }
  };

  std::vector<Pass> passes_;
};
