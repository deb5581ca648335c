// An emulated libcuda.so.1: the part of NVIDIA's driver API that Ringwood calls, with one device that runs kernels compiled for the host. The real JCuda is
// loaded on top of it. The device's memory is the host's, filled with NaNs; addresses, sizes and handles are checked more strictly than a driver would.
//
// Work of a stream is done at once, or if "deferred" is set, when somebody waits for it and not before: then a forgotten wait shows.
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "blocks.h"

namespace {

// CUresult of cuda.h.
constexpr int SUCCESS = 0;
constexpr int INVALID_VALUE = 1;
constexpr int OUT_OF_MEMORY = 2;
constexpr int NOT_INITIALIZED = 3;
constexpr int NO_DEVICE = 100;
constexpr int INVALID_DEVICE = 101;
constexpr int INVALID_IMAGE = 200;
constexpr int INVALID_CONTEXT = 201;
constexpr int NO_BINARY_FOR_GPU = 209;
constexpr int INVALID_HANDLE = 400;
constexpr int NOT_FOUND = 500;
constexpr int LAUNCH_FAILED = 719;
constexpr int NOT_SUPPORTED = 801;

// CUdevice_attribute and CUfunction_attribute of cuda.h.
constexpr int CLOCK_RATE = 13, MULTIPROCESSOR_COUNT = 16, CAPABILITY_MAJOR = 75, CAPABILITY_MINOR = 76;
constexpr int MAX_DYNAMIC_SHARED_SIZE_BYTES = 8;

constexpr int USUAL_SHARED_BYTES = 48 << 10, MOST_SHARED_BYTES = 227 << 10, MOST_THREADS = 1024, MOST_GRID_Y = 65535;
constexpr int NAN_BYTE = 0xff;

struct Function {
  const emulation::Kernel* kernel;
  int sharedBytes = USUAL_SHARED_BYTES;
};

struct Module {
  std::string name;
  std::map<std::string, Function> functions;
};

struct Stream {
  std::deque<std::function<int()>> work;
  bool running = false;
};

struct Event {
  Stream* stream = nullptr;
  uint64_t recorded = 0;
  // Work may reach it after it was destroyed.
  std::shared_ptr<uint64_t> reached = std::make_shared<uint64_t>(0);
};

// Memory of the host: from the heap, or, if other processes may open it, of a file without a name. A page behind such memory counts the processes that have it open. Without
// a file it is another process's.
class Memory {
 public:
  Memory(void* memory) : memory(memory), mapped(0), file(-1) {}
  Memory(void* memory, size_t mapped, int file) : memory(memory), mapped(mapped), file(file) {}
  Memory(Memory&& other) : memory(other.memory), mapped(other.mapped), file(other.file) { other.memory = nullptr; }
  Memory(const Memory&) = delete;
  ~Memory() {
    if (memory == nullptr) return;
    if (!isShared()) {
      std::free(memory);
      return;
    }
    if (file < 0) openings()--;
    munmap(memory, mapped);
    if (file >= 0) ::close(file);
  }

  bool isShared() const { return mapped > 0; }
  int descriptor() const { return file; }
  std::atomic<long>& openings() const { return *reinterpret_cast<std::atomic<long>*>(static_cast<char*>(memory) + mapped - PAGE); }

  static constexpr size_t PAGE = 4096;
  static size_t mapped_for(size_t bytes) { return (bytes + PAGE - 1) / PAGE * PAGE + PAGE; }

 private:
  void* memory;
  size_t mapped;
  int file;
};

struct Run {
  size_t bytes;
  Memory memory;
};

// What stands in the 64 bytes of a CUipcMemHandle.
struct IpcHandle {
  char magic[16];
  long process;
  long file;
  size_t bytes;
};
constexpr char IPC_MAGIC[16] = "ringwood memory";
constexpr size_t IPC_HANDLE_BYTES = 64;

// All of the driver's state. Handles are addresses of what they stand for, and good as long as they are in their set.
struct Driver {
  std::recursive_mutex mutex;
  bool initialized = false;
  // What tests set.
  std::map<std::string, long> settings{{"version", 13000}, {"devices", 1}, {"memory", 4l << 30}, {"kilohertz", 10000}, {"deferred", 0}, {"failing launches", 0}, {"failing call", 0},
                                       {"bytes to device", 0}, {"bytes to host", 0}, {"bytes of others", 0}, {"shared", 0}};
  int contexts = 0;
  int failed = SUCCESS;
  size_t used = 0;
  std::map<uintptr_t, Run> device, opened, pinned, variables;
  Stream usual;  // the one that a null handle stands for
  std::set<std::unique_ptr<Module>> modules;
  std::set<std::unique_ptr<Stream>> streams;
  std::set<std::unique_ptr<Event>> events;

