package org.ringwood.collectives;

import java.time.Duration;

/** A small store of strings that all ranks of a job share, in which they find each other. */
public interface Rendezvous {
    /** Makes a value known under a key that is written once. */
    void publish(String key, String value);

    /**
     * Waits for the value of a key.
     *
     * @throws GroupFailureException if it does not appear in time, naming the key's owner
     */
    String await(String key, Duration timeout);
}
