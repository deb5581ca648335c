/** Tests of the package. */
@NullMarked
package org.ringwood.benchmarks.report;

import org.jspecify.annotations.NullMarked;