  // Settings that a process is started with: RINGWOOD_EMULATION_DEFERRED=1, RINGWOOD_EMULATION_SHARED=1.
  Driver() {
    if (const char* deferred = std::getenv("RINGWOOD_EMULATION_DEFERRED")) settings["deferred"] = std::atol(deferred);
    if (const char* shared = std::getenv("RINGWOOD_EMULATION_SHARED")) settings["shared"] = std::atol(shared);
  }

  static Driver& get() {
    static Driver& driver = *new Driver();  // outlives the threads that end after main
    return driver;
  }
};

// At the end of a process that is told a folder for it, a file named by its id says how many bytes were copied to the device, to the host, and from devices of others.
__attribute__((destructor)) void tell_counts() {
  const char* folder = std::getenv("RINGWOOD_EMULATION_COUNTS");
  Driver& driver = Driver::get();
  if (folder == nullptr || !driver.initialized) return;
  std::lock_guard<std::recursive_mutex> lock(driver.mutex);
  std::FILE* file = std::fopen((std::string(folder) + "/" + std::to_string(getpid())).c_str(), "w");
  if (file == nullptr) return;
  std::fprintf(file, "%ld %ld %ld", driver.settings["bytes to device"], driver.settings["bytes to host"], driver.settings["bytes of others"]);
  std::fclose(file);
}

thread_local bool current = false;

template <class T>
T* find(std::set<std::unique_ptr<T>>& all, void* handle) {
  for (auto& one : all) {
    if (one.get() == handle) return one.get();
  }
  return nullptr;
}

template <class T>
bool erase(std::set<std::unique_ptr<T>>& all, void* handle) {
  for (auto one = all.begin(); one != all.end(); one++) {
    if (one->get() == handle) {
      all.erase(one);
      return true;
    }
  }
  return false;
}

Stream* stream_of(Driver& driver, void* handle) { return handle == nullptr ? &driver.usual : find(driver.streams, handle); }

bool within(const std::map<uintptr_t, Run>& runs, const void* from, size_t bytes) {
  uintptr_t address = reinterpret_cast<uintptr_t>(from);
  auto run = runs.upper_bound(address);
  if (run == runs.begin()) return false;
  run--;
  return address + bytes <= run->first + run->second.bytes;
}

uintptr_t allocate(std::map<uintptr_t, Run>& runs, size_t bytes, size_t alignment) {
  // Exactly so many bytes, so that AddressSanitizer sees what is touched behind them.
  void* memory = nullptr;
  if (posix_memalign(&memory, alignment, bytes) != 0) std::abort();
  std::memset(memory, NAN_BYTE, bytes);
  uintptr_t address = reinterpret_cast<uintptr_t>(memory);
  runs.emplace(address, Run{bytes, Memory(memory)});
  return address;
}

// Memory of the device that other processes may open.
uintptr_t allocate_shared(std::map<uintptr_t, Run>& runs, size_t bytes) {
  size_t mapped = Memory::mapped_for(bytes);
  int file = memfd_create("ringwood-emulated-device", MFD_CLOEXEC);
  if (file < 0 || ftruncate(file, off_t(mapped)) != 0) std::abort();
  void* memory = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (memory == MAP_FAILED) std::abort();
  std::memset(memory, NAN_BYTE, bytes);
  uintptr_t address = reinterpret_cast<uintptr_t>(memory);
  runs.emplace(address, Run{bytes, Memory(memory, mapped, file)}).first->second.memory.openings() = 0;
  return address;
}

void run_one(Driver& driver, Stream& stream) {
  std::function<int()> work = std::move(stream.work.front());
  stream.work.pop_front();
  stream.running = true;
  int result = driver.failed ? driver.failed : work();
  stream.running = false;
  if (result && !driver.failed) driver.failed = result;
}

// Works on a stream until an event is reached, or never will be as the device has failed. False if the stream waits, maybe by way of others, for itself.
bool reach(Driver& driver, Stream* stream, const uint64_t& reached, uint64_t number) {
  while (reached < number && (stream->running || !stream->work.empty())) {
    if (stream->running) return false;
    run_one(driver, *stream);
  }
  return true;
}

void run_all(Driver& driver, Stream& stream) {
  while (!stream.work.empty()) run_one(driver, stream);
}

void run_all(Driver& driver) {
  run_all(driver, driver.usual);
  for (auto& stream : driver.streams) run_all(driver, *stream);
}

int queue(Driver& driver, Stream& stream, std::function<int()> work) {
  stream.work.push_back(std::move(work));
  if (!driver.settings["deferred"]) run_all(driver, stream);
  return SUCCESS;
}

// A call that needs an initialised driver.
template <class Body>
int initialized(Body body) {
  Driver& driver = Driver::get();
  std::lock_guard<std::recursive_mutex> lock(driver.mutex);
  if (driver.settings["failing call"] > 0 && --driver.settings["failing call"] == 0) return OUT_OF_MEMORY;
  return driver.initialized ? body(driver) : NOT_INITIALIZED;
}

// A call that needs a context on this thread; once a kernel has failed, all of them do.
template <class Body>
int in_context(Body body) {
  return initialized([&](Driver& driver) { return !current ? INVALID_CONTEXT : driver.failed ? driver.failed : body(driver); });
}

std::string name_of_image(const char* image) {
  constexpr const char* MAGIC = "ringwood emulation: ";
  if (std::strncmp(image, MAGIC, std::strlen(MAGIC)) != 0) return "";
  const char* name = image + std::strlen(MAGIC);
  return std::string(name, std::strcspn(name, "\n"));
}

// Kernels of the module attend_f16 are called attend_f16_...; those of states, state_...
// Names in a module begin with the module's, in the singular.
bool belongs(const std::string& name, const std::string& module) { return name.rfind((module.back() == 's' ? module.substr(0, module.size() - 1) : module) + "_", 0) == 0; }

}  // namespace

