/** Tests that need the peers: they run with {@code ./ringwood test -Ppeers} only. */
@NullMarked
package org.ringwood.benchmarks;

import org.jspecify.annotations.NullMarked;
