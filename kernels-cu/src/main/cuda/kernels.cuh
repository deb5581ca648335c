// Kernels and tables by name: for each element type, for many and for few queries, one kernel for every dim of the table, attend_TYPE_dDIM_many and
// ..._few; and the table itself in the variables attend_TYPE_many and ..._few, for the host to choose from. With dropout attend_dropout_TYPE takes the place of attend_TYPE:
// these are kernels of their own, so that attention without it is what it was.
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

#define RINGWOOD_TENSOR_KERNEL(NAME, ELEMENT, DIM, USE, FEW, DROPOUT)                                                     \
  using Table_##NAME##_d##DIM##_##USE = ringwood::Tensor<DIM, FEW, DROPOUT>;                                             \
  using Attention_##NAME##_d##DIM##_##USE = ringwood::TensorAttention<ELEMENT, Table_##NAME##_d##DIM##_##USE, DROPOUT>;  \
  RINGWOOD_ATTEND_KERNEL(NAME##_d##DIM##_##USE, Table_##NAME##_d##DIM##_##USE, Attention_##NAME##_d##DIM##_##USE)

#define RINGWOOD_FLOAT_KERNEL(NAME, DIM, USE, FEW, DROPOUT)                                                    \
  using Table_##NAME##_d##DIM##_##USE = ringwood::Float<DIM, FEW>;                                             \
  using Attention_##NAME##_d##DIM##_##USE = ringwood::FloatAttention<Table_##NAME##_d##DIM##_##USE, DROPOUT>;  \
  RINGWOOD_ATTEND_KERNEL(NAME##_d##DIM##_##USE, Table_##NAME##_d##DIM##_##USE, Attention_##NAME##_d##DIM##_##USE)

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

#define RINGWOOD_DROPOUT_TABLE(NAME, TABLE)                                                                                               \
  extern "C" {                                                                                                                            \
  __constant__ ringwood::BlockShape NAME[] = {ringwood::described_with_dropout(TABLE, 0), ringwood::described_with_dropout(TABLE, 1),     \
                                              ringwood::described_with_dropout(TABLE, 2)};                                                \
  }

#define RINGWOOD_TENSOR_KERNELS(TYPE, ELEMENT)                               \
  RINGWOOD_TENSOR_TABLE(attend_##TYPE##_many, ringwood::MANY)                \
  RINGWOOD_TENSOR_TABLE(attend_##TYPE##_few, ringwood::FEW)                  \
  RINGWOOD_TENSOR_KERNEL(attend_##TYPE, ELEMENT, 64, many, false, false);    \
  RINGWOOD_TENSOR_KERNEL(attend_##TYPE, ELEMENT, 96, many, false, false);    \
  RINGWOOD_TENSOR_KERNEL(attend_##TYPE, ELEMENT, 128, many, false, false);   \
  RINGWOOD_TENSOR_KERNEL(attend_##TYPE, ELEMENT, 192, many, false, false);   \
  RINGWOOD_TENSOR_KERNEL(attend_##TYPE, ELEMENT, 256, many, false, false);   \
  RINGWOOD_TENSOR_KERNEL(attend_##TYPE, ELEMENT, 64, few, true, false);      \
  RINGWOOD_TENSOR_KERNEL(attend_##TYPE, ELEMENT, 96, few, true, false);      \
  RINGWOOD_TENSOR_KERNEL(attend_##TYPE, ELEMENT, 128, few, true, false);     \
  RINGWOOD_TENSOR_KERNEL(attend_##TYPE, ELEMENT, 192, few, true, false);     \
  RINGWOOD_TENSOR_KERNEL(attend_##TYPE, ELEMENT, 256, few, true, false);

#define RINGWOOD_TENSOR_DROPOUT_KERNELS(TYPE, ELEMENT)                              \
  RINGWOOD_DROPOUT_TABLE(attend_dropout_##TYPE##_many, ringwood::DROPOUT_MANY)      \
  RINGWOOD_DROPOUT_TABLE(attend_dropout_##TYPE##_few, ringwood::FEW)                \
  RINGWOOD_TENSOR_KERNEL(attend_dropout_##TYPE, ELEMENT, 64, many, false, true);    \
  RINGWOOD_TENSOR_KERNEL(attend_dropout_##TYPE, ELEMENT, 128, many, false, true);   \
  RINGWOOD_TENSOR_KERNEL(attend_dropout_##TYPE, ELEMENT, 256, many, false, true);   \
  RINGWOOD_TENSOR_KERNEL(attend_dropout_##TYPE, ELEMENT, 64, few, true, true);      \
  RINGWOOD_TENSOR_KERNEL(attend_dropout_##TYPE, ELEMENT, 128, few, true, true);     \
  RINGWOOD_TENSOR_KERNEL(attend_dropout_##TYPE, ELEMENT, 256, few, true, true);

#define RINGWOOD_FLOAT_KERNELS                                    \
  RINGWOOD_FLOAT_TABLE(attend_f32_many, ringwood::FLOAT_MANY)     \
  RINGWOOD_FLOAT_TABLE(attend_f32_few, ringwood::FLOAT_FEW)       \
  RINGWOOD_FLOAT_KERNEL(attend_f32, 64, many, false, false);      \
  RINGWOOD_FLOAT_KERNEL(attend_f32, 128, many, false, false);     \
  RINGWOOD_FLOAT_KERNEL(attend_f32, 192, many, false, false);     \
  RINGWOOD_FLOAT_KERNEL(attend_f32, 256, many, false, false);     \
  RINGWOOD_FLOAT_KERNEL(attend_f32, 64, few, true, false);        \
  RINGWOOD_FLOAT_KERNEL(attend_f32, 128, few, true, false);       \
  RINGWOOD_FLOAT_KERNEL(attend_f32, 192, few, true, false);       \
  RINGWOOD_FLOAT_KERNEL(attend_f32, 256, few, true, false);

#define RINGWOOD_FLOAT_DROPOUT_KERNELS                                      \
  RINGWOOD_DROPOUT_TABLE(attend_dropout_f32_many, ringwood::FLOAT_MANY)     \
  RINGWOOD_DROPOUT_TABLE(attend_dropout_f32_few, ringwood::FLOAT_FEW)       \
  RINGWOOD_FLOAT_KERNEL(attend_dropout_f32, 64, many, false, true);         \
  RINGWOOD_FLOAT_KERNEL(attend_dropout_f32, 128, many, false, true);        \
  RINGWOOD_FLOAT_KERNEL(attend_dropout_f32, 256, many, false, true);        \
  RINGWOOD_FLOAT_KERNEL(attend_dropout_f32, 64, few, true, true);           \
  RINGWOOD_FLOAT_KERNEL(attend_dropout_f32, 128, few, true, true);          \
  RINGWOOD_FLOAT_KERNEL(attend_dropout_f32, 256, few, true, true);