#define API extern "C" __attribute__((visibility("default"))) int

// For tests: sets a property of the device; the names are those of Driver::settings.
API ringwood_emulation_set(const char* name, long value) {
  Driver& driver = Driver::get();
  std::lock_guard<std::recursive_mutex> lock(driver.mutex);
  if (driver.settings.count(name) == 0) return INVALID_VALUE;
  driver.settings[name] = value;
  driver.failed = SUCCESS;
  return SUCCESS;
}

// For tests: a property, or what was counted: bytes that copies took to the device and to the host.
extern "C" __attribute__((visibility("default"))) long ringwood_emulation_get(const char* name) {
  Driver& driver = Driver::get();
  std::lock_guard<std::recursive_mutex> lock(driver.mutex);
  return driver.settings.count(name) == 0 ? -1 : driver.settings[name];
}

// For tests: contexts, modules, streams, events and runs of memory that are not given back.
API ringwood_emulation_held() {
  Driver& driver = Driver::get();
  std::lock_guard<std::recursive_mutex> lock(driver.mutex);
  return driver.contexts + int(driver.modules.size() + driver.streams.size() + driver.events.size() + driver.device.size() + driver.opened.size() + driver.pinned.size());
}

API cuInit(unsigned) {
  Driver::get().initialized = true;
  return SUCCESS;
}

API cuDriverGetVersion(int* version) {
  *version = int(Driver::get().settings["version"]);
  return SUCCESS;
}

API cuDeviceGetCount(int* count) {
  return initialized([&](Driver& driver) {
    *count = int(driver.settings["devices"]);
    return SUCCESS;
  });
}

API cuDeviceGet(int* device, int ordinal) {
  return initialized([&](Driver& driver) {
    *device = ordinal;
    return ordinal >= 0 && ordinal < driver.settings["devices"] ? SUCCESS : INVALID_DEVICE;
  });
}

API cuDeviceGetName(char* name, int length, int) {
  std::snprintf(name, size_t(length), "emulation on the CPU, no GPU");
  return SUCCESS;
}

