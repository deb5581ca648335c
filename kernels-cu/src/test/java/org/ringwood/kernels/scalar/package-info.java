/** Tests of the oracle. */
@NullMarked
package org.ringwood.kernels.scalar;

import org.jspecify.annotations.NullMarked;
