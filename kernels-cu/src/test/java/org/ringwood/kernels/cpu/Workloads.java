package org.ringwood.kernels.cpu;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.ringwood.kernels.AttentionCall;
import org.ringwood.kernels.AttentionCase;
import org.ringwood.kernels.AttentionKernels;
import org.ringwood.kernels.Cancellation;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.GradientCall;
import org.ringwood.kernels.GradientCase;
import org.ringwood.kernels.Layout;
import org.ringwood.kernels.Slice;
import org.ringwood.kernels.SoftmaxState;
import org.ringwood.kernels.Tensor;

/**
 * What the guard watches: every kernel, and attention by all the ways through it.
 *
 * <p>The typical shares were measured with 512-bit vectors on a busy EPYC of the fourth generation. The bytes lie between what is
 * needed and what boxing costs at least. Needed are tasks, slices and partial states, some hundredths of a byte a pair where queries
 * are many and up to 4 bytes where one query leaves a state for every thousand keys. A vector on the heap is 48 bytes for 4 floats
 * and 96 for 16. So one operation in the softmax of many queries, where each lane is a pair, costs 6 bytes a pair, and one in the
 * scores of few queries, where each pair takes a vector at least, 48.
 */
final class Workloads {
    private static final double BYTES_OF_LANES = 1;
    private static final double BYTES_OF_ROWS = 12;
    private static final double BYTES_OF_STATES = 0.5;

    /** Operations a pair of mask, maximum and exponential. */
    private static final int SOFTMAX_FLOPS = 24;

    private static final int CALLS_AT_ONCE = 4;

    private final Arena arena;
    private final Device device;
    private final List<Workload> all = new ArrayList<>();

    private Workloads(Arena arena, Device device) {
        this.arena = arena;
        this.device = device;
    }

    /** All of them on a device, those with a name that starts like {@code first} in front. */
    static List<Workload> of(Arena arena, Device device, String first) {
        Workloads workloads = new Workloads(arena, device);
        workloads.addPrefill();
        workloads.addDecode();
        workloads.addGradients();
        workloads.addStates();
        List<Workload> ordered = new ArrayList<>(workloads.all);
        ordered.removeIf(workload -> !workload.name().startsWith(first));
        workloads.all.removeAll(ordered);
        ordered.addAll(workloads.all);
        return ordered;
    }

    private void addPrefill() {
        add("prefill", 0.6, BYTES_OF_LANES, AttentionCase.full(513, 777, 64).withHeads(2, 2));
        add("causal", 0.5, BYTES_OF_LANES, AttentionCase.causal(701, 80).withHeads(2, 2));
        add("grouped", 0.4, BYTES_OF_LANES, AttentionCase.causal(301, 40).withHeads(6, 2));
        add(
                "documents",
                0.2,
                BYTES_OF_LANES,
                AttentionCase.full(1500, 1500, 64).withDimV(19).withSlices(documents(1500)));
        add("capped", 0.4, BYTES_OF_LANES, AttentionCase.causal(601, 64).withSoftcap(30));
        add("bf16", 0.5, BYTES_OF_LANES, AttentionCase.full(301, 501, 128).withDType(DType.BF16));
        add(
                "f16",
                0.4,
                BYTES_OF_LANES,
                AttentionCase.causal(601, 72).withDType(DType.F16).withLayout(Layout.GAPS));
        add(
                "dims",
                0.3,
                BYTES_OF_LANES,
                IntStream.of(1, 3, 16, 33, 100, 256)
                        .mapToObj(dim -> AttentionCase.full(130, 200, dim))
                        .toArray(AttentionCase[]::new));
    }

    private void addDecode() {
        add("decode", 0.1, BYTES_OF_ROWS, AttentionCase.full(1, 2001, 128).withHeads(2, 2));
        add(
                "decode-grouped",
                0.2,
                BYTES_OF_ROWS,
                AttentionCase.full(1, 2001, 128).withHeads(16, 2));
        add(
                "decode-bf16",
                0.1,
                BYTES_OF_ROWS,
                AttentionCase.full(3, 2501, 64).withHeads(8, 4).withDType(DType.BF16));
        add(
                "decode-f16",
                0.1,
                BYTES_OF_ROWS,
                AttentionCase.full(2, 2501, 80)
                        .withHeads(4, 2)
                        .withDType(DType.F16)
                        .withLayout(Layout.GAPS));
    }

