/** NVIDIA GPUs through JCuda: so far, whether there is one. */
@NullMarked
package org.ringwood.kernels.cuda;

import org.jspecify.annotations.NullMarked;
