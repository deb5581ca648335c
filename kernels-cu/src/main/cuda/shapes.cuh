// Block shapes of all kernels, per architecture, in one table.
#pragma once

#include "call.cuh"

namespace ringwood {

constexpr int CONTROL_BYTES = 256;

// Tensor cores: warps along the queries, each with some tiles of 16 of them, and warps along the keys.
struct TensorShape {
  int dim, warpsM, tilesM, warpsN, keysN, blocks;

  constexpr int queries() const { return warpsM * tilesM * 16; }
  constexpr int keys() const { return warpsN * keysN; }
  constexpr int threads() const { return warpsM * warpsN * 32; }
  // A row is 16 bytes longer than its elements: an odd multiple of 16, so that the 8 rows of an ldmatrix lie in different banks.
  constexpr int rowBytes() const { return dim * 2 + 16; }
  constexpr int tileBytes() const { return (queries() + 2 * keys()) * rowBytes(); }
  constexpr int recordBytes() const { return warpsN * queries() * (dim + 2) * 4; }
  // Behind both lie the flags of NotFinite, and a Control.
  constexpr int sharedBytes() const { return (tileBytes() > recordBytes() ? tileBytes() : recordBytes()) + queries() * (dim / 16) * 4 + CONTROL_BYTES; }
  // A bit for each weight of a tile, in front of the flags.
  constexpr int keptBytes() const { return queries() * keys() / 8; }
};

// Plain f32: 16 x 16 threads, each with some rows.
struct FloatShape {
  int dim, rowsPerThread, keys, blocks;

  constexpr int queries() const { return 16 * rowsPerThread; }
  constexpr int threads() const { return 256; }
  constexpr int rowFloats() const { return dim + 4; }
  constexpr int weightFloats() const { return keys + 4; }
  constexpr int tileBytes() const { return ((queries() + 2 * keys) * rowFloats() + queries() * weightFloats()) * 4; }
  constexpr int recordBytes() const { return queries() * (dim + 2) * 4; }
  // Behind both lie the flags of NotFinite, and a Control.
  constexpr int sharedBytes() const { return (tileBytes() > recordBytes() ? tileBytes() : recordBytes()) + queries() * (dim / 16) * 4 + CONTROL_BYTES; }
  // A bit for each weight of a tile, in front of the flags.
  constexpr int keptBytes() const { return queries() * keys / 8; }
};

// Gradients by plain f32: 16 x 16 threads, each with some rows of the owned tensor; tiles of `walked` rows of the other side.
struct FloatGradientShape {
  int dim, rowsPerThread, walked, blocks;

  constexpr int owned() const { return 16 * rowsPerThread; }
  constexpr int threads() const { return 256; }
  constexpr int rowFloats() const { return dim + 4; }
  constexpr int weightFloats() const { return walked + 4; }
  // Two tensors of either side, the weights, log-sum-exp and delta of two tiles, and a GradientWalk.
  constexpr int sharedBytes() const {
    return ((2 * owned() + 2 * walked) * rowFloats() + owned() * weightFloats() + 4 * walked) * 4 + CONTROL_BYTES;
  }
  // A bit for each weight of a tile, in front of the GradientWalk.
  constexpr int keptBytes() const { return owned() * walked / 8; }
};

// Gradients on tensor cores: warps that each own some tiles of 16 rows.
struct TensorGradientShape {
  int dim, warps, tilesM, walked, blocks;

