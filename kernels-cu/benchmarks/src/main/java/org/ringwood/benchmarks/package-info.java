/** The command {@code ringwood bench}: what it measures, in which order, and what it prints. */
@NullMarked
package org.ringwood.benchmarks;

import org.jspecify.annotations.NullMarked;
