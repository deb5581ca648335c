/** What a plan is: the steps of every rank as data, and what they cost. */
@NullMarked
package org.ringwood.attention.plan;

import org.jspecify.annotations.NullMarked;
