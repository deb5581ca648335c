#include "blocks.h"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "sanitizers.h"

#ifndef __x86_64__
#error "the switch of fibers is written for x86-64"
#endif

// Saves the callee's registers on this stack, and goes on with another one: void switch_stack(void** save, void* to).
extern "C" void ringwood_switch_stack(void** save, void* to);
asm(R"(
.text
.hidden ringwood_switch_stack
.globl ringwood_switch_stack
.type ringwood_switch_stack,@function
ringwood_switch_stack:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size ringwood_switch_stack,.-ringwood_switch_stack
)");

namespace emulation {

thread_local const Place* place = nullptr;

namespace {

constexpr size_t STACK_BYTES = 128 << 10;
constexpr size_t MOST_SHARED_BYTES = 256 << 10;
constexpr char NAN_BYTE = char(0xff);

struct Copy {
  void* to;
  const void* from;
  int bytes, size;
  Site site;
};

struct Warp {
  unsigned exists, exited, arrived, mask;
  uint64_t meetings;
  Site site;
  // Two, as a fast lane may be at the next meeting while a slow one still reads.
  Shown shown[2];
};

struct Fiber {
  Place place;
  void* stackPointer;
  char* stack;
  bool done;
  Warp* warp;
  // What it waits for: the end of the barrier or meeting with this number.
  const uint64_t* waitsFor;
  uint64_t number;
  Site site;
  std::vector<Copy> copies;
  sanitizers::Fiber sanitizer;

  bool waits() const { return waitsFor != nullptr && *waitsFor == number; }
};

// What the hardware leaves open, and a block does in one way or the other: kernels must be right with any.
struct Habits {
  bool eager;      // whether asynchronous copies land at once, or when the thread waits for them
  bool backwards;  // whether the last warp and lane run first, and the last copy lands first
};

// One thread of the host, with the block that it runs.
class Runner {
 public:
  std::string error;
  Habits habits{};

  void run(const Kernel& kernel, dim3 grid, dim3 block, uint3 index, size_t sharedBytes, void** parameters);

  void barrier(bool yes, Site site, int& count);
  const Shown& meet(unsigned mask, const uint64_t* mine, int words, bool ordersMemory, Site site);
  [[noreturn]] void fail(const std::string& what, Site site);
  void* shared_array(const void* key, size_t bytes);
  void leave();
  void body();

  void* dynamicShared = nullptr;
  Fiber* now = nullptr;

 private:
  void prepare(dim3 grid, dim3 block, uint3 index);
  void resume(Fiber& fiber);
  bool run_warp(unsigned first, unsigned end);
  void explain_deadlock();

