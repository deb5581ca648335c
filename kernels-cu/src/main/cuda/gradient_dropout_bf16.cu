// Gradients of bf16 tensors with dropout.
#include "gradient_kernels.cuh"
#include "gradient_tensor.cuh"

RINGWOOD_TENSOR_DROPOUT_GRADIENTS(bf16, ringwood::Brain)
