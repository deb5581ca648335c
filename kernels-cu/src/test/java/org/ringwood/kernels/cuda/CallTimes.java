package org.ringwood.kernels.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Future;
import org.ringwood.kernels.AttentionCall;
import org.ringwood.kernels.AttentionCase;
import org.ringwood.kernels.AttentionKernels;
import org.ringwood.kernels.Cancellation;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.DeviceMemory;
import org.ringwood.kernels.Devices;
import org.ringwood.kernels.Positions;
import org.ringwood.kernels.Slice;
import org.ringwood.kernels.SoftmaxState;
import org.ringwood.kernels.Tensor;

/**
 * Prints how long calls take, as tables of the median of some rounds: on tensors in memory of the host, with all their copies; on tensors on the device; and blocks
 * that are uploaded while the one before is attended, as in a ring.
 */
public final class CallTimes {
    private static final int ROUNDS = 7;
    private static final int WARMUP = 2;
    /** Of a ring. */
    private static final int BLOCKS = 6;

    private CallTimes() {}

    /** One attention. */
    private record Case(DType dtype, Slice.Kind mask, int queries, int keys, int queryHeads, int keyHeads, int dim) {
        List<Slice> slices() {
            return List.of(Slice.of(0, queries, 0, keys, mask));
        }

        double operations() {
            return 4.0 * slices().getFirst().area() * queryHeads * dim;
        }

        double blockBytes() {
            return Tensor.denseBytes(dtype, 2L * keys, keyHeads, dim);
        }

        /** Of calls on the host's memory, to the device and back: the operands once, the states three times, the output once. */
        double bytes() {
            double state = SoftmaxState.bytes(queries, queryHeads, dim);
            return Tensor.denseBytes(dtype, 2L * queries, queryHeads, dim) + blockBytes() + 3 * state;
        }

        @Override
        public String toString() {
            return String.format(
                    "%s %s %d × %d, heads %d/%d, dim %d", dtype, mask, queries, keys, queryHeads, keyHeads, dim);
        }
    }

