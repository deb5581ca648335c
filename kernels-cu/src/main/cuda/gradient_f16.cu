// Gradients of f16 tensors.
#include "gradient_kernels.cuh"
#include "gradient_tensor.cuh"

RINGWOOD_TENSOR_GRADIENTS(f16, ringwood::Half)
