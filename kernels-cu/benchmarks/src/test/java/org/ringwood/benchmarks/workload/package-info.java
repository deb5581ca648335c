/** Tests of the package. */
@NullMarked
package org.ringwood.benchmarks.workload;

import org.jspecify.annotations.NullMarked;
