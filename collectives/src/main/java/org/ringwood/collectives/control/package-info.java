/** The control plane of a group without the runtime: ranks meet, beat and fail together over one TCP connection each to rank 0. */
@NullMarked
package org.ringwood.collectives.control;

import org.jspecify.annotations.NullMarked;
