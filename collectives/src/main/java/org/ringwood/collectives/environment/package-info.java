/** What a launcher (torchrun, Slurm, Open MPI, {@code ringwood exec}) tells a process about its place in a job. */
@NullMarked
package org.ringwood.collectives.environment;

import org.jspecify.annotations.NullMarked;
