package org.ringwood.kernels.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.ringwood.kernels.AttentionCall;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.RowSlices;
import org.ringwood.kernels.Slice;
import org.ringwood.kernels.SliceIndex;
import org.ringwood.kernels.SoftmaxState;
import org.ringwood.kernels.Tensor;
import org.ringwood.kernels.cuda.driver.Driver;

/**
 * One call of attention on host tensors: the rows and keys that the slices touch are copied to the device, attended there in windows of keys and portions of
 * rows, and the states are copied back.
 */
final class Attend {
    /** Bytes of {@code AttendCall} in call.cuh. */
    private static final long CALL_BYTES = 184;

    /** Threads of {@code state_fixup}. */
    private static final int FIXUP_THREADS = 256;

    /**
     * Below this part of the pairs that its tiles span, the kernel for many queries computes mostly what nobody asked for: decodes, and sequences of a few
     * tokens.
     */
    private static final double LEAST_FILL = 0.25;

    /** Portions that are queued at a time: one runs while the next one waits. */
    private static final int PORTIONS = 2;

    private final Gpu gpu;
    private final AttentionCall call;
    private final Runnable poll;
    private final DType dtype;
    private final int queryHeads;
    private final int keyHeads;
    private final int dim;
    private final int dimV;
    private final Deque<Driver.Event> portions = new ArrayDeque<>();

    /**
     * Prepares a call.
     *
     * @param poll throws if the call is not wanted any more
     */
    Attend(Gpu gpu, AttentionCall call, Runnable poll) {
        this.gpu = gpu;
        this.call = call;
        this.poll = poll;
        this.dtype = call.queries().dtype();
        this.queryHeads = call.queries().heads();
        this.keyHeads = call.keys().heads();
        this.dim = call.queries().dim();
        this.dimV = call.values().dim();
    }

    /** Does it; the device's context is current. */
    void run() {
        poll.run();
        List<Slice> lowered = RowSlices.lower(call.slices(), call.queryPositions(), call.keyPositions(), poll);
        if (lowered.isEmpty()) {
            return;
        }
        Slice box = bounds(lowered);
        List<Slice> relative = lowered.stream()
                .map(slice -> slice.shift(-box.qFrom(), -box.kFrom()))
                .toList();
        SliceIndex slices = new SliceIndex(relative, poll);
        Tensor queries = call.queries().rows(box.qFrom(), box.qTo());
        Tensor keys = call.keys().rows(box.kFrom(), box.kTo());
        Tensor values = call.values().rows(box.kFrom(), box.kTo());
        SoftmaxState state = call.state().slice(box.qFrom(), box.qTo());
        try (DeviceMemory.Scope memory = gpu.memory().open()) {
            DeviceView onDevice = onDevice(queries, memory.allocate(queries.denseBytes()));
            long stateAddress = memory.allocate(state.memory().byteSize());
            gpu.copies().upload(queries, onDevice.address());
            gpu.copies().upload(state, stateAddress);
            attend(slices, onDevice, keys, values, stateAddress, memory);
            gpu.copies().download(stateAddress, state);
        } finally {
            drain();
        }
    }

    /** The rows and keys that the slices touch. */
    private static Slice bounds(List<Slice> slices) {
        long qFrom = Long.MAX_VALUE;
        long qTo = 0;
        long kFrom = Long.MAX_VALUE;
        long kTo = 0;
        for (Slice slice : slices) {
            qFrom = Math.min(qFrom, slice.qFrom());
            qTo = Math.max(qTo, slice.qTo());
            kFrom = Math.min(kFrom, slice.kFrom());
            kTo = Math.max(kTo, slice.kTo());
        }
        return Slice.full(qFrom, qTo, kFrom, kTo);
    }

    private static DeviceView onDevice(Tensor tensor, long address) {
        return DeviceView.dense(address, tensor.dtype(), tensor.heads(), tensor.dim());
    }

    private void attend(
            SliceIndex slices,
            DeviceView queries,
            Tensor keys,
            Tensor values,
            long stateAddress,
            DeviceMemory.Scope memory) {
        long rows = slices.slices().stream().mapToLong(Slice::qTo).max().orElseThrow();
        long window = Math.min(keys.tokens(), gpu.pace().keys(dtype, kernel(false)));
        long keyAddress = memory.allocate(Tensor.denseBytes(dtype, window, keyHeads, dim));
        long valueAddress = memory.allocate(Tensor.denseBytes(dtype, window, keyHeads, dimV));
        for (long from = 0; from < keys.tokens(); from += window) {
            poll.run();
            long to = Math.min(keys.tokens(), from + window);
            AttendKernel kernel = kernel(false);
            LaunchPlan plan = plan(slices, rows, from, to, kernel);
            if (plan.isEmpty()) {
                continue;
            }
            if (plan.fill() < LEAST_FILL) {
                kernel = kernel(true);
                plan = plan(slices, rows, from, to, kernel);
            }
            Tensor someKeys = keys.rows(from, to);
            Tensor someValues = values.rows(from, to);
            gpu.copies().upload(someKeys, keyAddress);
            gpu.copies().upload(someValues, valueAddress);
            DeviceView[] operands = {queries, onDevice(someKeys, keyAddress), onDevice(someValues, valueAddress)};
            launch(kernel, plan, operands, rows, stateAddress);
        }
    }

