/** From a job to plans: which schedule and which partition, as the job says or as the cost model advises. */
@NullMarked
package org.ringwood.runtime.planning;

import org.jspecify.annotations.NullMarked;
