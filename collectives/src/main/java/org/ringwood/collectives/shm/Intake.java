package org.ringwood.collectives.shm;

import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import org.ringwood.collectives.shm.Arrival.Located;
import org.ringwood.collectives.shm.Arrival.Offered;
import org.ringwood.collectives.shm.Signal.Piece;
import org.ringwood.collectives.shm.Signal.PieceTaken;
import org.ringwood.collectives.shm.Signal.Release;
import org.ringwood.collectives.shm.Signal.Want;

/** What a receiver tells senders, and the offered payloads that come to it in pieces. */
final class Intake {
    private final Peers peers;
    private final Landings landings;
    private final Map<Offered, Incoming> incoming = new HashMap<>();

    Intake(Peers peers, Landings landings) {
        this.peers = peers;
        this.landings = landings;
    }

    /** The payload is not read any more. */
    void release(Located located) {
        peers.tell(located.source(), new Release(located.ticket()));
    }

    /** Lets an offered payload come into {@code into}; {@code then} is called when it has. */
    void want(Offered offered, MemorySegment into, Runnable then) {
        incoming.put(offered, new Incoming(into, then));
        peers.tell(offered.source(), new Want(offered.ticket()));
    }

    /** Memory for a payload that is lent but lies with its sender alone. */
    OwnRegion landing(long bytes) {
        return landings.take(bytes);
    }

    void landed(OwnRegion landing) {
        landings.giveBack(landing);
    }

    /** Copies a piece away. */
    void take(Piece piece, MemorySegment bytes) {
        Offered offered = new Offered(piece.sender(), piece.ticket());
        Incoming payload = incoming.get(offered);
        if (payload == null) {
            throw new IllegalStateException("rank %d sent a piece that nobody wants".formatted(piece.sender()));
        }
        payload.append(bytes);
        peers.tell(piece.sender(), new PieceTaken(piece.ticket(), piece.offset()));
        if (payload.isComplete()) {
            incoming.remove(offered);
            payload.then.run();
        }
    }

    /** A payload of which some pieces have come, in order. */
    private static final class Incoming {
        private final MemorySegment into;
        private final Runnable then;
        private long taken;

        Incoming(MemorySegment into, Runnable then) {
            this.into = into;
            this.then = then;
        }

        void append(MemorySegment bytes) {
            MemorySegment.copy(bytes, 0, into, taken, bytes.byteSize());
            taken += bytes.byteSize();
        }

        boolean isComplete() {
            return taken == into.byteSize();
        }
    }
}
