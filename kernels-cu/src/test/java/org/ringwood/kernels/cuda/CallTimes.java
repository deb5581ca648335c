package org.ringwood.kernels.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.ringwood.kernels.AttentionCall;
import org.ringwood.kernels.AttentionCase;
import org.ringwood.kernels.Cancellation;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.Devices;
import org.ringwood.kernels.Positions;
import org.ringwood.kernels.Slice;
import org.ringwood.kernels.SoftmaxState;
import org.ringwood.kernels.Tensor;

/** Prints how long calls take on tensors in host memory, with all their copies, as a table; the median of some rounds. */
public final class CallTimes {
    private static final int ROUNDS = 7;

    private CallTimes() {}

    /** One attention, whose tokens are in memory of the host. */
    private record Case(DType dtype, Slice.Kind mask, int queries, int keys, int queryHeads, int keyHeads, int dim) {
        List<Slice> slices() {
            return List.of(Slice.of(0, queries, 0, keys, mask));
        }

        double operations() {
            return 4.0 * slices().getFirst().area() * queryHeads * dim;
        }

        /** To the device and back: the operands once, the states three times, the output once. */
        double bytes() {
            double state = SoftmaxState.bytes(queries, queryHeads, dim);
            return Tensor.denseBytes(dtype, 2L * queries, queryHeads, dim)
                    + Tensor.denseBytes(dtype, 2L * keys, keyHeads, dim)
                    + 3 * state;
        }
    }

    /** Measures all cases on the device cuda. */
    public static void main(String[] arguments) {
        try (Device device = Devices.open(Devices.Kind.CUDA, 1)) {
            System.out.println(device.description());
            System.out.println();
            System.out.println("| case | attend | finish | arithmetic | over the bus |");
            System.out.println("| --- | ---: | ---: | ---: | ---: |");
            for (Case c : List.of(
                    new Case(DType.BF16, Slice.Kind.CAUSAL, 1024, 1024, 16, 16, 128),
                    new Case(DType.BF16, Slice.Kind.CAUSAL, 8192, 8192, 16, 16, 128),
                    new Case(DType.BF16, Slice.Kind.CAUSAL, 32768, 32768, 16, 16, 128),
                    new Case(DType.F32, Slice.Kind.CAUSAL, 8192, 8192, 16, 16, 128),
                    new Case(DType.BF16, Slice.Kind.FULL, 1, 131072, 32, 8, 128),
                    new Case(DType.F32, Slice.Kind.FULL, 1, 32768, 32, 8, 128))) {
                System.out.println(measure(device, c));
            }
        }
    }

    private static String measure(Device device, Case c) {
        try (Arena arena = Arena.ofShared()) {
            Tensor queries = tensor(arena, c, c.queries(), c.queryHeads());
            Tensor keys = tensor(arena, c, c.keys(), c.keyHeads());
            Tensor values = tensor(arena, c, c.keys(), c.keyHeads());
            SoftmaxState state = new SoftmaxState(
                    arena.allocate(SoftmaxState.bytes(c.queries(), c.queryHeads(), c.dim()), 64),
                    c.queries(),
                    c.queryHeads(),
                    c.dim());
            Tensor out = tensor(arena, c, c.queries(), c.queryHeads());
            Tensor lse = Tensor.dense(
                    arena.allocate(4L * c.queries() * c.queryHeads(), 64), DType.F32, c.queries(), c.queryHeads(), 1);
            AttentionCall call = new AttentionCall(
                    queries,
                    keys,
                    values,
                    Positions.range(0, c.queries()),
                    Positions.range(0, c.keys()),
                    c.slices(),
                    (float) (1 / Math.sqrt(c.dim())),
                    0,
                    state,
                    Cancellation.NEVER);
            double[] attend = new double[ROUNDS];
            double[] finish = new double[ROUNDS];
            for (int round = -2; round < ROUNDS; round++) {
                AttentionCase.await(device.kernels().clear(state));
                double attended =
                        seconds(() -> AttentionCase.await(device.kernels().attend(call)));
                double finished =
                        seconds(() -> AttentionCase.await(device.kernels().finish(state, out, lse)));
                if (round >= 0) {
                    attend[round] = attended;
                    finish[round] = finished;
                }
            }
            return row(c, median(attend), median(finish));
        }
    }

    private static String row(Case c, double attend, double finish) {
        return String.format(
                "| %s %s %d × %d, heads %d/%d, dim %d | %.2f ms | %.2f ms | %.1f TFLOP/s | %.1f GB/s |",
                c.dtype(),
                c.mask(),
                c.queries(),
                c.keys(),
                c.queryHeads(),
                c.keyHeads(),
                c.dim(),
                attend * 1e3,
                finish * 1e3,
                c.operations() / attend / 1e12,
                c.bytes() / (attend + finish) / 1e9);
    }

    /** Random numbers between 0 and 1, as bits: their values do not matter to the time. */
    private static Tensor tensor(Arena arena, Case c, int tokens, int heads) {
        MemorySegment memory = arena.allocate(Tensor.denseBytes(c.dtype(), tokens, heads, c.dim()), 64);
        SplittableRandom random = new SplittableRandom(1);
        if (c.dtype() == DType.F32) {
            for (long i = 0; i < memory.byteSize() / 4; i++) {
                memory.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) random.nextDouble());
            }
        } else {
            for (long i = 0; i < memory.byteSize() / 2; i++) {
                memory.setAtIndex(ValueLayout.JAVA_SHORT, i, (short) (0x3e00 + random.nextInt(0x80)));
            }
        }
        return Tensor.dense(memory, c.dtype(), tokens, heads, c.dim());
    }

    private static double seconds(Runnable body) {
        long began = System.nanoTime();
        body.run();
        return (System.nanoTime() - began) / 1e9;
    }

    private static double median(double[] seconds) {
        double[] sorted = seconds.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
