// Gradients of f32 tensors with dropout.
#include "gradient_float.cuh"
#include "gradient_kernels.cuh"

RINGWOOD_FLOAT_DROPOUT_GRADIENTS
