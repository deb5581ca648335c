// Attention of binary16 tensors with dropout.
#include "attend_tensor.cuh"
#include "kernels.cuh"

RINGWOOD_TENSOR_DROPOUT_KERNELS(f16, ringwood::Half)
