/** Masks, partitions, plans, schedules and the executor of sequence-parallel attention. Knows nothing of processes or files. */
@NullMarked
package org.ringwood.attention;

import org.jspecify.annotations.NullMarked;