    private void addGradients() {
        addGradients("gradients", 0.5, AttentionCase.full(513, 777, 64).withHeads(2, 2));
        addGradients(
                "gradients-capped",
                0.4,
                AttentionCase.causal(501, 72)
                        .withHeads(3, 1)
                        .withDType(DType.BF16)
                        .withSoftcap(30));
    }

    private void addGradients(String name, double typical, AttentionCase attention) {
        GradientCall call =
                new GradientCase(attention).tensors(arena, device).call(0, attention.keys(), Cancellation.NEVER);
        long pairs = attention.heads()
                * attention.slices().stream().mapToLong(Slice::area).sum();
        double flops = pairs * (6.0 * attention.dim() + 4.0 * attention.dimV() + SOFTMAX_FLOPS);
        all.add(new Workload(
                name,
                pairs,
                BYTES_OF_LANES,
                Workload.Bound.ARITHMETIC,
                flops,
                typical,
                () -> AttentionCase.await(device.gradients().attend(call))));
    }

    private void add(String name, double typical, double mostBytes, AttentionCase... cases) {
        List<AttentionCall> calls = Arrays.stream(cases)
                .map(attention -> attention.tensors(arena))
                .map(tensors -> tensors.call(tensors.newState(arena, device)))
                .toList();
        long pairs = 0;
        double flops = 0;
        for (AttentionCase attention : cases) {
            long admitted = attention.heads()
                    * attention.slices().stream().mapToLong(Slice::area).sum();
            pairs += admitted;
            flops += admitted * (2.0 * (attention.dim() + attention.dimV()) + SOFTMAX_FLOPS);
        }
        all.add(new Workload(
                name,
                CALLS_AT_ONCE * pairs,
                mostBytes,
                Workload.Bound.ARITHMETIC,
                CALLS_AT_ONCE * flops,
                typical,
                () -> attend(calls)));
    }

    /** Queues calls several times before it waits, so that the threads hardly wait for calls. */
    private void attend(List<AttentionCall> calls) {
        List<Future<?>> pending = new ArrayList<>();
        for (int i = 0; i < CALLS_AT_ONCE; i++) {
            calls.forEach(call -> pending.add(device.kernels().attend(call)));
        }
        pending.forEach(AttentionCase::await);
    }

    /** Causal documents of many lengths, up to some tiles. */
    private static List<Slice> documents(int tokens) {
        List<Slice> slices = new ArrayList<>();
        int length = 7;
        for (int from = 0; from < tokens; from += length) {
            length = (length * 5 + 3) % 229;
            int to = Math.min(tokens, from + length);
            slices.add(Slice.of(from, to, from, to, Slice.Kind.CAUSAL));
        }
        return slices;
    }

    private void addStates() {
        int rows = 1001;
        int heads = 4;
        int dimV = 80;
        AttentionKernels kernels = device.kernels();
        SoftmaxState into = state(rows, heads, dimV, 1);
        SoftmaxState from = state(rows, heads, dimV, 2);
        Tensor strided = Layout.HEADS_FIRST.allocate(arena, DType.F32, rows, heads, dimV);
        Tensor dense = Layout.DENSE.allocate(arena, DType.F32, rows, heads, dimV);
        Tensor lse = Layout.DENSE.allocate(arena, DType.F32, rows, heads, 1);
        long bytes = into.memory().byteSize();
        add("merge", 0.4, 3 * bytes, () -> kernels.merge(into, from));
        add("finish", 0.1, 2 * bytes, () -> kernels.finish(into, strided, lse));
        add("copy", 0.3, 2 * bytes, () -> kernels.copy(strided, dense));
        add("clear", 0.15, bytes, () -> kernels.clear(from));
    }

    private SoftmaxState state(int rows, int heads, int dimV, long seed) {
        Random random = new Random(seed);
        SoftmaxState state =
                new SoftmaxState(arena.allocate(SoftmaxState.bytes(rows, heads, dimV), 64), rows, heads, dimV);
        for (int row = 0; row < rows; row++) {
            for (int head = 0; head < heads; head++) {
                state.set(row, head, random.nextFloat(), 1 + random.nextFloat());
                for (int i = 0; i < dimV; i++) {
                    state.setOut(row, head, i, random.nextFloat());
                }
            }
        }
        return state;
    }

    private void add(String name, double typical, long bytes, Supplier<Future<?>> call) {
        all.add(new Workload(
                name,
                bytes / Float.BYTES,
                BYTES_OF_STATES,
                Workload.Bound.MEMORY,
                bytes,
                typical,
                () -> AttentionCase.await(call.get())));
    }
}
