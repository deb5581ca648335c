/** How a job ends: exit codes, and the failure that is the first cause on every rank. */
@NullMarked
package org.ringwood.runtime.outcome;

import org.jspecify.annotations.NullMarked;