API cuDeviceGetAttribute(int* value, int attribute, int) {
  return initialized([&](Driver& driver) {
    switch (attribute) {
      case CLOCK_RATE: *value = int(driver.settings["kilohertz"]); break;
      case MULTIPROCESSOR_COUNT: *value = 4; break;
      case CAPABILITY_MAJOR: *value = 9; break;
      case CAPABILITY_MINOR: *value = 0; break;
      default: return INVALID_VALUE;
    }
    return SUCCESS;
  });
}

API cuDevicePrimaryCtxRetain(void** context, int) {
  return initialized([&](Driver& driver) {
    driver.contexts++;
    *context = &driver;
    return SUCCESS;
  });
}

API cuDevicePrimaryCtxRelease_v2(int) {
  return initialized([&](Driver& driver) {
    if (driver.contexts == 0) return INVALID_CONTEXT;
    if (--driver.contexts == 0) {
      driver.streams.clear();
      driver.events.clear();
      driver.modules.clear();
      driver.device.clear();
      driver.opened.clear();
      driver.pinned.clear();
      driver.used = 0;
    }
    return SUCCESS;
  });
}

API cuCtxSetCurrent(void* context) {
  return initialized([&](Driver& driver) {
    if (context != &driver || driver.contexts == 0) return INVALID_CONTEXT;
    current = true;
    return SUCCESS;
  });
}

API cuMemGetInfo_v2(size_t* free, size_t* total) {
  return in_context([&](Driver& driver) {
    *total = size_t(driver.settings["memory"]);
    *free = *total - driver.used;
    return SUCCESS;
  });
}

API cuMemAlloc_v2(uintptr_t* address, size_t bytes) {
  return in_context([&](Driver& driver) {
    if (bytes == 0) return INVALID_VALUE;
    if (driver.used + bytes > size_t(driver.settings["memory"])) return OUT_OF_MEMORY;
    driver.used += bytes;
    *address = driver.settings["shared"] ? allocate_shared(driver.device, bytes) : allocate(driver.device, bytes, 256);
    return SUCCESS;
  });
}

API cuMemFree_v2(uintptr_t address) {
  return in_context([&](Driver& driver) {
    run_all(driver);
    auto run = driver.device.find(address);
    if (run == driver.device.end()) return INVALID_VALUE;
    // A driver leaves open what happens then.
    if (run->second.memory.isShared() && run->second.memory.openings() > 0) {
      std::fprintf(stderr, "emulation: %zu bytes that another process has open were freed\n", run->second.bytes);
    }
    driver.used -= run->second.bytes;
    driver.device.erase(run);
    return SUCCESS;
  });
}

API cuIpcGetMemHandle(void* handle, uintptr_t address) {
  return in_context([&](Driver& driver) {
    auto run = driver.device.find(address);
    if (run == driver.device.end()) return INVALID_VALUE;
    if (!run->second.memory.isShared()) return NOT_SUPPORTED;
    IpcHandle exported{{}, getpid(), run->second.memory.descriptor(), run->second.bytes};
    std::memcpy(exported.magic, IPC_MAGIC, sizeof IPC_MAGIC);
    std::memset(handle, 0, IPC_HANDLE_BYTES);
    std::memcpy(handle, &exported, sizeof exported);
    return SUCCESS;
  });
}

struct IpcHandleBytes {
  char bytes[IPC_HANDLE_BYTES];
};

API cuIpcOpenMemHandle_v2(uintptr_t* address, IpcHandleBytes handle, unsigned flags) {
  return in_context([&](Driver& driver) {
    IpcHandle exported;
    std::memcpy(&exported, handle.bytes, sizeof exported);
    if (flags != 1 || std::memcmp(exported.magic, IPC_MAGIC, sizeof IPC_MAGIC) != 0) return INVALID_VALUE;
    // A process can't open its own.
    if (exported.process == getpid()) return INVALID_CONTEXT;
    std::string path = "/proc/" + std::to_string(exported.process) + "/fd/" + std::to_string(exported.file);
    int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    if (file < 0) return INVALID_HANDLE;
    size_t mapped = Memory::mapped_for(exported.bytes);
    void* memory = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    ::close(file);
    if (memory == MAP_FAILED) return INVALID_HANDLE;
    *address = reinterpret_cast<uintptr_t>(memory);
    driver.opened.emplace(*address, Run{exported.bytes, Memory(memory, mapped, -1)}).first->second.memory.openings()++;
    return SUCCESS;
  });
}

