/**
 * NVIDIA GPUs. Tensors are in host memory; every call stages what it reads and writes through pinned memory. The kernels are those of {@code
 * src/main/cuda}, where call.cuh describes what a launch is told.
 */
@NullMarked
package org.ringwood.kernels.cuda;

import org.jspecify.annotations.NullMarked;
