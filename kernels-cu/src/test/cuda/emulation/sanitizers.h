// Tells ThreadSanitizer about fibers, barriers and asynchronous copies, and AddressSanitizer about stacks and shared memory; nothing in an ordinary build.
// blocks.cpp itself is not instrumented.
#pragma once

#include <cstddef>

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
#elif defined(EMULATION_ADDRESS_SANITIZER)
extern "C" {
void __sanitizer_start_switch_fiber(void** saved, const void* bottom, size_t size);
void __sanitizer_finish_switch_fiber(void* saved, const void** bottomBefore, size_t* sizeBefore);
void __asan_poison_memory_region(const volatile void*, size_t);
void __asan_unpoison_memory_region(const volatile void*, size_t);
}
#endif

namespace sanitizers {

struct Fiber {
  void* context = nullptr;
};

struct Host {
  void* context = nullptr;
  const void* stack = nullptr;
  size_t stackBytes = 0;
  char begun = 0, ended = 0;
};

// Memory that nobody may touch, until somebody may.
#if defined(EMULATION_ADDRESS_SANITIZER)
inline void forbid(void* from, size_t bytes) { __asan_poison_memory_region(from, bytes); }
inline void allow(void* from, size_t bytes) { __asan_unpoison_memory_region(from, bytes); }
#else
inline void forbid(void*, size_t) {}
inline void allow(void*, size_t) {}
#endif

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
inline void to_fiber(Host&, Fiber& fiber, const void*, size_t) { __tsan_switch_to_fiber(fiber.context, 1); }
inline void back_in_host(Host&) {}
inline void to_host(Host& host, Fiber&) { __tsan_switch_to_fiber(host.context, 1); }
inline void back_in_fiber(Fiber&) {}

// An asynchronous copy may happen at any time from its start to the end of the wait: said at both.
inline void copies(void* to, const void* from, int bytes, int size) {
  __tsan_read_range(const_cast<void*>(from), bytes);
  __tsan_write_range(to, size);
}
#else
constexpr bool ONE_THREAD = false;

inline void acquire(void*) {}
inline void release(void*) {}
inline void new_fiber(Fiber&) {}
inline void enter_host(Host&) {}
inline void leave_host(Host&) {}
inline void finish_fiber(Host&) {}
inline void copies(void*, const void*, int, int) {}

#if defined(EMULATION_ADDRESS_SANITIZER)
inline void begin_fiber(Host& host) { __sanitizer_finish_switch_fiber(nullptr, &host.stack, &host.stackBytes); }
inline void to_fiber(Host& host, Fiber&, const void* stack, size_t bytes) { __sanitizer_start_switch_fiber(&host.context, stack, bytes); }
inline void back_in_host(Host& host) { __sanitizer_finish_switch_fiber(host.context, nullptr, nullptr); }
inline void to_host(Host& host, Fiber& fiber) { __sanitizer_start_switch_fiber(&fiber.context, host.stack, host.stackBytes); }
inline void back_in_fiber(Fiber& fiber) { __sanitizer_finish_switch_fiber(fiber.context, nullptr, nullptr); }
#else
inline void begin_fiber(Host&) {}
inline void to_fiber(Host&, Fiber&, const void*, size_t) {}
inline void back_in_host(Host&) {}
inline void to_host(Host&, Fiber&) {}
inline void back_in_fiber(Fiber&) {}
#endif
#endif

}  // namespace sanitizers
