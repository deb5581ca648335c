package org.ringwood.collectives;

import java.time.Duration;

/** A part of a rendezvous, whose keys begin alike. */
record Chapter(Rendezvous all, String prefix) implements Rendezvous {
    @Override
    public void publish(String key, String value) {
        all.publish(prefix + key, value);
    }

    @Override
    public String await(String key, Duration timeout) {
        return all.await(prefix + key, timeout);
    }
}
