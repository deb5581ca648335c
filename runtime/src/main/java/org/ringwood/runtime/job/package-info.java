/** The job file: what is to be computed, with what and where, read strictly and written out in full. */
@NullMarked
package org.ringwood.runtime.job;

import org.jspecify.annotations.NullMarked;