  const Kernel* kernel_ = nullptr;
  void** parameters_ = nullptr;
  std::vector<Fiber> fibers_;
  std::vector<Warp> warps_;
  unsigned threads_ = 0, done_ = 0;
  void* stackPointer_ = nullptr;
  sanitizers::Host sanitizer_;
  unsigned arrived_ = 0;
  uint64_t barriers_ = 0;
  Site barrierSite_{};
  int yes_[2] = {};
  struct Shared {
    const void* key;
    char* start;
  };
  std::vector<Shared> shared_;
  // One for all blocks, as ThreadSanitizer takes an allocation for a write by whoever asks for it.
  std::unique_ptr<char[]> sharedMemory_{new char[MOST_SHARED_BYTES]};
  size_t sharedUsed_ = 0;
};

thread_local Runner* runner = nullptr;

void enter_fiber() { runner->body(); }

void Runner::prepare(dim3 grid, dim3 block, uint3 index) {
  threads_ = block.x * block.y * block.z;
  done_ = 0;
  arrived_ = 0;
  barriers_ = 0;
  shared_.clear();
  sharedUsed_ = 0;
  sanitizers::forbid(sharedMemory_.get(), MOST_SHARED_BYTES);
  warps_.assign((threads_ + LANES - 1) / LANES, Warp{});
  while (fibers_.size() < threads_) {
    fibers_.push_back({});
    fibers_.back().stack = static_cast<char*>(mmap(nullptr, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
  }
  for (unsigned i = 0; i < threads_; i++) {
    Fiber& fiber = fibers_[i];
    fiber.place = {{i % block.x, i / block.x % block.y, i / (block.x * block.y)}, index, block, grid, i % LANES};
    fiber.done = false;
    fiber.warp = &warps_[i / LANES];
    fiber.warp->exists |= 1u << (i % LANES);
    fiber.waitsFor = nullptr;
    fiber.copies.clear();
    sanitizers::new_fiber(fiber.sanitizer);
    // What ringwood_switch_stack pops: six registers, and where to return to; above it an address that keeps the stack aligned.
    void** top = reinterpret_cast<void**>(fiber.stack + STACK_BYTES);
    *--top = nullptr;
    *--top = reinterpret_cast<void*>(enter_fiber);
    for (int i = 0; i < 6; i++) *--top = nullptr;
    fiber.stackPointer = top;
  }
}

void Runner::run(const Kernel& kernel, dim3 grid, dim3 block, uint3 index, size_t sharedBytes, void** parameters) {
  kernel_ = &kernel;
  parameters_ = parameters;
  error.clear();
  prepare(grid, block, index);
  dynamicShared = sharedBytes == 0 ? nullptr : shared_array(nullptr, sharedBytes);
  sanitizers::enter_host(sanitizer_);
  while (done_ < threads_ && error.empty()) {
    bool progress = false;
    for (size_t i = 0; i < warps_.size() && error.empty(); i++) {
      unsigned first = unsigned(habits.backwards ? warps_.size() - 1 - i : i) * LANES;
      progress |= run_warp(first, std::min(first + LANES, threads_));
    }
    if (!progress && error.empty()) explain_deadlock();
  }
  sanitizers::leave_host(sanitizer_);
}

// Runs a warp until all its lanes wait for other warps or are done; whether any could run.
bool Runner::run_warp(unsigned first, unsigned end) {
  bool progress = false;
  for (bool again = true; again && error.empty();) {
    again = false;
    for (unsigned i = first; i < end && error.empty(); i++) {
      Fiber& fiber = fibers_[habits.backwards ? first + end - 1 - i : i];
      if (fiber.done || fiber.waits()) continue;
      resume(fiber);
      progress = again = true;
    }
  }
  return progress;
}

void Runner::resume(Fiber& fiber) {
  now = &fiber;
  place = &fiber.place;
  sanitizers::to_fiber(sanitizer_, fiber.sanitizer, fiber.stack, STACK_BYTES);
  ringwood_switch_stack(&stackPointer_, fiber.stackPointer);
  sanitizers::back_in_host(sanitizer_);
}

void Runner::leave() {
  Fiber& fiber = *now;
  sanitizers::to_host(sanitizer_, fiber.sanitizer);
  ringwood_switch_stack(&fiber.stackPointer, stackPointer_);
  sanitizers::back_in_fiber(fiber.sanitizer);
}

void Runner::body() {
  sanitizers::begin_fiber(sanitizer_);
  kernel_->call(parameters_);
  sanitizers::finish_fiber(sanitizer_);
  Fiber& fiber = *now;
  if (!fiber.copies.empty()) fail("a thread ends before its asynchronous copies", fiber.copies.front().site);
  fiber.done = true;
  fiber.warp->exited |= 1u << fiber.place.lane;
  done_++;
  // Threads that have ended no longer count at barriers.
  if (arrived_ > 0 && arrived_ == threads_ - done_) {
    arrived_ = 0;
    barriers_++;
  }
  for (;;) leave();
}

void Runner::barrier(bool yes, Site site, int& count) {
  if (arrived_ == 0) {
    barrierSite_ = site;
    yes_[barriers_ & 1] = 0;
  } else if (!(barrierSite_ == site)) {
    fail("threads of a block wait at different barriers", site);
  }
  Fiber& fiber = *now;
  uint64_t number = barriers_;
  int& sum = yes_[number & 1];
  sum += yes;
  sanitizers::release(&yes_[number & 1]);
  if (++arrived_ == threads_ - done_) {
    arrived_ = 0;
    barriers_++;
  } else {
    fiber.waitsFor = &barriers_;
    fiber.number = number;
    fiber.site = site;
    while (fiber.waits()) leave();
    fiber.waitsFor = nullptr;
  }
  sanitizers::acquire(&yes_[number & 1]);
  count = sum;
}

const Shown& Runner::meet(unsigned mask, const uint64_t* mine, int words, bool ordersMemory, Site site) {
  Fiber& fiber = *now;
  Warp& warp = *fiber.warp;
  if (!(mask >> fiber.place.lane & 1)) fail("a lane is not in the mask of its own collective", site);
  if (warp.arrived == 0) {
    warp.mask = mask;
    warp.site = site;
  } else if (warp.mask != mask || !(warp.site == site)) {
    fail("lanes of a warp are at different collectives", site);
  }
  if (mask & warp.exited) fail("a collective waits for a lane that has ended", site);
  uint64_t number = warp.meetings;
  Shown& shown = warp.shown[number & 1];
  for (int i = 0; i < words; i++) shown.words[fiber.place.lane][i] = mine[i];
  if (ordersMemory) sanitizers::release(&shown);
  warp.arrived |= 1u << fiber.place.lane;
  if (warp.arrived == (mask & warp.exists)) {
    warp.arrived = 0;
    warp.meetings++;
  } else {
    fiber.waitsFor = &warp.meetings;
    fiber.number = number;
    fiber.site = site;
    while (fiber.waits()) leave();
    fiber.waitsFor = nullptr;
  }
  if (ordersMemory) sanitizers::acquire(&shown);
  return shown;
}

std::string text(Site site) { return std::string(site.file) + ":" + std::to_string(site.line); }

std::string text(const Place& p) {
  auto triple = [](uint3 i) { return "(" + std::to_string(i.x) + ", " + std::to_string(i.y) + ", " + std::to_string(i.z) + ")"; };
  return "block " + triple(p.block) + " thread " + triple(p.thread);
}

void Runner::fail(const std::string& what, Site site) {
  error = what + " at " + text(site) + ", " + text(now->place);
  now->done = true;
  for (;;) leave();
}

void Runner::explain_deadlock() {
  for (unsigned i = 0; i < threads_; i++) {
    if (fibers_[i].done) continue;
    error = "nobody comes to " + text(fibers_[i].site) + ", where " + text(fibers_[i].place) + " waits; " + std::to_string(done_) + " of " + std::to_string(threads_) +
            " threads have ended";
    return;
  }
}

void* Runner::shared_array(const void* key, size_t bytes) {
  for (Shared& array : shared_) {
    if (key != nullptr && array.key == key) return array.start;
  }
  constexpr size_t ALIGNMENT = 128;
  uintptr_t memory = reinterpret_cast<uintptr_t>(sharedMemory_.get()) + sharedUsed_;
  size_t skipped = (ALIGNMENT - memory % ALIGNMENT) % ALIGNMENT;
  char* start = sharedMemory_.get() + sharedUsed_ + skipped;
  sharedUsed_ += skipped + bytes;
  if (sharedUsed_ > MOST_SHARED_BYTES) std::abort();
  sanitizers::allow(start, bytes);
  // Not memset, which ThreadSanitizer watches.
  volatile char* filled = start;
  for (size_t i = 0; i < bytes; i++) filled[i] = NAN_BYTE;
  shared_.push_back({key, start});
  return start;
}

void land(const Copy& copy) {
  std::memcpy(copy.to, copy.from, copy.bytes);
  std::memset(static_cast<char*>(copy.to) + copy.bytes, 0, copy.size - copy.bytes);
}

std::map<std::string, Kernel>& kernels() {
  static std::map<std::string, Kernel> all;
  return all;
}

}  // namespace

void* dynamic_shared() { return runner->dynamicShared; }
void* shared_array(const void* key, size_t bytes) { return runner->shared_array(key, bytes); }

void start_copy(void* to, const void* from, int bytes, int size, Site site) {
  if ((reinterpret_cast<uintptr_t>(to) | reinterpret_cast<uintptr_t>(from)) % size != 0) fail("an asynchronous copy is not between multiples of its size", site);
  Copy copy{to, from, bytes, size, site};
  sanitizers::copies(to, from, bytes, size);
  if (runner->habits.eager) land(copy);
  runner->now->copies.push_back(copy);
}

void await_copies() {
  std::vector<Copy>& copies = runner->now->copies;
  if (runner->habits.backwards) std::reverse(copies.begin(), copies.end());
  for (const Copy& copy : copies) {
    sanitizers::copies(copy.to, copy.from, copy.bytes, copy.size);
    if (!runner->habits.eager) land(copy);
  }
  copies.clear();
}

void barrier(Site site) {
  int unused;
  runner->barrier(false, site, unused);
}

int barrier_count(bool yes, Site site) {
  int count;
  runner->barrier(yes, site, count);
  return count;
}

void meet(unsigned mask, Site site) { runner->meet(mask, nullptr, 0, true, site); }
const Shown& show(unsigned mask, const uint64_t* mine, int words, Site site) { return runner->meet(mask, mine, words, false, site); }
void fail(const char* what, Site site) { runner->fail(what, site); }

Registration::Registration(const Kernel& kernel) { kernels()[kernel.name] = kernel; }

const Kernel* find(const std::string& name) {
  auto found = kernels().find(name);
  return found == kernels().end() ? nullptr : &found->second;
}

std::string run(const Kernel& kernel, dim3 grid, dim3 block, size_t sharedBytes, void** parameters) {
  uint64_t blocks = uint64_t(grid.x) * grid.y * grid.z;
  static std::atomic<uint64_t> launches{0};
  uint64_t launch = launches++;
  std::atomic<uint64_t> next{0};
  std::mutex mutex;
  std::string error;
  auto work = [&] {
    static thread_local std::unique_ptr<Runner> own = std::make_unique<Runner>();
    runner = own.get();
    for (uint64_t i; (i = next++) < blocks;) {
      uint3 index{unsigned(i % grid.x), unsigned(i / grid.x % grid.y), unsigned(i / grid.x / grid.y)};
      uint64_t habit = launch + i;
      runner->habits = {(habit & 1) != 0, (habit & 2) != 0};
      runner->run(kernel, grid, block, index, sharedBytes, parameters);
      if (!runner->error.empty()) {
        std::lock_guard<std::mutex> lock(mutex);
        if (error.empty()) error = runner->error;
        next = blocks;
      }
    }
  };
  uint64_t wanted = sanitizers::ONE_THREAD ? 1 : std::min<uint64_t>(blocks, std::max(1u, std::thread::hardware_concurrency()));
  std::vector<std::thread> threads;
  for (uint64_t i = 1; i < wanted; i++) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
  return error;
}

}  // namespace emulation