API cuIpcCloseMemHandle(uintptr_t address) {
  return in_context([&](Driver& driver) {
    run_all(driver);
    auto run = driver.opened.find(address);
    if (run == driver.opened.end()) return INVALID_VALUE;
    driver.opened.erase(run);
    return SUCCESS;
  });
}

API cuMemHostAlloc(void** address, size_t bytes, unsigned) {
  return in_context([&](Driver& driver) {
    *address = reinterpret_cast<void*>(allocate(driver.pinned, bytes, 4096));
    return SUCCESS;
  });
}

API cuMemFreeHost(void* address) {
  return in_context([&](Driver& driver) {
    run_all(driver);
    return driver.pinned.erase(reinterpret_cast<uintptr_t>(address)) == 1 ? SUCCESS : INVALID_VALUE;
  });
}

// Rows on one side of a copy.
struct Side {
  char* memory;
  size_t pitch;
  bool onDevice;

  // A driver also copies other memory of the host, by way of its own; Ringwood means to use pinned memory only.
  bool holds(const Driver& driver, size_t width, size_t height) const {
    size_t bytes = height == 0 ? 0 : (height - 1) * pitch + width;
    return pitch >= width && (onDevice ? within(driver.device, memory, bytes) || within(driver.variables, memory, bytes) : within(driver.pinned, memory, bytes));
  }
};

static int copy(const Side& to, const Side& from, size_t width, size_t height, void* stream) {
  return in_context([&](Driver& driver) {
    Stream* of = stream_of(driver, stream);
    if (of == nullptr) return INVALID_HANDLE;
    if (!to.holds(driver, width, height) || !from.holds(driver, width, height)) return INVALID_VALUE;
    if (to.onDevice != from.onDevice) driver.settings[to.onDevice ? "bytes to device" : "bytes to host"] += long(width * height);
    return queue(driver, *of, [=, &driver] {
      // What was freed meanwhile would be touched.
      if (!to.holds(driver, width, height) || !from.holds(driver, width, height)) return LAUNCH_FAILED;
      for (size_t row = 0; row < height; row++) std::memcpy(to.memory + row * to.pitch, from.memory + row * from.pitch, width);
      return SUCCESS;
    });
  });
}

static Side on_device(uintptr_t address, size_t pitch) { return {reinterpret_cast<char*>(address), pitch, true}; }
static Side on_host(const void* memory, size_t pitch) { return {static_cast<char*>(const_cast<void*>(memory)), pitch, false}; }

API cuMemcpyHtoDAsync_v2(uintptr_t to, const void* from, size_t bytes, void* stream) {
  return copy(on_device(to, bytes), on_host(from, bytes), bytes, 1, stream);
}

// From memory of other processes, too.
API cuMemcpyDtoDAsync_v2(uintptr_t to, uintptr_t from, size_t bytes, void* stream) {
  return in_context([&](Driver& driver) {
    Stream* of = stream_of(driver, stream);
    if (of == nullptr) return INVALID_HANDLE;
    const void* source = reinterpret_cast<const void*>(from);
    void* target = reinterpret_cast<void*>(to);
    bool foreign = within(driver.opened, source, bytes);
    if (!within(driver.device, target, bytes) || !(foreign || within(driver.device, source, bytes))) return INVALID_VALUE;
    if (foreign) driver.settings["bytes of others"] += long(bytes);
    return queue(driver, *of, [=, &driver] {
      if (!within(driver.device, target, bytes) || !(within(driver.opened, source, bytes) || within(driver.device, source, bytes))) return LAUNCH_FAILED;
      std::memcpy(target, source, bytes);
      return SUCCESS;
    });
  });
}

API cuMemcpyDtoHAsync_v2(void* to, uintptr_t from, size_t bytes, void* stream) { return copy(on_host(to, bytes), on_device(from, bytes), bytes, 1, stream); }

// CUDA_MEMCPY2D of cuda.h.
struct Copy2d {
  struct End {
    size_t xInBytes, y;
    int memoryType;
    void* host;
    uintptr_t device;
    void* array;
    size_t pitch;

    bool known() const { return xInBytes == 0 && y == 0 && array == nullptr && (memoryType == 1 || memoryType == 2); }
    Side side() const { return memoryType == 2 ? on_device(device, pitch) : on_host(host, pitch); }
  } source, target;
  size_t width, height;
};

