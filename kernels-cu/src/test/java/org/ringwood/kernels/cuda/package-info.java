/** Tests of the provider for NVIDIA GPUs, on a GPU or on the emulation of one. */
@NullMarked
package org.ringwood.kernels.cuda;

import org.jspecify.annotations.NullMarked;
