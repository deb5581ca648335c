package org.ringwood.attention.execution;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import org.ringwood.attention.plan.Buffer;
import org.ringwood.attention.plan.RankPlan;
import org.ringwood.attention.plan.Step;
import org.ringwood.collectives.DeviceLink;
import org.ringwood.collectives.GroupMemory;
import org.ringwood.collectives.MemoryExhaustedException;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.DeviceFullException;
import org.ringwood.kernels.DeviceMemory;

/**
 * The memory of a rank's plans, kept from run to run, which grows with the largest plan. What is sent lies in memory of the group,
 * which peers may read in place and of which there may be little; what kernels attend in memory of the device if it has its own, of the group's link if it is sent from
 * there; everything else in ordinary memory. Slots that are only ever filled in place take none.
 */
final class Workspace implements AutoCloseable {
    private static final long ALIGNMENT = 64;

    private final Region shared;
    private final Region ordinary;
    private final Region onDevice;
    private final Region sentFromDevice;

    /** @param link of the group's devices, null if they are not linked */
    Workspace(ProcessGroup group, Device device, @Nullable DeviceLink link) {
        shared = new Region(group::allocate);
        ordinary = new Region(OrdinaryMemory::new);
        LongFunction<GroupMemory> there =
                bytes -> new MemoryOnDevice(device.memory().orElseThrow(), bytes);
        onDevice = new Region(there);
        sentFromDevice = new Region(link == null ? there : link::allocate);
    }

    /** Memory for every slot of a plan; of undefined content, and empty for a slot that needs none. */
    List<MemorySegment> slots(RankPlan plan) {
        long[] bytes = plan.slotBytes();
        BitSet filled = filledSlots(plan);
        BitSet sent = sentSlots(plan);
        BitSet there = plan.slotsOnDevice();
        BitSet here = (BitSet) filled.clone();
        here.andNot(there);
        MemorySegment[] slots = new MemorySegment[bytes.length];
        Arrays.fill(slots, MemorySegment.NULL);
        shared.carve(both(here, sent), bytes, slots);
        ordinary.carve(butNot(here, sent), bytes, slots);
        sentFromDevice.carve(both(there, sent), bytes, slots);
        onDevice.carve(butNot(there, sent), bytes, slots);
        return List.of(slots);
    }

    private static BitSet both(BitSet some, BitSet others) {
        BitSet both = (BitSet) some.clone();
        both.and(others);
        return both;
    }

    private static BitSet butNot(BitSet some, BitSet others) {
        BitSet left = (BitSet) some.clone();
        left.andNot(others);
        return left;
    }

    /** Slots that something is written to: all but those of blocks that are read in place alone. */
    private static BitSet filledSlots(RankPlan plan) {
        BitSet borrowed = new BitSet();
        for (Step step : plan.steps()) {
            if (step instanceof Step.Receive receive && receive.borrowed()) {
                borrowed.set(receive.part().buffer().id());
            }
        }
        BitSet filled = new BitSet();
        for (Buffer buffer : plan.buffers()) {
            if (!buffer.isCallers() && !borrowed.get(buffer.id())) {
                filled.set(buffer.slot());
            }
        }
        return filled;
    }

    private static BitSet sentSlots(RankPlan plan) {
        BitSet sent = new BitSet();
        for (Step step : plan.steps()) {
            Buffer buffer = switch (step) {
                case Step.Send send -> send.part().buffer();
                case Step.AllReduce reduce -> reduce.state().buffer();
                default -> null;
            };
            if (buffer != null && !buffer.isCallers()) {
                sent.set(buffer.slot());
            }
        }
        return sent;
    }

    @Override
    public void close() {
        try (ordinary;
                onDevice;
                sentFromDevice) {
            shared.close();
        }
    }

    /** One piece of memory that is replaced by a larger one when it gets too small. */
    private static final class Region implements AutoCloseable {
        private final LongFunction<GroupMemory> allocator;
        private @Nullable GroupMemory memory;

        Region(LongFunction<GroupMemory> allocator) {
            this.allocator = allocator;
        }

        /** Lays the chosen slots side by side. */
        void carve(BitSet chosen, long[] bytes, MemorySegment[] slots) {
            long total = chosen.stream().mapToLong(slot -> aligned(bytes[slot])).sum();
            if (total == 0) {
                return;
            }
            MemorySegment region = ofAtLeast(total);
            long offset = 0;
            for (int slot = chosen.nextSetBit(0); slot >= 0; slot = chosen.nextSetBit(slot + 1)) {
                slots[slot] = region.asSlice(offset, bytes[slot]);
                offset += aligned(bytes[slot]);
            }
        }

        private MemorySegment ofAtLeast(long bytes) {
            if (memory == null || memory.segment().byteSize() < bytes) {
                close();
                memory = allocator.apply(bytes);
            }
            return memory.segment();
        }

        private static long aligned(long bytes) {
            return Math.ceilDiv(bytes, ALIGNMENT) * ALIGNMENT;
        }

        @Override
        public void close() {
            if (memory != null) {
                memory.close();
                memory = null;
            }
        }
    }

    private static final class OrdinaryMemory implements GroupMemory {
        private final Arena arena = Arena.ofShared();
        private final MemorySegment segment;

        OrdinaryMemory(long bytes) {
            try {
                segment = arena.allocate(bytes, ALIGNMENT);
            } catch (OutOfMemoryError exhausted) {
                arena.close();
                MemoryExhaustedException exception =
                        new MemoryExhaustedException("the states and blocks of a plan take "
                                + bytes + " bytes of native memory, and the JVM says: " + exhausted.getMessage()
                                + "; use more ranks or a machine with more memory");
                exception.initCause(exhausted);
                throw exception;
            }
        }

        @Override
        public MemorySegment segment() {
            return segment;
        }

        @Override
        public void close() {
            arena.close();
        }
    }

    /** Memory is the environment's, wherever it is. */
    static MemoryExhaustedException exhausted(DeviceFullException full) {
        MemoryExhaustedException exception = new MemoryExhaustedException(String.valueOf(full.getMessage()));
        exception.initCause(full);
        return exception;
    }

    private static final class MemoryOnDevice implements GroupMemory {
        private final DeviceMemory memory;
        private final MemorySegment segment;

        MemoryOnDevice(DeviceMemory memory, long bytes) {
            this.memory = memory;
            try {
                this.segment = memory.allocate(bytes);
            } catch (DeviceFullException full) {
                throw exhausted(full);
            }
        }

        @Override
        public MemorySegment segment() {
            return segment;
        }

        @Override
        public void close() {
            memory.free(segment);
        }
    }
}
