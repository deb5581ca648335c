/** The threads of a device: kernel calls in order, the tasks of each spread over fixed threads. */
@NullMarked
package org.ringwood.kernels.pool;

import org.jspecify.annotations.NullMarked;
