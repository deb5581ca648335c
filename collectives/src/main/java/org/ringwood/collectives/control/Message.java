package org.ringwood.collectives.control;

import org.ringwood.collectives.Failure;

/** What travels on a control connection. */
sealed interface Message {
    /** The hub's first word: prove that you know the token. */
    record Challenge(int version, String nonce) implements Message {}

    /** The answer, with a challenge of its own. */
    record Hello(int rank, int size, String host, long pid, String nonce, String proof) implements Message {}

    /** The hub knows the token as well. */
    record Accepted(String proof) implements Message {}

    /** The hub does not want this connection. */
    record Refused(String reason) implements Message {}

    /** All ranks have joined. */
    record Welcome(long job) implements Message {}

    /** The sender lives, and has (or, from the hub, any rank has) made so much progress. */
    record Heartbeat(long progress) implements Message {}

    /** A value is known from now on. */
    record Publish(String key, String value) implements Message {}

    /** A value is wanted, now or once it is known. */
    record Await(String key) implements Message {}

    /** The wanted value. */
    record Value(String key, String value) implements Message {}

    /** To the hub: a rank has seen a failure. From the hub: this is the first one. */
    record Failed(Failure failure) implements Message {}

    /** The sender ends in order. */
    record Leave() implements Message {}
}
