/** Messages carried by Open MPI, through its Java bindings or straight through its C library. */
@NullMarked
package org.ringwood.collectives.mpi;

import org.jspecify.annotations.NullMarked;
