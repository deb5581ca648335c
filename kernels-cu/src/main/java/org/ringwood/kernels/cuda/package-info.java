/**
 * NVIDIA GPUs. Tensors and states are in memory of the device or of the host; what the host has, calls stage through pinned memory. The kernels are those of {@code
 * src/main/cuda}, where call.cuh describes what a launch is told.
 */
@NullMarked
package org.ringwood.kernels.cuda;

import org.jspecify.annotations.NullMarked;
