/** Processes: launcher, worker and command line. Knows nothing of kernels. */
@NullMarked
package org.ringwood.runtime;

import org.jspecify.annotations.NullMarked;