API cuMemcpy2DAsync_v2(const Copy2d* what, void* stream) {
  if (!what->source.known() || !what->target.known()) return INVALID_VALUE;
  return copy(what->target.side(), what->source.side(), what->width, what->height, stream);
}

// The check without a JVM uses these, with memory of any kind.
static int copy_now(void* to, const void* from, size_t bytes, const void* onDevice) {
  return in_context([&](Driver& driver) {
    if (!within(driver.device, onDevice, bytes) && !within(driver.variables, onDevice, bytes)) return INVALID_VALUE;
    run_all(driver);
    std::memcpy(to, from, bytes);
    return driver.failed;
  });
}

API cuMemcpyHtoD_v2(uintptr_t to, const void* from, size_t bytes) { return copy_now(reinterpret_cast<void*>(to), from, bytes, reinterpret_cast<void*>(to)); }
API cuMemcpyDtoH_v2(void* to, uintptr_t from, size_t bytes) { return copy_now(to, reinterpret_cast<void*>(from), bytes, reinterpret_cast<void*>(from)); }

API cuCtxSynchronize() {
  return in_context([&](Driver& driver) {
    run_all(driver);
    return driver.failed;
  });
}

API cuStreamCreate(void** stream, unsigned) {
  return in_context([&](Driver& driver) {
    *stream = driver.streams.insert(std::make_unique<Stream>()).first->get();
    return SUCCESS;
  });
}

API cuStreamDestroy_v2(void* stream) {
  return in_context([&](Driver& driver) {
    Stream* of = find(driver.streams, stream);
    if (of == nullptr) return INVALID_HANDLE;
    run_all(driver, *of);
    erase(driver.streams, stream);
    return driver.failed;
  });
}

API cuStreamSynchronize(void* stream) {
  return in_context([&](Driver& driver) {
    Stream* of = find(driver.streams, stream);
    if (of == nullptr) return INVALID_HANDLE;
    run_all(driver, *of);
    return driver.failed;
  });
}

API cuEventCreate(void** event, unsigned) {
  return in_context([&](Driver& driver) {
    *event = driver.events.insert(std::make_unique<Event>()).first->get();
    return SUCCESS;
  });
}

API cuEventDestroy_v2(void* event) {
  return in_context([&](Driver& driver) {
    return erase(driver.events, event) ? driver.failed : INVALID_HANDLE;
  });
}

API cuEventRecord(void* event, void* stream) {
  return in_context([&](Driver& driver) {
    Event* of = find(driver.events, event);
    Stream* in = stream_of(driver, stream);
    if (of == nullptr || in == nullptr) return INVALID_HANDLE;
    of->stream = in;
    uint64_t number = ++of->recorded;
    return queue(driver, *in, [reached = of->reached, number] {
      *reached = number;
      return SUCCESS;
    });
  });
}

API cuStreamWaitEvent(void* stream, void* event, unsigned) {
  return in_context([&](Driver& driver) {
    Stream* in = stream_of(driver, stream);
    Event* of = find(driver.events, event);
    if (in == nullptr || of == nullptr) return INVALID_HANDLE;
    if (of->recorded == 0) return SUCCESS;
    return queue(driver, *in, [&driver, source = of->stream, reached = of->reached, number = of->recorded] {
      if (reach(driver, source, *reached, number)) return SUCCESS;
      std::fprintf(stderr, "emulated GPU: streams wait for each other\n");
      return LAUNCH_FAILED;
    });
  });
}

API cuEventSynchronize(void* event) {
  return in_context([&](Driver& driver) {
    Event* of = find(driver.events, event);
    if (of == nullptr) return INVALID_HANDLE;
    reach(driver, of->stream, *of->reached, of->recorded);
    return driver.failed;
  });
}

// Instead of code, an image names one of the sources of kernels that this library was made with.
API cuModuleLoadData(void** module, const void* image) {
  return in_context([&](Driver& driver) {
    std::string name = name_of_image(static_cast<const char*>(image));
    if (name.empty()) return std::memcmp(image, "\177ELF", 4) == 0 ? NO_BINARY_FOR_GPU : INVALID_IMAGE;
    auto loaded = std::make_unique<Module>();
    loaded->name = name;
    *module = driver.modules.insert(std::move(loaded)).first->get();
    return SUCCESS;
  });
}

