package org.ringwood.collectives.transport;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.ringwood.collectives.Failure;
import org.ringwood.collectives.Failure.Cause;
import org.ringwood.collectives.Liveness;

/**
 * Pairs the messages that arrive at a rank with the receives that it has posted, whichever comes first, and checks that
 * sender and receiver mean the same. What does not agree is reported as a disagreement that names both ranks; the
 * receive then stays open, and the failure ends the wait for it.
 *
 * <p>Belongs to the thread of its transport.
 *
 * @param <R> a posted receive, as the transport knows it
 * @param <M> an arrived message, as the transport knows it: a payload, a handle to one, or one whose bytes still come
 */
public final class Inbox<R, M> {
    /** What the ranks of a disagreement have to mend. */
    private static final String REMEDY =
            "; all ranks must call the same operations, with the same shapes, dtypes, masks and settings";

    private record OperationId(int group, long number) {}

    private record Posted<R>(Envelope envelope, R receive) {}

    private record Arrived<M>(Envelope envelope, M message) {}

    private final Liveness liveness;
    private final Map<Envelope.Key, Posted<R>> posted = new HashMap<>();
    private final Map<Envelope.Key, Arrived<M>> arrived = new HashMap<>();
    private final Map<OperationId, String> names = new HashMap<>();
    private final Map<Integer, Ended> ended = new HashMap<>();

    /** An empty inbox that reports to {@code liveness}. */
    public Inbox(Liveness liveness) {
        this.liveness = liveness;
    }

    /**
     * Posts a receive.
     *
     * @param envelope what this rank expects
     * @return the message, if it has arrived already; null if it is still to come or contradicts the envelope
     * @throws IllegalStateException if the same message is received twice
     */
    public @Nullable M post(Envelope envelope, R receive) {
        Envelope.Key key = envelope.key();
        Arrived<M> match = arrived.remove(key);
        if (match == null) {
            if (posted.putIfAbsent(key, new Posted<>(envelope, receive)) != null) {
                throw new IllegalStateException("two receives for one message: " + envelope);
            }
            return null;
        }
        return agree(match.envelope, envelope) ? match.message : null;
    }

    /**
     * Takes in a message.
     *
     * @param envelope what the sender says
     * @return the receive that waits for it; null if none was posted yet (a later {@link #post} returns the message) or if
     *     the message is refused
     */
    public @Nullable R arrive(Envelope envelope, M message) {
        Envelope.Key key = envelope.key();
        Posted<R> match = posted.remove(key);
        if (match != null) {
            return agree(envelope, match.envelope) ? match.receive : null;
        }
        if (ended.containsKey(key.group()) && ended.get(key.group()).contains(key.operation())) {
            reportUnexpected(envelope);
        } else if (arrived.putIfAbsent(key, new Arrived<>(envelope, message)) != null) {
            report(envelope, "sent the same message twice to rank %d".formatted(envelope.destination()));
        }
        return null;
    }

    /** Notes the name of an operation, for errors. */
    public void operationBegan(int group, long operation, String name) {
        names.put(new OperationId(group, operation), name);
    }

    /** Notes that no message of the operation is expected any more; one that is left over, or comes later, is a disagreement. */
    public void operationEnded(int group, long operation) {
        arrived.values().removeIf(left -> {
            boolean leftOver = left.envelope.group() == group && left.envelope.operation() == operation;
            if (leftOver) {
                reportUnexpected(left.envelope);
            }
            return leftOver;
        });
        names.remove(new OperationId(group, operation));
        ended.computeIfAbsent(group, g -> new Ended()).add(operation);
    }

    private boolean agree(Envelope sent, Envelope expected) {
        int receiver = expected.destination();
        if (sent.job() != expected.job()) {
            report(expected, "sent a message of another job to rank %d".formatted(receiver));
        } else if (sent.epoch() != expected.epoch()) {
            report(
                    expected,
                    "sent a message of epoch %d, rank %d is in epoch %d"
                            .formatted(sent.epoch(), receiver, expected.epoch()));
        } else if (sent.bytes() != expected.bytes()) {
            report(
                    expected,
                    "sent %d bytes for %s, rank %d expected %d%s"
                            .formatted(sent.bytes(), describe(expected), receiver, expected.bytes(), REMEDY));
        } else if (sent.digest() != expected.digest()) {
            report(
                    expected,
                    "means something else than rank %d by %s%s".formatted(receiver, describe(expected), REMEDY));
        } else {
            return true;
        }
        return false;
    }

    private void reportUnexpected(Envelope sent) {
        report(
                sent,
                "sent %d bytes for %s, which rank %d did not expect%s"
                        .formatted(sent.bytes(), describe(sent), sent.destination(), REMEDY));
    }

    private void report(Envelope envelope, String detail) {
        liveness.report(new Failure(envelope.source(), "?", 0, Cause.DISAGREEMENT, detail));
    }

    private String describe(Envelope envelope) {
        String name = names.get(new OperationId(envelope.group(), envelope.operation()));
        return "operation %d%s of group %d (hop %d, tag %d)"
                .formatted(
                        envelope.operation(),
                        name == null ? "" : " '" + name + "'",
                        envelope.group(),
                        envelope.hop(),
                        envelope.tag());
    }

    /** The ended operations of a group: all below a number, and some above it. */
    private static final class Ended {
        private final Set<Long> above = new HashSet<>();
        private long below;

        void add(long operation) {
            above.add(operation);
            while (above.remove(below)) {
                below++;
            }
        }

        boolean contains(long operation) {
            return operation < below || above.contains(operation);
        }
    }
}
