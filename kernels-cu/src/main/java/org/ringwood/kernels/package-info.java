/** One device: its memory, tensors, slices and attention kernels. Knows nothing of ranks or networks. */
@NullMarked
package org.ringwood.kernels;

import org.jspecify.annotations.NullMarked;
