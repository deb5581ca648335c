// Gradients of f32 tensors.
#include "gradient_float.cuh"
#include "gradient_kernels.cuh"

RINGWOOD_FLOAT_GRADIENTS
