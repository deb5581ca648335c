package org.ringwood.collectives.aeron;

import io.aeron.Aeron;
import io.aeron.ExclusivePublication;
import io.aeron.Publication;
import io.aeron.exceptions.RegistrationException;
import io.aeron.logbuffer.BufferClaim;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;
import org.ringwood.collectives.transport.Envelope;

/**
 * The way to one peer: a publication that is opened with the first frame, frames that wait for room in it, and messages that
 * take turns in it, a fragment each. Control frames go first: peers wait for them.
 */
final class Outlet implements AutoCloseable {
    /** Whether frames reach the peer's driver. */
    enum Contact {
        /** Nothing was ever sent, or the first contact is being made. */
        NONE,
        /** All is well. */
        HELD,
        /** The peer's driver has ceased to answer, or its rank to listen. */
        LOST
    }

    /** Fragments handed over in one go, so that no peer keeps the others waiting. */
    private static final int BURST = 32;

    private static final MemorySegment NO_PAYLOAD = MemorySegment.ofArray(new byte[0]);

    private final Aeron aeron;
    private final Channel channel;
    private final Frame hello;
    private final Checksum checksum = new Checksum();
    private final BufferClaim claim = new BufferClaim();
    private final Deque<Frame> controls = new ArrayDeque<>();
    private final Deque<Outgoing> messages = new ArrayDeque<>();
    private @Nullable ExclusivePublication publication;
    private long registration = Aeron.NULL_VALUE;
    private long openedAt;
    private boolean connectedOnce;

    Outlet(Aeron aeron, Channel channel, Frame hello) {
        this.aeron = aeron;
        this.channel = channel;
        this.hello = hello;
    }

    static Frame control(Frame.Kind kind, Envelope envelope, long value) {
        return new Frame(kind, envelope, value, NO_PAYLOAD);
    }

    boolean isOpen() {
        return registration != Aeron.NULL_VALUE;
    }

    private void open() {
        if (!isOpen()) {
            registration = aeron.asyncAddExclusivePublication(channel.uri(), channel.stream());
            openedAt = System.nanoTime();
            controls.addFirst(hello);
        }
    }

    /** Queues a control frame. */
    void tell(Frame frame) {
        open();
        controls.add(frame);
    }

    /** Lets a message take its turns. */
    void stream(Outgoing message) {
        open();
        messages.add(message);
    }

    /** Gives up the messages that have not been handed over. */
    void abandonMessages() {
        messages.clear();
    }

    /** Whether all has been handed over. */
    boolean isIdle() {
        return controls.isEmpty() && messages.isEmpty();
    }

    /** Hands over what there is room for; returns whether there was any. */
    boolean push() {
        if (isIdle()) {
            return false;
        }
        ExclusivePublication to = connected();
        int frames = 0;
        while (to != null && frames < BURST && (pushControl(to) || pushFragment(to))) {
            frames++;
        }
        return frames > 0;
    }

    private boolean pushControl(ExclusivePublication to) {
        if (controls.isEmpty() || !offer(to, controls.element())) {
            return false;
        }
        controls.remove();
        return true;
    }

    private boolean pushFragment(ExclusivePublication to) {
        if (!controls.isEmpty() || messages.isEmpty()) {
            return false;
        }
        Outgoing message = messages.element();
        Frame fragment = message.next(to.maxPayloadLength() - Frame.HEADER_BYTES);
        if (!offer(to, fragment)) {
            return false;
        }
        message.sent(fragment);
        messages.remove();
        if (!message.isDone()) {
            messages.add(message);
        }
        return true;
    }

    private boolean offer(ExclusivePublication to, Frame frame) {
        int length = Frame.HEADER_BYTES + (int) frame.payload().byteSize();
        long position = to.tryClaim(length, claim);
        if (position == Publication.ADMIN_ACTION) {
            position = to.tryClaim(length, claim);
        }
        if (position < 0) {
            return false;
        }
        MemorySegment room = Terms.segment(claim.buffer(), claim.offset(), claim.length());
        frame.writeTo(room);
        checksum.seal(room);
        claim.commit();
        return true;
    }

    private @Nullable ExclusivePublication connected() {
        ExclusivePublication to = publication();
        if (to == null || !to.isConnected()) {
            return null;
        }
        connectedOnce = true;
        return to;
    }

    private @Nullable ExclusivePublication publication() {
        if (publication == null && isOpen()) {
            try {
                publication = aeron.getExclusivePublication(registration);
            } catch (RegistrationException e) {
                throw new IllegalStateException(
                        "Aeron cannot send on %s: %s".formatted(channel.uri(), e.getMessage()), e);
            }
        }
        return publication;
    }

    Contact contact() {
        if (connected() != null) {
            return Contact.HELD;
        }
        return connectedOnce ? Contact.LOST : Contact.NONE;
    }

    /** How long the first contact has been tried for; 0 if it was not or has been made. */
    long nanosWithoutContact() {
        return isOpen() && !connectedOnce ? System.nanoTime() - openedAt : 0;
    }

    Channel channel() {
        return channel;
    }

    @Override
    public void close() {
        if (publication != null) {
            publication.close();
        } else if (isOpen() && !aeron.isClosed()) {
            aeron.asyncRemovePublication(registration);
        }
    }
}
