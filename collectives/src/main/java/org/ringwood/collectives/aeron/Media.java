package org.ringwood.collectives.aeron;

/** What carries the frames between two ranks. */
public enum Media {
    /** Shared memory logs within a node, UDP between nodes. */
    AUTO,
    /** UDP everywhere, also within a node. */
    UDP
}
