/** What a job tells afterwards: its report, its trace and the table on the console. */
@NullMarked
package org.ringwood.runtime.report;

import org.jspecify.annotations.NullMarked;
