// Gradients of bf16 tensors.
#include "gradient_kernels.cuh"
#include "gradient_tensor.cuh"

RINGWOOD_TENSOR_GRADIENTS(bf16, ringwood::Brain)
