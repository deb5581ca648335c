/** What a transport is: the interface that {@code inprocess}, {@code shm}, {@code aeron} and {@code mpi} implement. */
@NullMarked
package org.ringwood.collectives.transport;

import org.jspecify.annotations.NullMarked;
