package org.ringwood.collectives;

/** What carries the messages of a group whose ranks are processes. */
public enum TransportChoice {
    /**
     * Shared memory within a node, Aeron between nodes. Never MPI, also if mpirun has started the ranks: to start it takes a second,
     * it must be the same on all nodes, and its launcher ends all ranks when one dies.
     */
    AUTO,
    /** Shared memory; all ranks are of one node. */
    SHM,
    /** Aeron between all ranks. */
    AERON,
    /** MPI between all ranks, which mpirun, or srun with PMIx, has started. */
    MPI,
    /** Shared memory within a node, MPI between nodes. */
    SHM_MPI
}