API cuModuleUnload(void* module) {
  return in_context([&](Driver& driver) {
    run_all(driver);
    return erase(driver.modules, module) ? SUCCESS : INVALID_HANDLE;
  });
}

API cuModuleGetFunction(void** function, void* module, const char* name) {
  return in_context([&](Driver& driver) {
    Module* of = find(driver.modules, module);
    if (of == nullptr) return INVALID_HANDLE;
    const emulation::Kernel* kernel = emulation::find(name);
    if (kernel == nullptr || !belongs(name, of->name)) return NOT_FOUND;
    *function = &of->functions.insert({name, {kernel}}).first->second;
    return SUCCESS;
  });
}

API cuModuleGetGlobal_v2(uintptr_t* address, size_t* bytes, void* module, const char* name) {
  return in_context([&](Driver& driver) {
    Module* of = find(driver.modules, module);
    if (of == nullptr) return INVALID_HANDLE;
    Dl_info own, found;
    dladdr(reinterpret_cast<void*>(&cuInit), &own);
    void* library = dlopen(own.dli_fname, RTLD_NOW | RTLD_NOLOAD);
    void* variable = dlsym(library, name);
    dlclose(library);
    const ElfW(Sym)* symbol = nullptr;
    if (variable == nullptr || !belongs(name, of->name)) return NOT_FOUND;
    dladdr1(variable, &found, const_cast<void**>(reinterpret_cast<const void**>(&symbol)), RTLD_DL_SYMENT);
    *address = reinterpret_cast<uintptr_t>(variable);
    *bytes = symbol->st_size;
    driver.variables.emplace(*address, Run{*bytes, Memory(nullptr)});
    return SUCCESS;
  });
}

API cuFuncSetAttribute(void* function, int attribute, int value) {
  return in_context([&](Driver&) {
    if (attribute != MAX_DYNAMIC_SHARED_SIZE_BYTES || value < 0 || value > MOST_SHARED_BYTES) return INVALID_VALUE;
    static_cast<Function*>(function)->sharedBytes = value;
    return SUCCESS;
  });
}

API cuOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, void*, int threads, size_t sharedBytes) {
  return in_context([&](Driver&) {
    *blocks = std::min(2048 / threads, int(MOST_SHARED_BYTES / std::max<size_t>(sharedBytes, 1)));
    return SUCCESS;
  });
}

API cuLaunchKernel(void* function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX, unsigned blockY, unsigned blockZ, unsigned sharedBytes, void* stream,
                   void** parameters, void** extra) {
  return in_context([&](Driver& driver) {
    Stream* of = stream_of(driver, stream);
    auto* launched = static_cast<Function*>(function);
    if (of == nullptr || launched == nullptr) return INVALID_HANDLE;
    uint64_t threads = uint64_t(blockX) * blockY * blockZ;
    if (gridX == 0 || gridY == 0 || gridZ == 0 || gridY > MOST_GRID_Y || gridZ > MOST_GRID_Y || threads == 0 || threads > MOST_THREADS) return INVALID_VALUE;
    if (int(sharedBytes) > launched->sharedBytes || extra != nullptr) return INVALID_VALUE;
    const emulation::Kernel* kernel = launched->kernel;
    // The caller's memory is read now.
    auto values = std::make_shared<std::vector<std::vector<char>>>();
    for (int i = 0; i < kernel->parameters; i++) {
      const char* value = static_cast<const char*>(parameters[i]);
      values->emplace_back(value, value + kernel->sizes[i]);
    }
    return queue(driver, *of, [=, &driver] {
      if (driver.settings["failing launches"] > 0) {
        driver.settings["failing launches"]--;
        return LAUNCH_FAILED;
      }
      std::vector<void*> addresses;
      for (auto& value : *values) addresses.push_back(value.data());
      std::string error = emulation::run(*kernel, {gridX, gridY, gridZ}, {blockX, blockY, blockZ}, sharedBytes, addresses.data());
      if (error.empty()) return SUCCESS;
      std::fprintf(stderr, "emulated GPU: %s: %s\n", kernel->name, error.c_str());
      return LAUNCH_FAILED;
    });
  });
}

API cuGetErrorName(int result, const char** name) {
  *name = result == SUCCESS ? "CUDA_SUCCESS" : result == OUT_OF_MEMORY ? "CUDA_ERROR_OUT_OF_MEMORY" : "an error; see driver.cpp";
  return SUCCESS;
}