    /** Measures all cases on the device cuda. */
    public static void main(String[] arguments) {
        try (Device device = Devices.open(Devices.Kind.CUDA, 1)) {
            System.out.println(device.description());
            System.out.println();
            System.out.println("| case | attend, host | attend, device | finish, host | finish, device"
                    + " | arithmetic, device | keys and values, device | over the bus, host |");
            System.out.println("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
            for (Case c : List.of(
                    new Case(DType.BF16, Slice.Kind.CAUSAL, 1024, 1024, 16, 16, 128),
                    new Case(DType.BF16, Slice.Kind.CAUSAL, 8192, 8192, 16, 16, 128),
                    new Case(DType.BF16, Slice.Kind.CAUSAL, 32768, 32768, 16, 16, 128),
                    new Case(DType.F32, Slice.Kind.CAUSAL, 8192, 8192, 16, 16, 128),
                    new Case(DType.BF16, Slice.Kind.FULL, 1, 131072, 32, 8, 128),
                    new Case(DType.F32, Slice.Kind.FULL, 1, 32768, 32, 8, 128))) {
                System.out.println(measured(device, c, CallTimes::calls));
            }
            System.out.println();
            System.out.println("| " + BLOCKS + " blocks, each | uploads | attentions | one after the other"
                    + " | overlapped | of the longer | upload |");
            System.out.println("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
            for (Case c : List.of(
                    new Case(DType.BF16, Slice.Kind.FULL, 8192, 8192, 32, 8, 128),
                    new Case(DType.BF16, Slice.Kind.FULL, 16384, 16384, 32, 8, 128),
                    new Case(DType.F32, Slice.Kind.FULL, 8192, 8192, 16, 16, 128),
                    new Case(DType.BF16, Slice.Kind.FULL, 16, 65536, 32, 8, 128))) {
                System.out.println(measured(device, c, CallTimes::ring));
            }
        }
    }

    /** A measurement with its result as a line of a table. */
    private interface Measurement {
        String row(Device device, Case c, Operands host, Operands there);
    }

    private static String measured(Device device, Case c, Measurement measurement) {
        try (Arena arena = Arena.ofShared();
                OnDevice there = new OnDevice(device.memory().orElseThrow())) {
            Operands host = new Operands(
                    tensor(arena, c, c.queries(), c.queryHeads()),
                    tensor(arena, c, c.keys(), c.keyHeads()),
                    tensor(arena, c, c.keys(), c.keyHeads()),
                    new SoftmaxState(
                            arena.allocate(SoftmaxState.bytes(c.queries(), c.queryHeads(), c.dim()), 64),
                            c.queries(),
                            c.queryHeads(),
                            c.dim()),
                    tensor(arena, c, c.queries(), c.queryHeads()),
                    Tensor.dense(
                            arena.allocate(4L * c.queries() * c.queryHeads(), 64),
                            DType.F32,
                            c.queries(),
                            c.queryHeads(),
                            1));
            return measurement.row(device, c, host, host.on(there));
        }
    }

    /** What a call reads and writes, in either space. */
    private record Operands(Tensor queries, Tensor keys, Tensor values, SoftmaxState state, Tensor out, Tensor lse) {
        Operands on(OnDevice there) {
            return new Operands(
                    there.copy(queries),
                    there.copy(keys),
                    there.copy(values),
                    there.like(state),
                    there.like(out),
                    there.like(lse));
        }

        Operands with(Tensor otherKeys, Tensor otherValues) {
            return new Operands(queries, otherKeys, otherValues, state, out, lse);
        }

        AttentionCall call(Case c) {
            return new AttentionCall(
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
        }
    }

    private static String calls(Device device, Case c, Operands host, Operands there) {
        double attendHost = attend(device, c, host);
        double attendThere = attend(device, c, there);
        double finishHost = finish(device, host);
        double finishThere = finish(device, there);
        return String.format(
                "| %s | %.2f ms | %.3f ms | %.2f ms | %.3f ms | %.1f TFLOP/s | %.0f GB/s | %.1f GB/s |",
                c,
                attendHost * 1e3,
                attendThere * 1e3,
                finishHost * 1e3,
                finishThere * 1e3,
                c.operations() / attendThere / 1e12,
                c.blockBytes() / attendThere / 1e9,
                c.bytes() / (attendHost + finishHost) / 1e9);
    }

    private static double attend(Device device, Case c, Operands operands) {
        AttentionCase.await(device.kernels().clear(operands.state()));
        return median(() -> AttentionCase.await(device.kernels().attend(operands.call(c))));
    }

    private static double finish(Device device, Operands operands) {
        return median(
                () -> AttentionCase.await(device.kernels().finish(operands.state(), operands.out(), operands.lse())));
    }

    /** The same block again and again, into two places in turn. */
    private static String ring(Device device, Case c, Operands host, Operands there) {
        AttentionKernels kernels = device.kernels();
        DeviceMemory memory = device.memory().orElseThrow();
        AttentionCase.await(kernels.clear(there.state()));
        try (OnDevice more = new OnDevice(memory)) {
            List<Operands> places = List.of(there, there.with(more.copy(host.keys()), more.copy(host.values())));
            double uploads = median(() -> {
                for (int block = 0; block < BLOCKS; block++) {
                    upload(memory, host, places.get(block % 2));
                }
            });
            double attentions = median(() -> {
                for (int block = 1; block < BLOCKS; block++) {
                    Future<?> _ = kernels.attend(places.get(block % 2).call(c));
                }
                AttentionCase.await(kernels.attend(there.call(c)));
            });
            double overlapped = median(() -> overlapped(device, c, host, places));
            return String.format(
                    "| %s | %.1f ms | %.1f ms | %.1f ms | %.1f ms | %.2f | %.1f GB/s |",
                    c,
                    uploads * 1e3,
                    attentions * 1e3,
                    (uploads + attentions) * 1e3,
                    overlapped * 1e3,
                    overlapped / Math.max(uploads, attentions),
                    c.blockBytes() * BLOCKS / uploads / 1e9);
        }
    }

    /** As a plan has it: a block is uploaded once the last but one, which was in its place, was attended. */
    private static void overlapped(Device device, Case c, Operands host, List<Operands> places) {
        Future<?>[] attended = new Future<?>[BLOCKS];
        for (int block = 0; block < BLOCKS; block++) {
            if (block >= 2) {
                AttentionCase.await(attended[block - 2]);
            }
            upload(device.memory().orElseThrow(), host, places.get(block % 2));
            attended[block] = device.kernels().attend(places.get(block % 2).call(c));
        }
        AttentionCase.await(attended[BLOCKS - 1]);
    }

    private static void upload(DeviceMemory memory, Operands from, Operands to) {
        Future<?> keys = memory.upload(from.keys(), to.keys());
        Future<?> values = memory.upload(from.values(), to.values());
        AttentionCase.await(keys);
        AttentionCase.await(values);
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

    private static double median(Runnable body) {
        double[] seconds = new double[ROUNDS];
        for (int round = -WARMUP; round < ROUNDS; round++) {
            long began = System.nanoTime();
            body.run();
            if (round >= 0) {
                seconds[round] = (System.nanoTime() - began) / 1e9;
            }
        }
        Arrays.sort(seconds);
        return seconds[ROUNDS / 2];
    }
}
