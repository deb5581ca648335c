/** The processes of a job on one machine: how they are started, watched, told of failures, and ended. */
@NullMarked
package org.ringwood.runtime.process;

import org.jspecify.annotations.NullMarked;
