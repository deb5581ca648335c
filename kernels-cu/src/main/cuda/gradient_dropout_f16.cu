// Gradients of f16 tensors with dropout.
#include "gradient_kernels.cuh"
#include "gradient_tensor.cuh"

RINGWOOD_TENSOR_DROPOUT_GRADIENTS(f16, ringwood::Half)
