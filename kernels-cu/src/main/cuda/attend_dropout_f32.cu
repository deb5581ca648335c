// Attention of f32 tensors with dropout.
#include "attend_float.cuh"
#include "kernels.cuh"

RINGWOOD_FLOAT_DROPOUT_KERNELS
