package org.ringwood.attention.execution;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.ringwood.attention.plan.Buffer;
import org.ringwood.attention.plan.RankPlan;
import org.ringwood.attention.plan.Step;
import org.ringwood.collectives.GroupMemory;
import org.ringwood.collectives.ProcessGroup;

/**
 * The memory of a rank's plans: one region, kept from run to run, that grows with the largest plan. Slots that are only ever filled in
 * place take none of it.
 */
final class Workspace implements AutoCloseable {
    private static final long ALIGNMENT = 64;

    private final ProcessGroup group;
    private @Nullable GroupMemory memory;

    Workspace(ProcessGroup group) {
        this.group = group;
    }

    /** Memory for every slot of a plan; of undefined content, and empty for a slot that needs none. */
    List<MemorySegment> slots(RankPlan plan) {
        long[] bytes = plan.slotBytes();
        BitSet filled = filledSlots(plan);
        long total = 0;
        for (int slot = 0; slot < bytes.length; slot++) {
            total += filled.get(slot) ? aligned(bytes[slot]) : 0;
        }
        MemorySegment region = region(total);
        List<MemorySegment> slots = new ArrayList<>();
        long offset = 0;
        for (int slot = 0; slot < bytes.length; slot++) {
            long size = filled.get(slot) ? bytes[slot] : 0;
            slots.add(region.asSlice(offset, size));
            offset += aligned(size);
        }
        return slots;
    }

    private MemorySegment region(long bytes) {
        if (memory == null || memory.segment().byteSize() < bytes) {
            close();
            memory = group.allocate(bytes);
        }
        return memory.segment();
    }

    /** Slots that something is written to: all but those of blocks that are read in place alone. */
    private static BitSet filledSlots(RankPlan plan) {
        BitSet inPlace = new BitSet();
        for (Step step : plan.steps()) {
            if (step instanceof Step.Receive receive && receive.inPlace()) {
                inPlace.set(receive.part().buffer().id());
            }
        }
        BitSet filled = new BitSet();
        for (Buffer buffer : plan.buffers()) {
            if (!buffer.isCallers() && !inPlace.get(buffer.id())) {
                filled.set(buffer.slot());
            }
        }
        return filled;
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
