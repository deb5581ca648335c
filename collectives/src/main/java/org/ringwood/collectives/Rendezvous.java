package org.ringwood.collectives;

import java.time.Duration;

/** A small store of strings that all ranks of a job share, in which they find each other. */
public interface Rendezvous {
    /** The key of what a rank publishes under a name: {@code NAME/RANK}. All keys look so, for {@link #owner}. */
    static String key(String name, int rank) {
        return name + "/" + rank;
    }

    /** The rank that publishes a key, for errors; −1 if the key is not of the form of {@link #key}. */
    static int owner(String key) {
        try {
            return Integer.parseInt(key, key.lastIndexOf('/') + 1, key.length(), 10);
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    /** A part of this store, with keys of its own; whoever names it alike means the same part. */
    default Rendezvous chapter(String name) {
        return new Chapter(this, name);
    }

    /**
     * Makes a value known under a key that is written once.
     *
     * @param key and value have at most 10,000 characters each
     */
    void publish(String key, String value);

    /**
     * Waits for the value of a key.
     *
     * @throws GroupFailureException if it does not appear in time, naming the key's owner
     */
    String await(String key, Duration timeout);
}
