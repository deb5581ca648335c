/** Sweeps: which rows are to be measured, and the files that keep what was measured. */
@NullMarked
package org.ringwood.runtime.sweep;

import org.jspecify.annotations.NullMarked;
