package org.ringwood.collectives.shm;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.ringwood.collectives.Operation.Transfer;
import org.ringwood.collectives.shm.Signal.Offer;
import org.ringwood.collectives.shm.Signal.Piece;
import org.ringwood.collectives.shm.Signal.PieceTaken;
import org.ringwood.collectives.transport.Envelope;

/**
 * Payloads in memory that peers cannot reach. They are offered, and copied piece by piece through a small shared region once they
 * are wanted: so an early message takes no shared memory, and the pieces stay in the processor's caches.
 */
final class Outflow {
    private static final int PIECE_BYTES = 256 << 10;
    private static final int PIECES = 16;

    private final int rank;
    private final Peers peers;
    private final Regions regions;
    private final Map<Long, Outgoing> outgoing = new HashMap<>();
    private final Deque<Outgoing> wanted = new ArrayDeque<>();
    private final Deque<Long> freePieces = new ArrayDeque<>();
    private @Nullable OwnRegion staging;

    Outflow(int rank, Peers peers, Regions regions) {
        this.rank = rank;
        this.peers = peers;
        this.regions = regions;
    }

    Transfer offer(Envelope envelope, long ticket, MemorySegment payload) {
        Outgoing offered = new Outgoing(envelope.destination(), ticket, payload);
        outgoing.put(ticket, offered);
        peers.tell(envelope.destination(), new Offer(envelope, ticket));
        return offered;
    }

    void want(long ticket) {
        wanted.add(byTicket(ticket));
    }

    void taken(PieceTaken piece) {
        Outgoing payload = byTicket(piece.ticket());
        freePieces.add(piece.offset());
        payload.underWay--;
        if (payload.isDone()) {
            outgoing.remove(piece.ticket());
        }
    }

    private Outgoing byTicket(long ticket) {
        Outgoing payload = outgoing.get(ticket);
        if (payload == null) {
            throw new IllegalStateException(
                    "a rank of this host speaks of message " + ticket + ", which is not under way");
        }
        return payload;
    }

    /** Copies what there is room for, a piece of each wanted payload in turn; returns whether anything moved. */
    boolean progress() {
        boolean moved = false;
        while (!wanted.isEmpty() && hasRoom()) {
            Outgoing payload = wanted.remove();
            sendPiece(payload, freePieces.remove());
            if (!payload.isCopied()) {
                wanted.add(payload);
            }
            moved = true;
        }
        return moved;
    }

    private boolean hasRoom() {
        staging();
        return !freePieces.isEmpty();
    }

    private OwnRegion staging() {
        if (staging == null) {
            staging = regions.allocate((long) PIECES * PIECE_BYTES);
            for (long piece = 0; piece < PIECES; piece++) {
                freePieces.add(piece * PIECE_BYTES);
            }
        }
        return staging;
    }

    private void sendPiece(Outgoing payload, long offset) {
        int length = (int) Math.min(PIECE_BYTES, payload.left());
        MemorySegment.copy(payload.payload, payload.copied, staging().segment(), offset, length);
        payload.copied += length;
        payload.underWay++;
        peers.tell(
                payload.destination,
                new Piece(rank, payload.ticket, staging().region().id(), offset, length));
    }

    private static final class Outgoing implements Transfer {
        private final int destination;
        private final long ticket;
        private final MemorySegment payload;
        private long copied;
        private int underWay;

        Outgoing(int destination, long ticket, MemorySegment payload) {
            this.destination = destination;
            this.ticket = ticket;
            this.payload = payload;
        }

        long left() {
            return payload.byteSize() - copied;
        }

        boolean isCopied() {
            return left() == 0;
        }

        @Override
        public boolean isDone() {
            return isCopied() && underWay == 0;
        }
    }
}
