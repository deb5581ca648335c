package org.ringwood.collectives;

/** What carries the messages of a group whose ranks are processes. */
public enum TransportChoice {
    /** Shared memory within a node, Aeron between nodes. */
    AUTO,
    /** Shared memory; all ranks are of one node. */
    SHM,
    /** Aeron between all ranks. */
    AERON
}
