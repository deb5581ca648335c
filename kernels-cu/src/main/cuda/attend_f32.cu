// Attention of f32 tensors.
#include "attend_float.cuh"
#include "kernels.cuh"

RINGWOOD_FLOAT_KERNELS
