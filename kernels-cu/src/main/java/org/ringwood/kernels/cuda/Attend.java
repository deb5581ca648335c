package org.ringwood.kernels.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.ringwood.kernels.AttentionCall;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Slice;
import org.ringwood.kernels.SliceIndex;
import org.ringwood.kernels.SoftmaxState;
import org.ringwood.kernels.Space;
import org.ringwood.kernels.Tensor;

/**
 * One call of attention: the rows and keys that the slices touch are attended in windows of keys and portions of rows. Of what the host has, those are copied
 * to the device, and the states back.
 */
final class Attend {
    /** Bytes of {@code AttendCall} in call.cuh. */
    private static final long CALL_BYTES = 184 + PlacedDropout.BYTES;

    /** Threads of {@code state_fixup}. */
    private static final int FIXUP_THREADS = 256;

    /**
     * Below this part of the pairs that its tiles span, the kernel for many queries computes mostly what nobody asked for: decodes, and sequences of a few
     * tokens.
     */
    private static final double LEAST_FILL = 0.25;

    private final Gpu gpu;
    private final AttentionCall call;
    private final Runnable poll;
    private final DType dtype;
    private final int queryHeads;
    private final int keyHeads;
    private final int dim;
    private final int dimV;

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
        TouchedRows.find(call.slices(), call.queryPositions(), call.keyPositions(), poll)
                .ifPresent(this::attend);
    }

    private void attend(TouchedRows touched) {
        Slice box = touched.box();
        Tensor queries = call.queries().rows(box.qFrom(), box.qTo());
        Tensor keys = call.keys().rows(box.kFrom(), box.kTo());
        Tensor values = call.values().rows(box.kFrom(), box.kTo());
        SoftmaxState state = call.state().slice(box.qFrom(), box.qTo());
        try (Operands operands = new Operands(gpu)) {
            SoftmaxState onDevice = operands.read(state);
            PlacedDropout dropout = PlacedDropout.of(
                    call.dropout(),
                    call.queryPositions().slice(box.qFrom(), box.qTo()),
                    call.keyPositions().slice(box.kFrom(), box.kTo()),
                    operands);
            attend(touched.slices(), operands.read(queries), keys, values, dropout, onDevice, operands);
            operands.write(onDevice, state);
        }
    }

    private void attend(
            SliceIndex slices,
            Tensor queries,
            Tensor keys,
            Tensor values,
            PlacedDropout dropout,
            SoftmaxState state,
            Operands operands) {
        long window = Math.min(keys.tokens(), gpu.pace().keys(dtype, kernel(false)));
        MemorySegment keyRoom = room(keys, window, operands);
        MemorySegment valueRoom = room(values, window, operands);
        for (long from = 0; from < keys.tokens(); from += window) {
            poll.run();
            long to = Math.min(keys.tokens(), from + window);
            LaunchPlan plan = plan(slices, queries.tokens(), from, to);
            if (!plan.isEmpty()) {
                Tensor someKeys = operands.read(keys.rows(from, to), keyRoom);
                Tensor someValues = operands.read(values.rows(from, to), valueRoom);
                launch(plan, List.of(queries, someKeys, someValues), dropout.from(0, from), state);
            }
        }
    }

    /** Memory for some rows of a tensor that is not on the device. */
    private MemorySegment room(Tensor tensor, long rows, Operands operands) {
        return operands.allocate(
                tensor.space() == Space.DEVICE ? 0 : Tensor.denseBytes(dtype, rows, keyHeads, tensor.dim()));
    }

    private AttendKernel kernel(boolean few) {
        return gpu.modules().attend(dtype, few, !call.dropout().isNone(), Math.max(dim, dimV));
    }

    private LaunchPlan plan(SliceIndex slices, long rows, long from, long to) {
        boolean few = LaunchPlan.mostFill(rows, queryHeads, keyHeads, kernel(false)) < LEAST_FILL;
        LaunchPlan plan = plan(slices, rows, from, to, kernel(few));
        return few || plan.isEmpty() || plan.fill() >= LEAST_FILL ? plan : plan(slices, rows, from, to, kernel(true));
    }

    private LaunchPlan plan(SliceIndex slices, long rows, long from, long to, AttendKernel kernel) {
        return new LaunchPlan(slices, rows, from, to, queryHeads, keyHeads, kernel, poll);
    }

    private void launch(LaunchPlan plan, List<Tensor> tensors, PlacedDropout dropout, SoftmaxState state) {
        try (Arena arena = Arena.ofConfined();
                Operands operands = new Operands(gpu)) {
            Launch launch = new Launch(plan, tensors, dropout, state, operands, arena);
            if (plan.isSplit()) {
                launch.shares();
            } else {
                launch.portions();
            }
        }
    }

    /** Marks the end of a portion; returns once few enough are queued, if the call is still wanted. */
    private void pace() {
        gpu.pacePortion();
        poll.run();
    }

    /** A plan in device memory. */
    private final class Launch {
        private final LaunchPlan plan;
        private final AttendKernel kernel;
        private final List<Tensor> tensors;
        private final PlacedDropout dropout;
        private final SoftmaxState state;
        private final Arena arena;
        private final MemorySegment partials;
        private final Tables tables;

        Launch(
                LaunchPlan plan,
                List<Tensor> tensors,
                PlacedDropout dropout,
                SoftmaxState state,
                Operands operands,
                Arena arena) {
            this.plan = plan;
            this.kernel = plan.kernel();
            this.tensors = tensors;
            this.dropout = dropout;
            this.state = state;
            this.arena = arena;
            this.partials =
                    operands.allocate((long) plan.slots() * kernel.shape().queries() * SoftmaxState.recordBytes(dimV));
            this.tables = Tables.of(plan, operands);
        }

        /** Shares of the keys of few units, and the merge of what they leave. */
        void shares() {
            MemorySegment argument = argument(tables.parts, tables.shares, 0);
            run(plan.shares.size() - 1, 1, argument);
            if (plan.splits.size() > 0) {
                gpu.launch(
                        gpu.modules().state("state_fixup"),
                        plan.splits.size(),
                        kernel.shape().queries(),
                        FIXUP_THREADS,
                        0,
                        argument,
                        Arguments.of(arena, tables.splits),
                        Arguments.of(arena, kernel.shape().queries()));
            }
            pace();
        }

        /** Whole units, some rows at a time. Later rows come first: under a causal mask they have the most keys, and small blocks end evenly. */
        void portions() {
            plan.eachPortion(gpu.pace().tiles(dtype, kernel), (first, end) -> {
                run(end - first, plan.units(), argument(0, 0, first));
                pace();
            });
        }

        private void run(int gridX, int gridY, MemorySegment argument) {
            BlockShape shape = kernel.shape();
            gpu.launch(kernel.function(), gridX, gridY, shape.threads(), shape.sharedBytes(), argument);
        }

        /** An {@code AttendCall} of call.cuh. */
        private MemorySegment argument(long parts, long shares, int firstBlock) {
            Arguments fields = Arguments.structure(arena, CALL_BYTES);
            int vectors = 0;
            for (int i = 0; i < tensors.size(); i++) {
                DeviceView view = DeviceView.of(tensors.get(i));
                fields.put(view);
                vectors |= view.isInVectors() ? 1 << i : 0;
            }
            return fields.put(state.memory().address())
                    .put(partials.address())
                    .put(tables.blocks)
                    .put(tables.runs)
                    .put(tables.pieces)
                    .put(parts)
                    .put(shares)
                    .put(state.rows())
                    .put(dropout)
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
    /** Addresses of a plan's tables on the device. */
    private record Tables(long blocks, long runs, long pieces, long parts, long shares, long splits) {
        static Tables of(LaunchPlan plan, Operands operands) {
            long[] addresses =
                    operands.upload(plan.blocks, plan.runs, plan.pieces, plan.parts, plan.shares, plan.splits);
            return new Tables(addresses[0], addresses[1], addresses[2], addresses[3], addresses[4], addresses[5]);
        }
    }
}
