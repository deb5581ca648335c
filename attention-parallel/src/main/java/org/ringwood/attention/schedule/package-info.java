/** The schedules: pure functions from a problem to a plan, one class each. */
@NullMarked
package org.ringwood.attention.schedule;

import org.jspecify.annotations.NullMarked;
