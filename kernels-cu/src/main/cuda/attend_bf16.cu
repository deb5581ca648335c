// Attention of bfloat16 tensors.
#include "attend_tensor.cuh"
#include "kernels.cuh"

RINGWOOD_TENSOR_KERNELS(bf16, ringwood::Brain)
