package org.ringwood.collectives.mpi;

import java.util.stream.IntStream;
import org.ringwood.collectives.Job;
import org.ringwood.collectives.Liveness;
import org.ringwood.collectives.Rendezvous;

/**
 * What a rank needs to talk over MPI.
 *
 * @param job of all ranks
 * @param rank this one
 * @param rendezvous in which the ranks find each other
 * @param liveness of the job
 * @param binding how MPI is called
 * @param cuda whether MPI is given memory of a GPU as it lies there
 * @param chunkBytes largest part of a message that MPI is given in one call, below 2³¹; the same on every rank
 */
public record MpiConfig(
        Job job,
        int rank,
        Rendezvous rendezvous,
        Liveness liveness,
        MpiBinding binding,
        CudaAwareness cuda,
        long chunkBytes) {
    /** Well below 2³¹, from where on MPI cannot count. */
    private static final long DEFAULT_CHUNK_BYTES = 1L << 30;

    /** With the binding that the properties ask for. */
    public MpiConfig(Job job, int rank, Rendezvous rendezvous, Liveness liveness) {
        this(
                job,
                rank,
                rendezvous,
                liveness,
                MpiBinding.fromProperties(),
                CudaAwareness.fromProperties(),
                DEFAULT_CHUNK_BYTES);
    }

    IntStream peers() {
        return IntStream.range(0, job.size()).filter(peer -> peer != rank);
    }
}
