/** Messages between memory of devices, for transports that carry memory of the host alone. */
@NullMarked
package org.ringwood.collectives.link;

import org.jspecify.annotations.NullMarked;
