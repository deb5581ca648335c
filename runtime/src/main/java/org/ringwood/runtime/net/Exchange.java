package org.ringwood.runtime.net;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongUnaryOperator;
import java.util.stream.IntStream;
import org.ringwood.collectives.GroupMemory;
import org.ringwood.collectives.Operation;
import org.ringwood.collectives.ProcessGroup;

/**
 * One way in which ranks exchange f32 numbers, of one size, which can be done again and again, and checked. Every rank makes the same
 * exchange and calls the same methods.
 */
abstract sealed class Exchange implements AutoCloseable {
    static final int ELEMENT_BYTES = Float.BYTES;
    /** Numbers that f32 holds exactly, also added up over many ranks. */
    private static final int VALUES = 1021;

    final ProcessGroup group;
    private final Arena arena = Arena.ofShared();
    private final List<GroupMemory> shared = new ArrayList<>();

    Exchange(ProcessGroup group) {
        this.group = group;
    }

    /** What nccl-tests call the size: bytes that a rank ends up with. */
    abstract long sizeBytes();

    /** What a link carries a byte of the size. */
    abstract double busFactor();

    /** Puts this rank's numbers in place, and nonsense where others' are to come. */
    abstract void fill();

    /** Does it once. */
    abstract void once();

    /** Elements of this rank that are not what they must be after {@link #fill} and {@link #once}. */
    abstract long wrong();

    /** Memory that peers may read. */
    final MemorySegment sent(long bytes) {
        GroupMemory memory = group.allocate(bytes);
        shared.add(memory);
        return memory.segment();
    }

    final MemorySegment received(long bytes) {
        return arena.allocate(bytes, Long.BYTES);
    }

    static float value(int rank, long index) {
        return (index * 7 + rank * 131L) % VALUES;
    }

    static void fill(MemorySegment memory, int rank) {
        long elements = memory.byteSize() / ELEMENT_BYTES;
        for (long i = 0; i < elements; i++) {
            memory.setAtIndex(JAVA_FLOAT, i, value(rank, i));
        }
    }

    static void blank(MemorySegment memory) {
        memory.fill((byte) 0xFF);
    }

    static long wrong(MemorySegment memory, int rank) {
        return wrong(memory, index -> (long) value(rank, index));
    }

    static long wrong(MemorySegment memory, LongUnaryOperator expected) {
        long wrong = 0;
        long elements = memory.byteSize() / ELEMENT_BYTES;
        for (long i = 0; i < elements; i++) {
            if (memory.getAtIndex(JAVA_FLOAT, i) != (float) expected.applyAsLong(i)) {
                wrong++;
            }
        }
        return wrong;
    }

    @Override
    public final void close() {
        shared.forEach(GroupMemory::close);
        arena.close();
    }

    /** Some ranks send to one other each, at the same time. */
    static final class SendReceive extends Exchange {
        private final long bytes;
        private final int to;
        private final int from;
        private final MemorySegment mine;
        private final MemorySegment theirs;

        /** @param to whom each rank sends to, −1 for nobody; no two to the same */
        SendReceive(ProcessGroup group, int[] to, long bytes) {
            super(group);
            this.bytes = bytes;
            this.to = to[group.rank()];
            this.from = IntStream.range(0, to.length)
                    .filter(rank -> to[rank] == group.rank())
                    .findFirst()
                    .orElse(-1);
            this.mine = sent(this.to < 0 ? 0 : bytes);
            this.theirs = received(from < 0 ? 0 : bytes);
        }

        @Override
        long sizeBytes() {
            return bytes;
        }

        @Override
        double busFactor() {
            return 1;
        }

        @Override
        void fill() {
            fill(mine, group.rank());
            blank(theirs);
        }

        @Override
        void once() {
            try (Operation operation = group.begin("sendrecv")) {
                if (from >= 0) {
                    operation.receive(from, 0, 0, theirs, bytes);
                }
                if (to >= 0) {
                    operation.send(to, 0, 0, mine, bytes);
                }
            }
        }

        @Override
        long wrong() {
            return from < 0 ? 0 : wrong(theirs, from);
        }
    }

    /** Every rank's numbers to every rank. */
    static final class AllGather extends Exchange {
        private final MemorySegment mine;
        private final List<MemorySegment> all;

        AllGather(ProcessGroup group, long bytesOfRank) {
            super(group);
            this.mine = sent(bytesOfRank);
            this.all = IntStream.range(0, group.size())
                    .mapToObj(_ -> received(bytesOfRank))
                    .toList();
        }

        @Override
        long sizeBytes() {
            return mine.byteSize() * group.size();
        }

        @Override
        double busFactor() {
            return (group.size() - 1.0) / group.size();
        }

        @Override
        void fill() {
            fill(mine, group.rank());
            all.forEach(Exchange::blank);
        }

        @Override
        void once() {
            group.allGather(mine, all);
        }

        @Override
        long wrong() {
            return IntStream.range(0, group.size())
                    .mapToLong(rank -> wrong(all.get(rank), rank))
                    .sum();
        }
    }

    /** A part of every rank's numbers to every other. */
    static final class AllToAll extends Exchange {
        private final List<MemorySegment> send;
        private final List<MemorySegment> receive;

        AllToAll(ProcessGroup group, long bytesOfPair) {
            super(group);
            this.send = IntStream.range(0, group.size())
                    .mapToObj(_ -> sent(bytesOfPair))
                    .toList();
            this.receive = IntStream.range(0, group.size())
                    .mapToObj(_ -> received(bytesOfPair))
                    .toList();
        }

        @Override
        long sizeBytes() {
            return send.getFirst().byteSize() * group.size();
        }

        @Override
        double busFactor() {
            return (group.size() - 1.0) / group.size();
        }

        @Override
        void fill() {
            for (int to = 0; to < group.size(); to++) {
                fill(send.get(to), group.rank() * group.size() + to);
            }
            receive.forEach(Exchange::blank);
        }

        @Override
        void once() {
            group.allToAll(send, receive);
        }

        @Override
        long wrong() {
            return IntStream.range(0, group.size())
                    .mapToLong(from -> wrong(receive.get(from), from * group.size() + group.rank()))
                    .sum();
        }
    }

    /** The largest of all ranks' numbers, element by element; done again, it gives the same. */
    static final class AllReduce extends Exchange {
        private final MemorySegment elements;

        AllReduce(ProcessGroup group, long bytes) {
            super(group);
            this.elements = sent(bytes);
        }

        @Override
        long sizeBytes() {
            return elements.byteSize();
        }

        @Override
        double busFactor() {
            return 2 * (group.size() - 1.0) / group.size();
        }

        @Override
        void fill() {
            fill(elements, group.rank());
        }

        @Override
        void once() {
            group.allReduce(elements, ELEMENT_BYTES, AllReduce::larger);
        }

        private static void larger(MemorySegment lower, MemorySegment higher, MemorySegment into) {
            long count = into.byteSize() / ELEMENT_BYTES;
            for (long i = 0; i < count; i++) {
                into.setAtIndex(
                        JAVA_FLOAT, i, Math.max(lower.getAtIndex(JAVA_FLOAT, i), higher.getAtIndex(JAVA_FLOAT, i)));
            }
        }

        @Override
        long wrong() {
            return wrong(elements, index -> (long) IntStream.range(0, group.size())
                    .mapToDouble(rank -> value(rank, index))
                    .max()
                    .orElseThrow());
        }
    }
}
