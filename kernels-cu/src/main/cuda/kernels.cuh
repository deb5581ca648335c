// Kernels and tables by name: for each element type, for many and for few queries, one kernel for every dim of the table, attend_TYPE_dDIM_many and
// ..._few; and the table itself in the variables attend_TYPE_many and ..._few, for the host to choose from.
#pragma once

#include "shapes.cuh"
#include "units.cuh"

#define RINGWOOD_ATTEND_KERNEL(NAME, TABLE, ATTENTION)                                                                \
  extern "C" __global__ void __launch_bounds__(TABLE::SHAPE.threads(), TABLE::SHAPE.blocks)                           \
      NAME(const __grid_constant__ ringwood::AttendCall call) {                                                       \
    RINGWOOD_SHARED(shared);                                                                                          \
    ringwood::attend_units<ATTENTION>(call, shared);                                                        \
  }                                                                                                                   \
  RINGWOOD_KERNEL(NAME)

#define RINGWOOD_TENSOR_KERNEL(TYPE, ELEMENT, DIM, USE, FEW)                                \
  using Table_##TYPE##_d##DIM##_##USE = ringwood::Tensor<DIM, FEW>;                         \
  using Attention_##TYPE##_d##DIM##_##USE = ringwood::TensorAttention<ELEMENT, Table_##TYPE##_d##DIM##_##USE>; \
  RINGWOOD_ATTEND_KERNEL(attend_##TYPE##_d##DIM##_##USE, Table_##TYPE##_d##DIM##_##USE, Attention_##TYPE##_d##DIM##_##USE)

#define RINGWOOD_FLOAT_KERNEL(DIM, USE, FEW)                                  \
  using Table_f32_d##DIM##_##USE = ringwood::Float<DIM, FEW>;                 \
  using Attention_f32_d##DIM##_##USE = ringwood::FloatAttention<Table_f32_d##DIM##_##USE>; \
  RINGWOOD_ATTEND_KERNEL(attend_f32_d##DIM##_##USE, Table_f32_d##DIM##_##USE, Attention_f32_d##DIM##_##USE)

#define RINGWOOD_TENSOR_TABLE(NAME, TABLE)                                                                             \
  extern "C" {                                                                                                         \
  __constant__ ringwood::BlockShape NAME[] = {ringwood::described(TABLE[0]), ringwood::described(TABLE[1]),            \
                                              ringwood::described(TABLE[2]), ringwood::described(TABLE[3]),            \
                                              ringwood::described(TABLE[4])};                                          \
  }

#define RINGWOOD_FLOAT_TABLE(NAME, TABLE)                                                                              \
  extern "C" {                                                                                                         \
  __constant__ ringwood::BlockShape NAME[] = {ringwood::described(TABLE[0]), ringwood::described(TABLE[1]),            \
                                              ringwood::described(TABLE[2]), ringwood::described(TABLE[3])};           \
  }

#define RINGWOOD_TENSOR_KERNELS(TYPE, ELEMENT)                \
  RINGWOOD_TENSOR_TABLE(attend_##TYPE##_many, ringwood::MANY) \
  RINGWOOD_TENSOR_TABLE(attend_##TYPE##_few, ringwood::FEW)   \
  RINGWOOD_TENSOR_KERNEL(TYPE, ELEMENT, 64, many, false);     \
  RINGWOOD_TENSOR_KERNEL(TYPE, ELEMENT, 96, many, false);     \
  RINGWOOD_TENSOR_KERNEL(TYPE, ELEMENT, 128, many, false);    \
  RINGWOOD_TENSOR_KERNEL(TYPE, ELEMENT, 192, many, false);    \
  RINGWOOD_TENSOR_KERNEL(TYPE, ELEMENT, 256, many, false);    \
  RINGWOOD_TENSOR_KERNEL(TYPE, ELEMENT, 64, few, true);       \
  RINGWOOD_TENSOR_KERNEL(TYPE, ELEMENT, 96, few, true);       \
  RINGWOOD_TENSOR_KERNEL(TYPE, ELEMENT, 128, few, true);      \
  RINGWOOD_TENSOR_KERNEL(TYPE, ELEMENT, 192, few, true);      \
  RINGWOOD_TENSOR_KERNEL(TYPE, ELEMENT, 256, few, true);

#define RINGWOOD_FLOAT_KERNELS                                  \
  RINGWOOD_FLOAT_TABLE(attend_f32_many, ringwood::FLOAT_MANY)   \
  RINGWOOD_FLOAT_TABLE(attend_f32_few, ringwood::FLOAT_FEW)     \
  RINGWOOD_FLOAT_KERNEL(64, many, false);                       \
  RINGWOOD_FLOAT_KERNEL(128, many, false);                      \
  RINGWOOD_FLOAT_KERNEL(192, many, false);                      \
  RINGWOOD_FLOAT_KERNEL(256, many, false);                      \
  RINGWOOD_FLOAT_KERNEL(64, few, true);                         \
  RINGWOOD_FLOAT_KERNEL(128, few, true);                        \
  RINGWOOD_FLOAT_KERNEL(192, few, true);                        \
  RINGWOOD_FLOAT_KERNEL(256, few, true);
