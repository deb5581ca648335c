// The few calls of NVIDIA's driver that the check needs, found in libcuda.so.1 when it runs, so that it is built where no driver is, and runs on
// whatever calls itself so.
#pragma once

#include <cuda.h>
#include <dlfcn.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

[[noreturn]] inline void fail(const std::string& what) {
  std::fprintf(stderr, "gpu-check: %s\n", what.c_str());
  std::exit(2);
}

class Driver {
 public:
  static Driver& get() {
    static Driver driver;
    return driver;
  }

  // Calls a function of the driver; ends the program if it fails.
  template <class... Args>
  void call(const char* name, Args... args) {
    CUresult result = attempt(name, args...);
    if (result == CUDA_SUCCESS) return;
    const char* text = "?";
    attempt("cuGetErrorName", result, &text);
    fail(std::string(name) + " answers " + text);
  }

  template <class... Args>
  CUresult attempt(const char* name, Args... args) {
    void* function = dlsym(library_, name);
    if (function == nullptr) fail(std::string("libcuda.so.1 has no ") + name);
    return reinterpret_cast<CUresult (*)(Args...)>(function)(args...);
  }

  int attribute(CUdevice_attribute which) {
    int value = 0;
    call("cuDeviceGetAttribute", &value, which, device_);
    return value;
  }

  std::string name() {
    char text[256] = "";
    call("cuDeviceGetName", text, 256, device_);
    return text;
  }

  size_t free_memory() {
    size_t free = 0, total = 0;
    call("cuMemGetInfo_v2", &free, &total);
    return free;
  }

  int capability() {
    return attribute(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR) * 10 + attribute(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
  }

  void synchronize() { call("cuCtxSynchronize"); }

 private:
  Driver() : library_(dlopen("libcuda.so.1", RTLD_NOW)) {
    if (library_ == nullptr) fail("the NVIDIA driver's library libcuda.so.1 can't be loaded");
    call("cuInit", 0u);
    call("cuDeviceGet", &device_, 0);
    CUcontext context;
    call("cuDevicePrimaryCtxRetain", &context, device_);
    call("cuCtxSetCurrent", context);
  }

  void* library_;
  CUdevice device_ = 0;
};

// Device memory of exactly so many bytes, so that a sanitizer sees what lies behind.
class Memory {
 public:
  explicit Memory(size_t bytes) : bytes_(bytes) {
    if (bytes > 0) Driver::get().call("cuMemAlloc_v2", &address_, bytes);
  }

  template <class T>
  explicit Memory(const std::vector<T>& content) : Memory(content.size() * sizeof(T)) {
    put(content.data(), bytes_, 0);
  }

  Memory(Memory&& other) noexcept : address_(other.address_), bytes_(other.bytes_) { other.address_ = 0; }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  ~Memory() {
    if (address_ != 0) Driver::get().call("cuMemFree_v2", address_);
  }

  uint64_t address() const { return address_; }
  size_t bytes() const { return bytes_; }

  void put(const void* from, size_t bytes, size_t at) {
    if (bytes > 0) Driver::get().call("cuMemcpyHtoD_v2", CUdeviceptr(address_ + at), from, bytes);
  }

  template <class T>
  std::vector<T> content() const {
    std::vector<T> all(bytes_ / sizeof(T));
    if (bytes_ > 0) Driver::get().call("cuMemcpyDtoH_v2", static_cast<void*>(all.data()), address_, bytes_);
    return all;
  }

 private:
  CUdeviceptr address_ = 0;
  size_t bytes_;
};
