// Kernels and tables of gradients by name: for each element type and each dim of its table the kernels gradient_TYPE_dDIM_queries, ..._keys and ..._values,
// whose blocks have one shape, which is in the variable gradient_TYPE_shapes.
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

#define RINGWOOD_FLOAT_GRADIENT(DIM, USE, OF)                                               \
  RINGWOOD_GRADIENT_KERNEL(gradient_f32_d##DIM##_##USE, ringwood::FloatGradientTable<DIM>,  \
                           ringwood::FloatGradients<ringwood::FloatGradientTable<DIM>, ringwood::Gradient::OF>)

#define RINGWOOD_TENSOR_GRADIENT(TYPE, ELEMENT, DIM, USE, OF)                                 \
  RINGWOOD_GRADIENT_KERNEL(gradient_##TYPE##_d##DIM##_##USE, ringwood::TensorGradientTable<DIM>, \
                           ringwood::TensorGradients<ELEMENT, ringwood::TensorGradientTable<DIM>, ringwood::Gradient::OF>)

#define RINGWOOD_TENSOR_GRADIENTS_OF(TYPE, ELEMENT, DIM)          \
  RINGWOOD_TENSOR_GRADIENT(TYPE, ELEMENT, DIM, queries, QUERIES); \
  RINGWOOD_TENSOR_GRADIENT(TYPE, ELEMENT, DIM, keys, KEYS);       \
  RINGWOOD_TENSOR_GRADIENT(TYPE, ELEMENT, DIM, values, VALUES)

#define RINGWOOD_TENSOR_GRADIENTS(TYPE, ELEMENT)                                                                        \
  extern "C" {                                                                                                          \
  __constant__ ringwood::BlockShape gradient_##TYPE##_shapes[] = {                                                      \
      ringwood::described(ringwood::TENSOR_GRADIENTS[0]), ringwood::described(ringwood::TENSOR_GRADIENTS[1]),           \
      ringwood::described(ringwood::TENSOR_GRADIENTS[2]), ringwood::described(ringwood::TENSOR_GRADIENTS[3]),           \
      ringwood::described(ringwood::TENSOR_GRADIENTS[4])};                                                              \
  }                                                                                                                     \
  RINGWOOD_TENSOR_GRADIENTS_OF(TYPE, ELEMENT, 64);                                                                      \
  RINGWOOD_TENSOR_GRADIENTS_OF(TYPE, ELEMENT, 96);                                                                      \
  RINGWOOD_TENSOR_GRADIENTS_OF(TYPE, ELEMENT, 128);                                                                     \
  RINGWOOD_TENSOR_GRADIENTS_OF(TYPE, ELEMENT, 192);                                                                     \
  RINGWOOD_TENSOR_GRADIENTS_OF(TYPE, ELEMENT, 256);

#define RINGWOOD_FLOAT_GRADIENTS_OF(DIM)        \
  RINGWOOD_FLOAT_GRADIENT(DIM, queries, QUERIES); \
  RINGWOOD_FLOAT_GRADIENT(DIM, keys, KEYS);       \
  RINGWOOD_FLOAT_GRADIENT(DIM, values, VALUES)

#define RINGWOOD_FLOAT_GRADIENTS                                                                                        \
  extern "C" {                                                                                                          \
  __constant__ ringwood::BlockShape gradient_f32_shapes[] = {                                                                  \
      ringwood::described(ringwood::FLOAT_GRADIENTS[0]), ringwood::described(ringwood::FLOAT_GRADIENTS[1]),             \
      ringwood::described(ringwood::FLOAT_GRADIENTS[2]), ringwood::described(ringwood::FLOAT_GRADIENTS[3])};            \
  }                                                                                                                     \
  RINGWOOD_FLOAT_GRADIENTS_OF(64);                                                                                      \
  RINGWOOD_FLOAT_GRADIENTS_OF(128);                                                                                     \
  RINGWOOD_FLOAT_GRADIENTS_OF(192);                                                                                     \
  RINGWOOD_FLOAT_GRADIENTS_OF(256);
