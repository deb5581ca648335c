package org.ringwood.collectives.connect;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.ringwood.collectives.GroupFailureException;
import org.ringwood.collectives.GroupMemory;
import org.ringwood.collectives.GroupOptions;
import org.ringwood.collectives.Operation;
import org.ringwood.collectives.Operation.BorrowedTransfer;
import org.ringwood.collectives.Operation.Transfer;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.collectives.ProcessGroups;
import org.ringwood.collectives.Timeouts;
import org.ringwood.collectives.TransportChoice;

/** What a rank does in a process of its own. It tells its parent what it has reached, line by line. */
final class GroupProcess {
    static final String READY = "ready";
    static final String DONE = "done";
    static final String FAILED = "failed: ";
    static final int FLOATS = 300_000;

    private GroupProcess() {}

    /** Arguments: what to do, the transport, and the peer timeout in milliseconds; the rest is in the environment. */
    public static void main(String[] arguments) throws IOException {
        Duration patience = Duration.ofSeconds(60);
        Duration peer = Duration.ofMillis(Long.parseLong(arguments[2]));
        GroupOptions options = GroupOptions.DEFAULT
                .withTransport(TransportChoice.valueOf(arguments[1]))
                .withTimeouts(new Timeouts(patience, peer, patience, Optional.empty()));
        try (ProcessGroup group = ProcessGroups.fromEnvironment(options)) {
            run(arguments[0], group);
            say(DONE);
        } catch (GroupFailureException e) {
            say(FAILED + e.failure());
        } catch (IllegalArgumentException e) {
            say(FAILED + e.getMessage());
        }
    }

    private static void run(String what, ProcessGroup group) {
        switch (what) {
            case "collectives" -> {
                reduce(group);
                exchange(group);
                lend(group);
                try (ProcessGroup duplicate = group.duplicate()) {
                    reduce(duplicate);
                    exchange(group);
                    lend(duplicate);
                }
                group.barrier();
            }
            case "wait" -> {
                group.barrier();
                say(READY);
                group.await(new Never());
            }
            case "exchange" -> {
                group.barrier();
                say(READY + " " + group.rank() + " " + ProcessHandle.current().pid());
                while (true) {
                    lend(group);
                }
            }
            case "allocate-and-wait" -> {
                GroupMemory memory = group.allocate(1 << 20);
                say(READY + " " + memory.segment().byteSize());
                group.await(new Never());
            }
            default -> throw new IllegalArgumentException(what);
        }
    }

    private static void say(String line) {
        System.out.println(line);
        System.out.flush();
    }

    private static void reduce(ProcessGroup group) {
        try (GroupMemory memory = group.allocate(4L * FLOATS)) {
            MemorySegment numbers = memory.segment();
            for (int i = 0; i < FLOATS; i++) {
                numbers.setAtIndex(ValueLayout.JAVA_FLOAT, i, i % 100 + group.rank());
            }
            group.allReduce(numbers, Float.BYTES, GroupProcess::add);
            int ranks = group.size();
            for (int i = 0; i < FLOATS; i++) {
                float sum = ranks * (i % 100) + ranks * (ranks - 1) / 2;
                require(numbers.getAtIndex(ValueLayout.JAVA_FLOAT, i) == sum, "all-reduce");
            }
        }
    }

    private static void add(MemorySegment lower, MemorySegment higher, MemorySegment into) {
        ValueLayout.OfFloat layout = ValueLayout.JAVA_FLOAT_UNALIGNED;
        for (long at = 0; at < into.byteSize(); at += Float.BYTES) {
            into.set(layout, at, lower.get(layout, at) + higher.get(layout, at));
        }
    }

    private static void exchange(ProcessGroup group) {
        List<MemorySegment> send = new ArrayList<>();
        List<MemorySegment> receive = new ArrayList<>();
        for (int peer = 0; peer < group.size(); peer++) {
            send.add(MemorySegment.ofArray(new byte[100_000 * peer + 1]).fill((byte) (10 * group.rank() + peer)));
            receive.add(MemorySegment.ofArray(new byte[100_000 * group.rank() + 1]));
        }
        group.allToAll(send, receive);
        for (int peer = 0; peer < group.size(); peer++) {
            requireAll(receive.get(peer), 10 * peer + group.rank(), "all-to-all");
        }
    }

    /** Every rank's block goes round the ring, is read in place at each stop, and given back once the next rank has read it. */
    private static void lend(ProcessGroup group) {
        int right = (group.rank() + 1) % group.size();
        int left = Math.floorMod(group.rank() - 1, group.size());
        try (GroupMemory memory = group.allocate(1 << 20)) {
            try (Operation ring = group.begin("ring")) {
                List<BorrowedTransfer> blocks = new ArrayList<>();
                List<Transfer> sent = new ArrayList<>();
                sent.add(ring.send(right, 0, 0, memory.segment().fill((byte) group.rank()), 0));
                for (int hop = 0; hop < group.size() - 1; hop++) {
                    BorrowedTransfer block = ring.borrow(left, hop, 0, 1 << 20, 0);
                    group.await(new Done(List.of(block)));
                    requireAll(block.payload(), Math.floorMod(group.rank() - 1 - hop, group.size()), "ring");
                    blocks.add(block);
                    if (hop < group.size() - 2) {
                        sent.add(ring.send(right, hop + 1, 0, block.payload(), 0));
                    }
                }
                blocks.removeLast().release();
                group.await(new Done(sent.subList(1, sent.size())));
                blocks.forEach(BorrowedTransfer::release);
            }
            group.barrier();
        }
    }

    private static void requireAll(MemorySegment bytes, int value, String what) {
        for (long at = 0; at < bytes.byteSize(); at++) {
            require(bytes.get(ValueLayout.JAVA_BYTE, at) == (byte) value, what);
        }
    }

    private static void require(boolean right, String what) {
        if (!right) {
            throw new AssertionError("wrong result of " + what);
        }
    }

    private record Done(List<? extends Transfer> transfers) implements ProcessGroup.Wait {
        @Override
        public boolean done() {
            return transfers.stream().allMatch(Transfer::isDone);
        }

        @Override
        public String describe() {
            return "blocks";
        }
    }

    private record Never() implements ProcessGroup.Wait {
        @Override
        public boolean done() {
            return false;
        }

        @Override
        public String describe() {
            return "what never comes";
        }
    }
}
