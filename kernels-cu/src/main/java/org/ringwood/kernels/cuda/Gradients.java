package org.ringwood.kernels.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.Stream;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.GradientCall;
import org.ringwood.kernels.Slice;
import org.ringwood.kernels.SliceIndex;
import org.ringwood.kernels.Tensor;

/**
 * One call of gradients, as three kernels over the rows that the slices touch: those of the queries, of the keys and of the values, each in windows of the rows
 * that it walks along and portions of those that it owns.
 */
final class Gradients {
    /** Bytes of {@code GradientCall} in call.cuh. */
    private static final long CALL_BYTES = 232 + PlacedDropout.BYTES;

    private final Gpu gpu;
    private final GradientCall call;
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
    Gradients(Gpu gpu, GradientCall call, Runnable poll) {
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
        SliceIndex byQueries = touched.slices();
        SliceIndex byKeys = new SliceIndex(
                byQueries.slices().stream().map(Slice::transposed).toList(), poll);
        try (Operands operands = new Operands(gpu)) {
            Rows rows = new Rows(
                    side(box.qFrom(), box.qTo(), operands, call.queries(), call.outGradients()),
                    side(box.qFrom(), box.qTo(), operands, call.lse(), call.delta()),
                    side(box.kFrom(), box.kTo(), operands, call.keys(), call.values()),
                    PlacedDropout.of(
                            call.dropout(),
                            call.queryPositions().slice(box.qFrom(), box.qTo()),
                            call.keyPositions().slice(box.kFrom(), box.kTo()),
                            operands));
            Tensor ofQueries = call.queryGradients().rows(box.qFrom(), box.qTo());
            Tensor ofKeys = call.keyGradients().rows(box.kFrom(), box.kTo());
            Tensor ofValues = call.valueGradients().rows(box.kFrom(), box.kTo());
            List<Pass> passes = List.of(
                    new Pass(GradientUse.QUERIES, byQueries, rows, ofQueries, operands),
                    new Pass(GradientUse.KEYS, byKeys, rows, ofKeys, operands),
                    new Pass(GradientUse.VALUES, byKeys, rows, ofValues, operands));
            passes.forEach(Pass::run);
            passes.forEach(Pass::write);
        }
    }

    /** All that the kernels read: queries and gradients of outputs, log-sum-exps and deltas, keys and values, and what dropout is told of both. */
    private record Rows(Side queries, Side numbers, Side keys, PlacedDropout dropout) {
        Rows ofQueries(long from, long to) {
            return new Rows(queries.rows(from, to), numbers.rows(from, to), keys, dropout.from(from, 0));
        }

        Rows ofKeys(long from, long to) {
            return new Rows(queries, numbers, keys.rows(from, to), dropout.from(0, from));
        }
    }

    /** Two tensors on the device that have the same rows. */
    private record Side(Tensor first, Tensor second) {
        Side rows(long from, long to) {
            return new Side(first.rows(from, to), second.rows(from, to));
        }
    }

    private static Side side(long from, long to, Operands operands, Tensor first, Tensor second) {
        return new Side(operands.read(first.rows(from, to)), operands.read(second.rows(from, to)));
    }

    /** The launches of one kernel. */
    private final class Pass {
        private final GradientUse use;
        private final AttendKernel kernel;
        private final SliceIndex slices;
        private final Rows rows;
        private final Tensor sums;
        private final Tensor onDevice;
        private final Operands operands;

        Pass(GradientUse use, SliceIndex slices, Rows rows, Tensor sums, Operands operands) {
            this.use = use;
            this.kernel = gpu.modules()
                    .gradients(dtype, use, !call.dropout().isNone(), Math.max(dim, dimV))
                    .unshared();
            this.slices = slices;
            this.rows = rows;
            this.sums = sums;
            this.onDevice = operands.read(sums);
            this.operands = operands;
        }

        void run() {
            Side walked = use.ownsQueries() ? rows.keys() : rows.queries();
            long end = walked.first().tokens();
            long window = Math.min(end, walkedRows());
            for (long from = 0; from < end; from += window) {
                poll.run();
                launch(from, Math.min(end, from + window));
            }
        }

        void write() {
            operands.write(onDevice, sums);
        }

        /** Rows that a launch may walk along; a block walks along them once for each head. */
        private long walkedRows() {
            int tile = kernel.shape().keys();
            return Math.max(1, gpu.pace().keys(dtype, kernel) / tile / walkedHeads()) * tile;
        }

        private int walkedHeads() {
            return use.ownsQueries() ? 1 : Math.ceilDiv(queryHeads, keyHeads);
        }

        private void launch(long from, long to) {
            // As every block owns rows of one head, it is a plan of as many heads on either side.
            LaunchPlan plan = new LaunchPlan(slices, sums.tokens(), from, to, sums.heads(), sums.heads(), kernel, poll);
            if (plan.isEmpty()) {
                return;
            }
            try (Arena arena = Arena.ofConfined();
                    Operands tablesOnDevice = new Operands(gpu)) {
                long[] tables = tablesOnDevice.upload(plan.blocks, plan.runs, plan.pieces);
                long most = Math.max(1, gpu.pace().tiles(dtype, kernel) / walkedHeads());
                plan.eachPortion(most, (first, end) -> {
                    BlockShape shape = kernel.shape();
                    gpu.launch(
                            kernel.function(),
                            end - first,
                            plan.units(),
                            shape.threads(),
                            shape.sharedBytes(),
                            argument(arena, tables, first, from, to));
                    gpu.pacePortion();
                    poll.run();
                });
            }
        }

        /** A {@code GradientCall} of call.cuh, to walk along the rows {@code [from, to)}. */
        private MemorySegment argument(Arena arena, long[] tables, int firstBlock, long from, long to) {
            Rows here = use.ownsQueries() ? rows.ofKeys(from, to) : rows.ofQueries(from, to);
            List<DeviceView> views = Stream.of(
                            here.queries().first(),
                            here.keys().first(),
                            here.keys().second(),
                            here.queries().second())
                    .map(DeviceView::of)
                    .toList();
            Arguments fields = Arguments.structure(arena, CALL_BYTES);
            int vectors = 0;
            for (int i = 0; i < views.size(); i++) {
                fields.put(views.get(i));
                vectors |= views.get(i).isInVectors() ? 1 << i : 0;
            }
            fields.put(DeviceView.of(here.numbers().first()))
                    .put(DeviceView.of(here.numbers().second()))
                    .put(DeviceView.of(onDevice));
            for (long table : tables) {
                fields.put(table);
            }
            return fields.put(sums.tokens())
                    .put(here.dropout())
                    .put(firstBlock)
                    .put(queryHeads)
                    .put(keyHeads)
                    .put(dim)
                    .put(dimV)
                    .put(vectors)
                    .put(call.scale())
                    .put(call.softcap())
                    .memory();
        }
    }
}
