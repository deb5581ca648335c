package org.ringwood.collectives.link;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.ringwood.collectives.DeviceLink;
import org.ringwood.collectives.Digest;
import org.ringwood.collectives.GroupMemory;
import org.ringwood.collectives.MessageDevice;
import org.ringwood.collectives.Operation.Transfer;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.collectives.transport.Envelope;
import org.ringwood.collectives.transport.Transport;

/**
 * Messages between the devices of a node's ranks, over a transport that carries memory of the host: a note travels that says where the payload lies, the receiver's device
 * copies it from there, and an answer tells the sender that it has.
 */
public final class NodeLink implements DeviceLink {
    private static final long ANSWER_BYTES = 1;

    private final ProcessGroup group;
    private final Transport transport;
    private final MessageDevice device;
    private final BooleanSupplier unlink;
    private final Exports exports;
    private final Imports imports;
    private final Arena notes = Arena.ofAuto();
    private final Deque<MemorySegment> idleNotes = new ArrayDeque<>();
    private final MemorySegment copiedWord = notes.allocate(ANSWER_BYTES);
    private final List<Sent> sent = new ArrayList<>();
    private final List<Received> received = new ArrayList<>();
    private int users = 1;
    private boolean withdrawn;

    /**
     * A link of devices that reach each other.
     *
     * @param unlink ends it for the group, and says whether all ranks of the node have closed it
     */
    public NodeLink(ProcessGroup group, Transport transport, MessageDevice device, BooleanSupplier unlink) {
        this.group = group;
        this.transport = transport;
        this.device = device;
        this.unlink = unlink;
        this.exports = new Exports(device);
        this.imports = new Imports(device);
    }

    /**
     * Why the ranks of this rank's node do not reach each other's devices, as a clause; empty if they do. A collective operation.
     *
     * @param device of this rank
     * @param reluctance why this rank does not want to link it, empty if it does
     */
    public static String obstacle(ProcessGroup group, @Nullable MessageDevice device, String reluctance) {
        return new Handshake(group, reluctance).outcome(device);
    }

    /** Whether a payload is this link's business. */
    public boolean carries(MemorySegment payload) {
        return device.holds(payload);
    }

    @Override
    public GroupMemory allocate(long bytes) {
        return exports.allocate(bytes);
    }

    /** Starts to send; as {@link Transport#send}. */
    public Transfer send(Envelope envelope, MemorySegment payload) {
        Note note = exports.note(envelope.destination(), payload);
        MemorySegment written = freshNote();
        note.write(written);
        MemorySegment answer = freshNote();
        Sent message = new Sent(
                envelope.destination(),
                note,
                List.of(written, answer),
                transport.send(noteOf(envelope), written),
                transport.receive(answerTo(envelope), answer.asSlice(0, ANSWER_BYTES)));
        sent.add(message);
        return message;
    }

    /** Starts to receive; as {@link Transport#receive}. */
    public Transfer receive(Envelope envelope, MemorySegment into) {
        MemorySegment note = freshNote();
        Received message = new Received(envelope, into, note, transport.receive(noteOf(envelope), note));
        received.add(message);
        return message;
    }

    private static Envelope noteOf(Envelope message) {
        return message.with(Note.BYTES, Digest.with(message.digest(), message.bytes()));
    }

    /** Tags of messages are not negative. */
    private static Envelope answerTo(Envelope message) {
        return message.back(~message.tag(), ANSWER_BYTES);
    }

    private MemorySegment freshNote() {
        MemorySegment idle = idleNotes.poll();
        return idle == null ? notes.allocate(Note.BYTES) : idle;
    }

    /** Moves what can be moved now; called by whoever waits. Returns whether a message has ended. */
    public boolean progress() {
        if (withdrawn) {
            return false;
        }
        boolean came = received.removeIf(Received::advance);
        return sent.removeIf(Sent::advance) || came;
    }

    /** Starts no copy any more, and waits until the device does none that this rank has asked for, or for so long. */
    public void withdraw(Duration patience) {
        withdrawn = true;
        long deadline = System.nanoTime() + patience.toNanos();
        boolean interrupted = false;
        for (Received message : received) {
            Future<?> copy = message.copy;
            while (copy != null && !copy.isDone() && System.nanoTime() - deadline < 0) {
                interrupted |= awaitEnd(copy, deadline - System.nanoTime());
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Returns whether the thread was interrupted meanwhile. How the copy ends is of no interest: the group has failed before. */
    private static boolean awaitEnd(Future<?> copy, long nanos) {
        try {
            copy.get(nanos, TimeUnit.NANOSECONDS);
            return false;
        } catch (InterruptedException e) {
            return true;
        } catch (ExecutionException | TimeoutException | CancellationException ended) {
            return false;
        }
    }

    /** Another user of the link, who closes it, too. */
    public NodeLink join() {
        users++;
        return this;
    }

    @Override
    public void close() {
        if (users == 0 || --users > 0) {
            return;
        }
        if (group.liveness().failure() == null) {
            imports.closeAll();
        }
        if (unlink.getAsBoolean()) {
            exports.freeAll();
        }
    }

    private final class Sent implements Transfer {
        private final int peer;
        private final Note note;
        private final List<MemorySegment> taken;
        private final Transfer sending;
        private final Transfer answer;
        private boolean done;

        Sent(int peer, Note note, List<MemorySegment> taken, Transfer sending, Transfer answer) {
            this.peer = peer;
            this.note = note;
            this.taken = taken;
            this.sending = sending;
            this.answer = answer;
        }

        boolean advance() {
            if (!done && sending.isDone() && answer.isDone()) {
                exports.told(peer, note);
                idleNotes.addAll(taken);
                done = true;
            }
            return done;
        }

        @Override
        public boolean isDone() {
            return done;
        }
    }

    private final class Received implements Transfer {
        private final Envelope envelope;
        private final MemorySegment into;
        private final MemorySegment note;
        private final Transfer noted;
        private @Nullable Future<?> copy;
        private @Nullable Transfer answer;
        private boolean done;

        Received(Envelope envelope, MemorySegment into, MemorySegment note, Transfer noted) {
            this.envelope = envelope;
            this.into = into;
            this.note = note;
            this.noted = noted;
        }

        boolean advance() {
            if (copy == null && noted.isDone()) {
                copy = startCopy();
                idleNotes.add(note);
            }
            if (copy != null && answer == null && copy.isDone()) {
                requireCopied(copy);
                answer = transport.send(answerTo(envelope), copiedWord);
            }
            done = answer != null && answer.isDone();
            return done;
        }

        private Future<?> startCopy() {
            Future<?> started = device.copy(payload(), into);
            if (started instanceof CompletableFuture<?> future) {
                CompletableFuture<?> _ = future.whenComplete((_, _) -> group.wake());
            }
            return started;
        }

        private MemorySegment payload() {
            try {
                return imports.payload(envelope.source(), Note.read(note), envelope.bytes());
            } catch (UnsupportedOperationException refused) {
                throw new IllegalStateException(
                        "memory of the device of rank " + envelope.source() + " can't be opened: "
                                + refused.getMessage(),
                        refused);
            }
        }

        private void requireCopied(Future<?> ended) {
            if (ended.state() != Future.State.SUCCESS) {
                Throwable cause = ended.state() == Future.State.FAILED ? ended.exceptionNow() : null;
                throw new IllegalStateException(
                        envelope.bytes() + " bytes could not be copied from the device of rank " + envelope.source()
                                + ": " + (cause == null ? "it was cancelled" : cause.getMessage()),
                        cause);
            }
        }

        @Override
        public boolean isDone() {
            return done;
        }
    }
}
