/** Tests of the device threads. */
@NullMarked
package org.ringwood.kernels.pool;

import org.jspecify.annotations.NullMarked;
