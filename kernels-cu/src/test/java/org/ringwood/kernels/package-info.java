/** Tests of the contract types. */
@NullMarked
package org.ringwood.kernels;

import org.jspecify.annotations.NullMarked;
