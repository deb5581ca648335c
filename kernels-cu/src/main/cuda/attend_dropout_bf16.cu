// Attention of bfloat16 tensors with dropout.
#include "attend_tensor.cuh"
#include "kernels.cuh"

RINGWOOD_TENSOR_DROPOUT_KERNELS(bf16, ringwood::Brain)
