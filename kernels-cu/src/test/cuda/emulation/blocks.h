// Runs the blocks of a grid on this machine's processors. Every CUDA thread of a block is a fiber, which runs until it waits for others: at a barrier of the block,
// or at a collective of its warp. So a block runs on one thread of the host, and switches are cheap. Which warp and lane run first, and when copies land,
// changes from block to block and from launch to launch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

struct uint3 {
  unsigned x, y, z;
};

struct dim3 {
  unsigned x, y, z;
};

namespace emulation {

// Where the code is that a thread waits in; two threads that wait for each other must be at the same place.
struct Site {
  const char* file;
  int line;
  bool operator==(const Site& other) const { return file == other.file && line == other.line; }
};

// What a thread knows of itself.
struct Place {
  uint3 thread, block;
  dim3 blockSize, gridSize;
  unsigned lane;
};

extern thread_local const Place* place;

// Words that a lane can show to its warp at a time.
constexpr int LANE_WORDS = 3;
constexpr unsigned LANES = 32;

#ifdef __SANITIZE_THREAD__
#define EMULATION_UNWATCHED __attribute__((no_sanitize_thread, noinline))
#else
#define EMULATION_UNWATCHED
#endif

// What the lanes of a warp showed: registers to the kernels, so that ThreadSanitizer must not take them for memory.
struct Shown {
  uint64_t words[LANES][LANE_WORDS];

  EMULATION_UNWATCHED uint64_t at(unsigned lane, int word) const { return words[lane][word]; }
};

// Dynamic shared memory of the block, and arrays that it declares; both hold NaNs until they are written.
void* dynamic_shared();
void* shared_array(const void* key, size_t bytes);

// A copy to shared memory that lands at once or when the thread waits for it, in turn; what is behind `bytes` of `size` becomes zero.
void start_copy(void* to, const void* from, int bytes, int size, Site site);
void await_copies();

// Barriers of the block; the second gives how many threads said yes.
void barrier(Site site);
int barrier_count(bool yes, Site site);

// A meeting of the lanes of `mask`, which orders memory; and one that shows each other's words but orders no memory, as shuffles do.
void meet(unsigned mask, Site site);
const Shown& show(unsigned mask, const uint64_t* mine, int words, Site site);

// Ends the launch with an error.
[[noreturn]] void fail(const char* what, Site site);

struct Kernel {
  const char* name;
  void (*call)(void** parameters);
  int parameters;
  const size_t* sizes;
};

const Kernel* find(const std::string& name);

// Runs a grid to its end; what went wrong, or nothing.
std::string run(const Kernel& kernel, dim3 grid, dim3 block, size_t sharedBytes, void** parameters);

struct Registration {
  explicit Registration(const Kernel& kernel);
};

// Calls a kernel with parameters that are only known by address.
template <auto FUNCTION>
struct Caller;

template <class... P, void (*FUNCTION)(P...)>
struct Caller<FUNCTION> {
  static constexpr size_t SIZES[] = {sizeof(P)...};

  template <size_t... I>
  static void call(void** parameters, std::index_sequence<I...>) {
    FUNCTION(*static_cast<std::remove_reference_t<P>*>(parameters[I])...);
  }

  static void call(void** parameters) { call(parameters, std::index_sequence_for<P...>{}); }

  static Kernel kernel(const char* name) { return {name, &call, int(sizeof...(P)), SIZES}; }
};

}  // namespace emulation
