/** What a transport is: the interface that {@code inprocess}, {@code shm}, {@code aeron} and later {@code mpi} implement. */
@NullMarked
package org.ringwood.collectives.transport;

import org.jspecify.annotations.NullMarked;
