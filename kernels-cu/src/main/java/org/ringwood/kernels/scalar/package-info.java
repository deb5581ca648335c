/** The oracle: attention in plain f64 loops, as a device, row by row, and as a judge of other results. */
@NullMarked
package org.ringwood.kernels.scalar;

import org.jspecify.annotations.NullMarked;
