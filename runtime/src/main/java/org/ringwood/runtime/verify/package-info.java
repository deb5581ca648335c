/** Comparing a result with the oracle. */
@NullMarked
package org.ringwood.runtime.verify;

import org.jspecify.annotations.NullMarked;
