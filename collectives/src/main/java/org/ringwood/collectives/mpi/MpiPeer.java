package org.ringwood.collectives.mpi;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.ringwood.collectives.Operation.Transfer;
import org.ringwood.collectives.transport.Envelope;

/** What this rank knows of another: what waits for it, what is under way to and from it, whether it is still there. */
final class MpiPeer {
    private final int rank;
    private final Map<Envelope.Key, Outgoing> announced = new HashMap<>();
    private final Map<Envelope.Key, Envelope> asked = new HashMap<>();
    private final Set<Envelope.Key> invited = new HashSet<>();
    private final Map<Envelope.Key, Landing> expected = new HashMap<>();
    private final Map<Envelope.Key, Landing> unconfirmed = new HashMap<>();
    private final List<Flight> flights = new ArrayList<>();
    private final List<Transfer> open = new ArrayList<>();
    private final Set<Mark> marks = EnumSet.noneOf(Mark.class);

    /** What has passed between the two ranks. */
    enum Mark {
        /** Anything. */
        CONTACT,
        /** It sends no more data, since the job has failed. */
        WITHDRAWN,
        /** It has left in order. */
        LEFT,
        /** This rank has said goodbye. */
        GOODBYE_SAID,
        /** It has taken in all, and nothing more comes from it. */
        FAREWELL
    }

    MpiPeer(int rank) {
        this.rank = rank;
    }

    int rank() {
        return rank;
    }

    void mark(Mark mark) {
        marks.add(mark);
    }

    boolean has(Mark mark) {
        return marks.contains(mark);
    }

    /** Whether it has asked for just this message; true once. */
    boolean takeRequest(Envelope envelope) {
        return envelope.equals(asked.remove(envelope.key()));
    }

    /** A message waits for being asked for. */
    void announce(Outgoing message) {
        announced.put(message.envelope().key(), message);
    }

    /**
     * It asks for a message.
     *
     * @return the message, if it has been announced; null if it is still to come, or contradicts what is asked for: then the peer
     *     reports that
     */
    @Nullable
    Outgoing ask(Envelope envelope) {
        Outgoing message = announced.get(envelope.key());
        if (message == null) {
            asked.put(envelope.key(), envelope);
            return null;
        }
        return message.envelope().equals(envelope) ? announced.remove(envelope.key()) : null;
    }

    /** It is asked for a message. */
    void invite(Envelope envelope) {
        invited.add(envelope.key());
    }

    /** Whether it was asked for a message; true once. */
    boolean takeInvitation(Envelope envelope) {
        return invited.remove(envelope.key());
    }

    /** An announced message and its receive have met. */
    void expect(Landing landing) {
        expected.put(landing.envelope().key(), landing);
    }

    @Nullable
    Landing takeExpected(Envelope envelope) {
        return expected.remove(envelope.key());
    }

    /** A payload is there, but it is not sure that it was whole to the end. */
    void unconfirmed(Landing landing) {
        unconfirmed.put(landing.envelope().key(), landing);
    }

    void confirm(Envelope envelope) {
        Landing landing = unconfirmed.remove(envelope.key());
        if (landing != null) {
            landing.landed();
        }
    }

    void fly(Flight flight) {
        flights.add(flight);
    }

    /** Whether a payload is under way. */
    boolean isFlying() {
        return !flights.isEmpty();
    }

    /** Drives MPI; returns whether a payload has landed. */
    boolean poll() {
        return flights.removeIf(Flight::hasLanded);
    }

    /** What it has asked for in an operation that has ended without. */
    List<Envelope.Key> takeUnanswered(int group, long operation) {
        List<Envelope.Key> unanswered = asked.keySet().stream()
                .filter(key -> key.group() == group && key.operation() == operation)
                .toList();
        unanswered.forEach(asked::remove);
        return unanswered;
    }

    /** Remembers a message to or from it for as long as that is not done. */
    <T extends Transfer> T track(T transfer) {
        open.removeIf(Transfer::isDone);
        open.add(transfer);
        return transfer;
    }

    /** Whether a message to or from it is not done. */
    boolean isNeeded() {
        return open.stream().anyMatch(transfer -> !transfer.isDone());
    }

    /** Whether MPI may still touch memory because of it. */
    boolean isUnderWay() {
        return !flights.isEmpty() || (!invited.isEmpty() && !has(Mark.WITHDRAWN) && !has(Mark.LEFT));
    }

    /** It has left in order, so that all it has sent was whole. */
    void confirmAll() {
        unconfirmed.values().forEach(Landing::landed);
        unconfirmed.clear();
    }

    /** Takes back what has not been asked for. */
    void withdraw() {
        announced.clear();
        asked.clear();
        unconfirmed.clear();
    }
}
