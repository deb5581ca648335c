// Kernels and tables of gradients by name: for each element type and each dim of its table the kernels gradient_TYPE_dDIM_queries, ..._keys and ..._values,
// whose blocks have one shape, which is in the variable gradient_TYPE_shapes. With dropout gradient_dropout_TYPE takes the place of gradient_TYPE.
#pragma once

#include "gradient_walk.cuh"
#include "shapes.cuh"

#define RINGWOOD_GRADIENT_KERNEL(NAME, TABLE, ...)                                          \
  extern "C" __global__ void __launch_bounds__(TABLE::SHAPE.threads(), TABLE::SHAPE.blocks) \
      NAME(const __grid_constant__ ringwood::GradientCall call) {                           \
    RINGWOOD_SHARED(shared);                                                                \
    ringwood::add_gradients<__VA_ARGS__>(call, shared);                                     \
  }                                                                                         \
  RINGWOOD_KERNEL(NAME)

#define RINGWOOD_FLOAT_GRADIENT(NAME, DIM, USE, OF, DROPOUT)                                \
  RINGWOOD_GRADIENT_KERNEL(NAME##_d##DIM##_##USE, ringwood::FloatGradientTable<DIM>,        \
                           ringwood::FloatGradients<ringwood::FloatGradientTable<DIM>, ringwood::Gradient::OF, DROPOUT>)

#define RINGWOOD_TENSOR_GRADIENT(NAME, ELEMENT, DIM, USE, OF, DROPOUT)               \
  using Table_##NAME##_d##DIM##_##USE = ringwood::TensorGradientTable<DIM, DROPOUT>; \
  RINGWOOD_GRADIENT_KERNEL(NAME##_d##DIM##_##USE, Table_##NAME##_d##DIM##_##USE,     \
                           ringwood::TensorGradients<ELEMENT, Table_##NAME##_d##DIM##_##USE, ringwood::Gradient::OF, DROPOUT>)

#define RINGWOOD_TENSOR_GRADIENTS_OF(NAME, ELEMENT, DIM, DROPOUT)          \
  RINGWOOD_TENSOR_GRADIENT(NAME, ELEMENT, DIM, queries, QUERIES, DROPOUT); \
  RINGWOOD_TENSOR_GRADIENT(NAME, ELEMENT, DIM, keys, KEYS, DROPOUT);       \
  RINGWOOD_TENSOR_GRADIENT(NAME, ELEMENT, DIM, values, VALUES, DROPOUT)

#define RINGWOOD_TENSOR_GRADIENTS(TYPE, ELEMENT)                                                                        \
  extern "C" {                                                                                                          \
  __constant__ ringwood::BlockShape gradient_##TYPE##_shapes[] = {                                                      \
      ringwood::described(ringwood::TENSOR_GRADIENTS[0]), ringwood::described(ringwood::TENSOR_GRADIENTS[1]),           \
      ringwood::described(ringwood::TENSOR_GRADIENTS[2]), ringwood::described(ringwood::TENSOR_GRADIENTS[3]),           \
      ringwood::described(ringwood::TENSOR_GRADIENTS[4])};                                                              \
  }                                                                                                                     \
  RINGWOOD_TENSOR_GRADIENTS_OF(gradient_##TYPE, ELEMENT, 64, false);                                                    \
  RINGWOOD_TENSOR_GRADIENTS_OF(gradient_##TYPE, ELEMENT, 96, false);                                                    \
  RINGWOOD_TENSOR_GRADIENTS_OF(gradient_##TYPE, ELEMENT, 128, false);                                                   \
  RINGWOOD_TENSOR_GRADIENTS_OF(gradient_##TYPE, ELEMENT, 192, false);                                                   \
  RINGWOOD_TENSOR_GRADIENTS_OF(gradient_##TYPE, ELEMENT, 256, false);

#define RINGWOOD_FLOAT_GRADIENTS_OF(NAME, DIM, DROPOUT)          \
  RINGWOOD_FLOAT_GRADIENT(NAME, DIM, queries, QUERIES, DROPOUT); \
  RINGWOOD_FLOAT_GRADIENT(NAME, DIM, keys, KEYS, DROPOUT);       \
  RINGWOOD_FLOAT_GRADIENT(NAME, DIM, values, VALUES, DROPOUT)

#define RINGWOOD_FLOAT_GRADIENTS                                                                                        \
  extern "C" {                                                                                                          \
  __constant__ ringwood::BlockShape gradient_f32_shapes[] = {                                                           \
      ringwood::described(ringwood::FLOAT_GRADIENTS[0]), ringwood::described(ringwood::FLOAT_GRADIENTS[1]),             \
      ringwood::described(ringwood::FLOAT_GRADIENTS[2]), ringwood::described(ringwood::FLOAT_GRADIENTS[3])};            \
  }                                                                                                                     \
  RINGWOOD_FLOAT_GRADIENTS_OF(gradient_f32, 64, false);                                                                 \
  RINGWOOD_FLOAT_GRADIENTS_OF(gradient_f32, 128, false);                                                                \
  RINGWOOD_FLOAT_GRADIENTS_OF(gradient_f32, 192, false);                                                                \
  RINGWOOD_FLOAT_GRADIENTS_OF(gradient_f32, 256, false);

#define RINGWOOD_DROPOUT_GRADIENT_TABLE(NAME, TABLE)                                                                                      \
  extern "C" {                                                                                                                            \
  __constant__ ringwood::BlockShape NAME[] = {ringwood::described_with_dropout(TABLE, 0), ringwood::described_with_dropout(TABLE, 1),     \
                                              ringwood::described_with_dropout(TABLE, 2)};                                                \
  }

#define RINGWOOD_TENSOR_DROPOUT_GRADIENTS(TYPE, ELEMENT)                                            \
  RINGWOOD_DROPOUT_GRADIENT_TABLE(gradient_dropout_##TYPE##_shapes, ringwood::DROPOUT_GRADIENTS)    \
  RINGWOOD_TENSOR_GRADIENTS_OF(gradient_dropout_##TYPE, ELEMENT, 64, true);                         \
  RINGWOOD_TENSOR_GRADIENTS_OF(gradient_dropout_##TYPE, ELEMENT, 128, true);                        \
  RINGWOOD_TENSOR_GRADIENTS_OF(gradient_dropout_##TYPE, ELEMENT, 256, true);

#define RINGWOOD_FLOAT_DROPOUT_GRADIENTS                                                    \
  RINGWOOD_DROPOUT_GRADIENT_TABLE(gradient_dropout_f32_shapes, ringwood::FLOAT_GRADIENTS)   \
  RINGWOOD_FLOAT_GRADIENTS_OF(gradient_dropout_f32, 64, true);                              \
  RINGWOOD_FLOAT_GRADIENTS_OF(gradient_dropout_f32, 128, true);                             \
  RINGWOOD_FLOAT_GRADIENTS_OF(gradient_dropout_f32, 256, true);
