// Attention of binary16 tensors.
#include "attend_tensor.cuh"
#include "kernels.cuh"

RINGWOOD_TENSOR_KERNELS(f16, ringwood::Half)
