package org.ringwood.collectives.link;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.ringwood.collectives.MemoryExhaustedException;
import org.ringwood.collectives.MessageDevice;
import org.ringwood.collectives.ProcessGroup;

/** Finds out whether all ranks of a node reach each other's devices, by trying it. */
final class Handshake {
    private static final long PROBE_BYTES = 1;
    private static final byte THERE = 1;

    /** Of a reason so much is told to the others. */
    private static final int REASON_BYTES = 300;

    private final ProcessGroup group;
    /** Why this rank has no probe, or does not reach those of others; empty while it does. */
    private String reason;

    /** @param reluctance why this rank does not want to, empty if it does */
    Handshake(ProcessGroup group, String reluctance) {
        this.group = group;
        this.reason = reluctance;
    }

    /** Why they do not, as a clause: the same on all ranks of a node; empty if they do. A collective operation. */
    String outcome(@Nullable MessageDevice device) {
        MessageDevice willing = reason.isEmpty() ? device : null;
        MemorySegment probe = willing == null ? null : probe(willing);
        byte[] handle = willing == null || probe == null ? new byte[0] : handle(willing, probe);
        List<MemorySegment> offers = exchange(handle, MessageDevice.HANDLE_BYTES);
        if (willing != null) {
            offers.stream()
                    .filter(offer -> !Arrays.equals(handle, handleIn(offer)))
                    .forEach(offer -> tryToOpen(willing, offer));
        }
        List<MemorySegment> reasons = exchange(reason.getBytes(StandardCharsets.UTF_8), REASON_BYTES);
        if (willing != null && probe != null) {
            willing.free(probe);
        }
        return reasons.stream()
                .map(Handshake::text)
                .filter(text -> !text.isEmpty())
                .findFirst()
                .orElse("");
    }

    private @Nullable MemorySegment probe(MessageDevice device) {
        try {
            return device.allocate(PROBE_BYTES);
        } catch (MemoryExhaustedException full) {
            becauseOf(full);
            return null;
        }
    }

    /** Nothing if the device exports none. */
    private byte[] handle(MessageDevice device, MemorySegment probe) {
        try {
            return device.export(probe);
        } catch (UnsupportedOperationException noneAtAll) {
            becauseOf(noneAtAll);
            return new byte[0];
        }
    }

    private void tryToOpen(MessageDevice device, MemorySegment offer) {
        if (!reason.isEmpty() || offer.get(JAVA_BYTE, 0) != THERE) {
            return;
        }
        try {
            device.close(device.open(handleIn(offer), PROBE_BYTES));
        } catch (UnsupportedOperationException outOfReach) {
            becauseOf(outOfReach);
        }
    }

    private static byte[] handleIn(MemorySegment offer) {
        return offer.asSlice(1, MessageDevice.HANDLE_BYTES).toArray(JAVA_BYTE);
    }

    private void becauseOf(RuntimeException refused) {
        reason = "rank " + group.rank() + ": " + refused.getMessage();
    }

    private static String text(MemorySegment told) {
        return told.get(JAVA_BYTE, 0) == THERE ? told.getString(1) : "";
    }

    /** What the ranks of this node have, this one among them: bytes behind one that says whether there are any, ended by a 0. */
    private List<MemorySegment> exchange(byte[] mine, int mostBytes) {
        Arena arena = Arena.ofAuto();
        int bytes = 1 + mostBytes + 1;
        MemorySegment own = arena.allocate(bytes);
        if (mine.length > 0) {
            own.set(JAVA_BYTE, 0, THERE);
            MemorySegment.copy(mine, 0, own, JAVA_BYTE, 1, Math.min(mine.length, mostBytes));
        }
        List<MemorySegment> all = IntStream.range(0, group.size())
                .mapToObj(_ -> arena.allocate(bytes))
                .toList();
        group.allGather(own, all);
        return IntStream.range(0, group.size())
                .filter(rank -> group.topology().sameNode(rank, group.rank()))
                .mapToObj(all::get)
                .toList();
    }
}
