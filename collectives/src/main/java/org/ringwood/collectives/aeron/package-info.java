/** The transport over Aeron: UDP between nodes, shared memory logs within one, and one media driver a node. */
@NullMarked
package org.ringwood.collectives.aeron;

import org.jspecify.annotations.NullMarked;
