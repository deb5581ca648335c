/** The transport between processes of one host: payloads are read in place from files under {@code /dev/shm}. */
@NullMarked
package org.ringwood.collectives.shm;

import org.jspecify.annotations.NullMarked;