    private AttendKernel kernel(boolean few) {
        return gpu.modules().attend(dtype, few, Math.max(dim, dimV));
    }

    private LaunchPlan plan(SliceIndex slices, long rows, long from, long to, AttendKernel kernel) {
        return new LaunchPlan(slices, rows, from, to, queryHeads, keyHeads, kernel, poll);
    }

    private void launch(AttendKernel kernel, LaunchPlan plan, DeviceView[] operands, long rows, long stateAddress) {
        try (Arena arena = Arena.ofConfined();
                DeviceMemory.Scope memory = gpu.memory().open()) {
            Launch launch = new Launch(kernel, plan, operands, rows, stateAddress, memory, arena);
            if (plan.isSplit()) {
                launch.shares();
            } else {
                launch.portions();
            }
        }
    }

    /** Queues the end of a portion; returns once few enough are queued, if the call is still wanted. */
    private void pace() {
        portions.add(gpu.mark());
        if (portions.size() == PORTIONS) {
            gpu.await(portions.remove());
        }
        poll.run();
    }

    /** Waits for the portions: events are not left behind, and a call that was given up no longer runs. */
    private void drain() {
        while (!portions.isEmpty()) {
            gpu.await(portions.remove());
        }
    }

    /** A plan in device memory. */
    private final class Launch {
        private final AttendKernel kernel;
        private final LaunchPlan plan;
        private final DeviceView[] operands;
        private final long rows;
        private final long stateAddress;
        private final DeviceMemory.Scope memory;
        private final Arena arena;
        private final long partials;
        private final long blocks;
        private final long runs;
        private final long pieces;

        Launch(
                AttendKernel kernel,
                LaunchPlan plan,
                DeviceView[] operands,
                long rows,
                long stateAddress,
                DeviceMemory.Scope memory,
                Arena arena) {
            this.kernel = kernel;
            this.plan = plan;
            this.operands = operands;
            this.rows = rows;
            this.stateAddress = stateAddress;
            this.memory = memory;
            this.arena = arena;
            this.partials =
                    memory.allocate((long) plan.slots() * kernel.shape().queries() * SoftmaxState.recordBytes(dimV));
            this.blocks = upload(plan.blocks);
            this.runs = upload(plan.runs);
            this.pieces = upload(plan.pieces);
        }

        private long upload(IntTable table) {
            long address = memory.allocate(table.bytes());
            gpu.copies().upload(table, address);
            return address;
        }

        /** Shares of the keys of few units, and the merge of what they leave. */
        void shares() {
            MemorySegment argument = argument(upload(plan.parts), upload(plan.shares), 0);
            run(plan.shares.size() - 1, 1, argument);
            if (plan.splits.size() > 0) {
                gpu.launch(
                        gpu.modules().state("state_fixup"),
                        plan.splits.size(),
                        kernel.shape().queries(),
                        FIXUP_THREADS,
                        0,
                        argument,
                        Arguments.of(arena, upload(plan.splits)),
                        Arguments.of(arena, kernel.shape().queries()));
            }
            pace();
        }

        /** Whole units, some rows at a time. Later rows come first: under a causal mask they have the most keys, and small blocks end evenly. */
        void portions() {
            long most = gpu.pace().tiles(dtype, kernel);
            int end = plan.blocks.size();
            while (end > 0) {
                int first = end - 1;
                long tiles = plan.tilesOfBlock(first) * plan.units();
                while (first > 0 && tiles + plan.tilesOfBlock(first - 1) * plan.units() <= most) {
                    first--;
                    tiles += plan.tilesOfBlock(first) * plan.units();
                }
                run(end - first, plan.units(), argument(0, 0, first));
                pace();
                end = first;
            }
        }

        private void run(int gridX, int gridY, MemorySegment argument) {
            BlockShape shape = kernel.shape();
            gpu.launch(kernel.function(), gridX, gridY, shape.threads(), shape.sharedBytes(), argument);
        }

        /** An {@code AttendCall} of call.cuh. */
        private MemorySegment argument(long parts, long shares, int firstBlock) {
            Arguments fields = Arguments.structure(arena, CALL_BYTES);
            int vectors = 0;
            for (int i = 0; i < operands.length; i++) {
                fields.put(operands[i]);
                vectors |= operands[i].isInVectors() ? 1 << i : 0;
            }
            return fields.put(stateAddress)
                    .put(partials)
                    .put(blocks)
                    .put(runs)
                    .put(pieces)
                    .put(parts)
                    .put(shares)
                    .put(rows)
                    .put(firstBlock)
                    .put(queryHeads)
                    .put(keyHeads)
                    .put(plan.headsPerUnit())
                    .put(plan.unitsPerKeyHead())
                    .put(plan.rowsPerBlock())
                    .put(dim)
                    .put(dimV)
                    .put(vectors)
                    .put(call.scale())
                    .put(call.softcap())
                    .memory();
        }
    }
}
