/** Tests of what only the CPU's kernels promise. */
@NullMarked
package org.ringwood.kernels.cpu;

import org.jspecify.annotations.NullMarked;
