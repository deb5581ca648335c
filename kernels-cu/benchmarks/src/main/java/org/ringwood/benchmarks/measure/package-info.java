/** How it is measured: interleaved rounds, the machine's ceilings, Ringwood's own kernels, errors against the f64 oracle. */
@NullMarked
package org.ringwood.benchmarks.measure;

import org.jspecify.annotations.NullMarked;
