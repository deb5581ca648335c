// Tells ThreadSanitizer about fibers, barriers and asynchronous copies; nothing in an ordinary build. blocks.cpp itself is not instrumented.
#pragma once

#include <cstddef>
#include <cstring>

#if defined(EMULATION_THREAD_SANITIZER)
extern "C" {
void* __tsan_get_current_fiber();
void* __tsan_create_fiber(unsigned);
void __tsan_switch_to_fiber(void*, unsigned);
void __tsan_acquire(void*);
void __tsan_release(void*);
void __tsan_read_range(void*, unsigned long);
void __tsan_write_range(void*, unsigned long);
}
#endif

namespace sanitizers {

struct Fiber {
  void* context = nullptr;
};

struct Host {
  void* context = nullptr;
  char begun = 0, ended = 0;
};

#if defined(EMULATION_THREAD_SANITIZER)
constexpr bool ONE_THREAD = true;  // blocks are not to be compared with each other

inline void acquire(void* at) { __tsan_acquire(at); }
inline void release(void* at) { __tsan_release(at); }

// Kept for the threads of later blocks, as making one is slow; what the host orders between blocks holds for them, too.
inline void new_fiber(Fiber& fiber) {
  if (fiber.context == nullptr) fiber.context = __tsan_create_fiber(0);
}

// What the host did before a block happens before its threads, and those before what the host does next. Switches themselves order nothing.
inline void enter_host(Host& host) {
  host.context = __tsan_get_current_fiber();
  release(&host.begun);
}
inline void leave_host(Host& host) { acquire(&host.ended); }
inline void begin_fiber(Host& host) { acquire(&host.begun); }
inline void finish_fiber(Host& host) { release(&host.ended); }
inline void to_fiber(Fiber& fiber) { __tsan_switch_to_fiber(fiber.context, 1); }
inline void to_host(Host& host) { __tsan_switch_to_fiber(host.context, 1); }

inline void copy(void* to, const void* from, int bytes, int size) {
  __tsan_read_range(const_cast<void*>(from), bytes);
  __tsan_write_range(to, size);
  std::memcpy(to, from, bytes);
  std::memset(static_cast<char*>(to) + bytes, 0, size - bytes);
}
#else
constexpr bool ONE_THREAD = false;

inline void acquire(void*) {}
inline void release(void*) {}
inline void new_fiber(Fiber&) {}
inline void enter_host(Host&) {}
inline void leave_host(Host&) {}
inline void begin_fiber(Host&) {}
inline void finish_fiber(Host&) {}
inline void to_fiber(Fiber&) {}
inline void to_host(Host&) {}

inline void copy(void* to, const void* from, int bytes, int size) {
  std::memcpy(to, from, bytes);
  std::memset(static_cast<char*>(to) + bytes, 0, size - bytes);
}
#endif

}  // namespace sanitizers
