/** What is measured: shapes, masks, and the table of cases; pure data. */
@NullMarked
package org.ringwood.benchmarks.workload;

import org.jspecify.annotations.NullMarked;
