/** Tests of the package. */
@NullMarked
package org.ringwood.benchmarks.measure;

import org.jspecify.annotations.NullMarked;