  constexpr int owned() const { return warps * tilesM * 16; }
  constexpr int threads() const { return warps * 32; }
  constexpr int rowBytes() const { return dim * 2 + 16; }
  // Two tensors of either side, log-sum-exp and delta of two tiles, and a GradientWalk.
  constexpr int sharedBytes() const { return (2 * owned() + 2 * walked) * rowBytes() + 4 * walked * 4 + CONTROL_BYTES; }
  // A bit for each weight of a tile, in front of the GradientWalk.
  constexpr int keptBytes() const { return owned() * walked / 8; }
};

// sm_80's code also runs on 8.6 and 8.9, which like 12.0 have 99 KiB for a block; 9.0 and 10.0 have 227.
#if defined(__CUDA_ARCH__) && (__CUDA_ARCH__ < 900 || __CUDA_ARCH__ >= 1200)
#define RINGWOOD_SMALL_SHARED 1
#else
#define RINGWOOD_SMALL_SHARED 0
#endif

// Two tiles of 16 queries a warp halve the reads of keys and values from shared memory, which would bound mma.sync on sm_90; at dims
// of 192 and more the registers don't hold their outputs.
constexpr TensorShape MANY[] = {
//  dim  warpsM  tilesM  warpsN  keysN  blocks per multiprocessor
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 1000
    // The code for 10.0 and 12.0 takes a few more registers.
    {64, 4, 2, 1, 96, 2},
    {96, 4, 2, 1, 64, 2},
    {128, 4, 2, 1, 48, 2},
#else
    {64, 4, 2, 1, 128, 2},
    {96, 4, 2, 1, 64, 2},
    {128, 4, 2, 1, 64, 2},
#endif
#if RINGWOOD_SMALL_SHARED
    {192, 4, 1, 1, 64, 1},
    {256, 4, 1, 1, 32, 1},
#else
    {192, 8, 1, 1, 64, 1},
    {256, 8, 1, 1, 64, 1},
#endif
};

// Dropout has kernels of these dims alone: few models that are trained have others, and every kernel takes time to build and room in the jar.
constexpr int DROPOUT_DIMS[] = {64, 128, 256};

// What says which weights are kept takes some registers, too.
constexpr TensorShape DROPOUT_MANY[] = {
    {64, 4, 2, 1, 96, 2},
    {128, 4, 2, 1, 32, 2},
#if RINGWOOD_SMALL_SHARED
    {256, 4, 1, 1, 32, 1},
#else
    {256, 8, 1, 1, 64, 1},
#endif
};

// Few queries: the warps share the keys, and enough blocks are resident to keep the memory busy.
constexpr TensorShape FEW[] = {
    {64, 1, 1, 4, 32, 3},
    {96, 1, 1, 4, 32, 2},
    {128, 1, 1, 4, 32, 3},
    {192, 1, 1, 4, 16, 2},
    {256, 1, 1, 4, 16, 2},
};

constexpr FloatShape FLOAT_MANY[] = {
    //  dim  rowsPerThread  keys  blocks per multiprocessor
    {64, 4, 64, 2},
#if RINGWOOD_SMALL_SHARED
    {128, 4, 32, 1},
    {192, 2, 32, 1},
    {256, 2, 16, 1},
#else
    {128, 4, 32, 2},
    {192, 4, 32, 1},
    {256, 4, 32, 1},
#endif
};

constexpr FloatShape FLOAT_FEW[] = {
    {64, 1, 64, 2},
    {128, 1, 32, 2},
    {192, 1, 32, 1},
    {256, 1, 32, 1},
};

// As for MANY, two tiles of 16 rows a warp as long as the registers hold their sums.
constexpr TensorGradientShape TENSOR_GRADIENTS[] = {
    //  dim  warps  tilesM  walked  blocks per multiprocessor
    {64, 4, 2, 64, 2},
    {96, 4, 2, 32, 2},
    {128, 4, 2, 32, 2},
    {192, 4, 1, 32, 2},
#if RINGWOOD_SMALL_SHARED
    {256, 4, 1, 16, 1},
#else
    {256, 4, 1, 32, 2},
#endif
};

// With dropout; see DROPOUT_MANY.
constexpr TensorGradientShape DROPOUT_GRADIENTS[] = {
    {64, 4, 2, 32, 2},
    {128, 4, 2, 32, 2},
#if RINGWOOD_SMALL_SHARED
    {256, 4, 1, 16, 1},
#else
    {256, 4, 1, 32, 2},
#endif
};

constexpr FloatGradientShape FLOAT_GRADIENTS[] = {
    //  dim  rowsPerThread  walked  blocks per multiprocessor
    {64, 4, 32, 2},
#if RINGWOOD_SMALL_SHARED
    {128, 4, 16, 1},
    {192, 2, 16, 1},
    {256, 1, 16, 1},
#else
    {128, 4, 32, 2},
    {192, 4, 16, 1},
    {256, 2, 16, 2},
#endif
};

template <class Shape, int N>
constexpr int index_of(const Shape (&table)[N], int dim) {
  int i = 0;
  while (table[i].dim != dim) i++;
  return i;
}

// The same tables as types. (The tables of host and device passes differ, so kernels must not be templates on a shape's values.)
template <int DIM, bool FEW_QUERIES, bool DROPOUT>
struct Tensor {
  static constexpr TensorShape SHAPE =
      FEW_QUERIES ? FEW[index_of(FEW, DIM)] : DROPOUT ? DROPOUT_MANY[index_of(DROPOUT_MANY, DROPOUT ? DIM : 64)] : MANY[index_of(MANY, DIM)];
};

template <int DIM, bool FEW_QUERIES>
struct Float {
  static constexpr FloatShape SHAPE =
      FEW_QUERIES ? FLOAT_FEW[index_of(FLOAT_FEW, DIM)] : FLOAT_MANY[index_of(FLOAT_MANY, DIM)];
};

template <int DIM>
struct FloatGradientTable {
  static constexpr FloatGradientShape SHAPE = FLOAT_GRADIENTS[index_of(FLOAT_GRADIENTS, DIM)];
};

template <int DIM, bool DROPOUT>
struct TensorGradientTable {
  static constexpr TensorGradientShape SHAPE =
      DROPOUT ? DROPOUT_GRADIENTS[index_of(DROPOUT_GRADIENTS, DROPOUT ? DIM : 64)] : TENSOR_GRADIENTS[index_of(TENSOR_GRADIENTS, DIM)];
};

constexpr BlockShape described(const TensorGradientShape& s) {
  return {s.dim, s.owned(), s.walked, s.threads(), s.sharedBytes()};
}

constexpr BlockShape described(const FloatGradientShape& s) {
  return {s.dim, s.owned(), s.walked, s.threads(), s.sharedBytes()};
}

constexpr BlockShape described(const TensorShape& s) {
  return {s.dim, s.queries(), s.keys(), s.threads(), s.sharedBytes()};
}

constexpr BlockShape described(const FloatShape& s) {
  return {s.dim, s.queries(), s.keys, s.threads(), s.sharedBytes()};
}

// The i-th shape with dropout.
template <class Shape, int N>
constexpr BlockShape described_with_dropout(const Shape (&table)[N], int i) {
  const Shape& s = table[index_of(table, DROPOUT_DIMS[i])];
  BlockShape shape = described(s);
  shape.sharedBytes += s.keptBytes();
  return shape;
}

}  // namespace ringwood
