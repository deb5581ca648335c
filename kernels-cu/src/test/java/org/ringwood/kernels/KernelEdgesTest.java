package org.ringwood.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.ringwood.kernels.AttentionCase.await;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.ringwood.kernels.scalar.Accuracy;

/** What may go wrong at the edges: numbers that are none, nothing to attend to, calls in pieces, calls given up. */
@Tag("every-vector-width")
class KernelEdgesTest {
    private static final float[] NOT_FINITE = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};

    private static Device open(Devices.Kind kind) {
        return TestDevices.open(kind, 2);
    }

    @ParameterizedTest
    @EnumSource(names = {"CPU", "SCALAR", "CUDA"})
    void aBadKeyOrValueHarmsOnlyTheRowsThatAdmitIt(Devices.Kind kind) {
        for (int at : new int[] {0, 5, 63, 64, 129, 199}) {
            assertHarmed(kind, AttentionCase.causal(200, 8), at);
        }
        // So few queries are attended in another layout.
        for (int at : new int[] {0, 3, 4, 11}) {
            for (DType dtype : DType.values()) {
                assertHarmed(kind, AttentionCase.causal(12, 8).withDType(dtype), at);
            }
        }
    }

    private static void assertHarmed(Devices.Kind kind, AttentionCase attention, int at) {
        int tokens = attention.queries();
        for (float bad : NOT_FINITE) {
            assertHarmed(
                    kind, attention, at, at, tokens, tensors -> tensors.keys().set(at, 0, 3, bad), bad);
            assertHarmed(
                    kind, attention, at, at, tokens, tensors -> tensors.values().set(at, 0, 3, bad), bad);
            assertHarmed(
                    kind,
                    attention,
                    at,
                    at,
                    at + 1,
                    tensors -> tensors.queries().set(at, 0, 3, bad),
                    bad);
        }
    }

    private interface Poison {
        void into(AttentionCase.Tensors tensors);
    }

    /** Rows outside {@code [from, to)} of causal attention keep their bits; row {@code row} does not stay finite. */
    private static void assertHarmed(
            Devices.Kind kind, AttentionCase attention, int row, int from, int to, Poison poison, float bad) {
        try (Arena arena = Arena.ofShared();
                Device device = open(kind)) {
            AttentionCase.Tensors tensors = attention.tensors(arena);
            SoftmaxState clean = tensors.newState(arena, device);
            await(device.kernels().attend(tensors.call(clean)));
            poison.into(tensors);
            SoftmaxState harmed = tensors.newState(arena, device);
            await(device.kernels().attend(tensors.call(harmed)));
            for (int i = 0; i < attention.queries(); i++) {
                boolean same = clean.slice(i, i + 1)
                                .memory()
                                .mismatch(harmed.slice(i, i + 1).memory())
                        == -1;
                if (i < from || i >= to) {
                    assertThat(same).as("row %d with %s at row %d", i, bad, row).isTrue();
                }
            }
            // An infinite key may weigh nothing, depending on its sign; the problem's oracle knows.
            AttentionCase.Result result = tensors.finish(arena, device, harmed);
            Accuracy accuracy = tensors.problem().judge(result.out(), result.lse());
            assertThat(accuracy.outError())
                    .as("%s at row %d: %s", bad, row, accuracy)
                    .isLessThan(1e-5 + attention.dtype().epsilon());
        }
    }

    /** Every query has a key of its own, whose value it gets. */
    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"F16", "BF16"})
    void everyValueOfSixteenBitsIsReadExactly(DType dtype) {
        List<Slice> diagonal = new ArrayList<>();
        for (int row = 0; row < 256; row++) {
            diagonal.add(Slice.full(row, row + 1, row, row + 1));
        }
        AttentionCase attention =
                AttentionCase.full(256, 256, 256).withSlices(diagonal).withDType(dtype);
        try (Arena arena = Arena.ofShared();
                Device device = open(Devices.Kind.CPU)) {
            AttentionCase.Tensors tensors = attention.tensors(arena);
            for (int bits = 0; bits < 1 << 16; bits++) {
                tensors.values().memory().setAtIndex(ValueLayout.JAVA_SHORT, bits, (short) bits);
            }
            SoftmaxState state = tensors.newState(arena, device);
            await(device.kernels().attend(tensors.call(state)));
            Tensor out = tensors.finish(arena, device, state).out();
            for (int bits = 0; bits < 1 << 16; bits++) {
                float value = tensors.values().get(bits / 256, 0, bits % 256);
                float found = out.get(bits / 256, 0, bits % 256);
                assertThat(Float.isNaN(value) ? Float.isNaN(found) : found == value)
                        .as("bits %04x, which are %s, became %s", bits, value, found)
                        .isTrue();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"CPU", "SCALAR", "CUDA"})
    void rowsWithoutAnyKeyStayTheIdentity(Devices.Kind kind) {
        AttentionCase attention = AttentionCase.full(150, 150, 9)
                .withSlices(List.of(Slice.full(0, 60, 0, 150), Slice.full(100, 150, 3, 4)));
        try (Arena arena = Arena.ofShared();
                Device device = open(kind)) {
            AttentionCase.Tensors tensors = attention.tensors(arena);
            SoftmaxState state = tensors.newState(arena, device);
            await(device.kernels().attend(tensors.call(state)));
            AttentionCase.Result result = tensors.finish(arena, device, state);
            for (int row = 60; row < 100; row++) {
                assertThat(state.max(row, 0)).isEqualTo(Float.NEGATIVE_INFINITY);
                assertThat(state.sum(row, 0)).isEqualTo(0);
                assertThat(result.lse().get(row, 0, 0)).isEqualTo(Float.NEGATIVE_INFINITY);
                for (int i = 0; i < 9; i++) {
                    assertThat(result.out().get(row, 0, i)).isEqualTo(0);
                }
            }
            Accuracy accuracy = tensors.problem().judge(result.out(), result.lse());
            assertThat(accuracy.holds()).as("%s", accuracy).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"CPU", "SCALAR", "CUDA"})
    void nothingToAttendIsNothingDone(Devices.Kind kind) {
        try (Device device = open(kind)) {
            for (int[] rows : new int[][] {{0, 5}, {5, 0}, {0, 0}}) {
                AttentionCase attention = AttentionCase.full(rows[0], rows[1], 4);
                assertThat(attention.judge(device).holds()).isTrue();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 10, 37, 100})
    void attendingInPiecesIsAttendingAtOnce(int pieces) {
        AttentionCase attention = AttentionCase.causal(333, 48).withHeads(4, 2).withDeviation(2);
        try (Arena arena = Arena.ofShared();
                Device device = open(Devices.Kind.CPU)) {
            AttentionCase.Tensors tensors = attention.tensors(arena);
            SoftmaxState state = tensors.newState(arena, device);
            // Last keys first, so that under the causal mask many rows see nothing in the first pieces.
            for (int piece = pieces - 1; piece >= 0; piece--) {
                await(device.kernels().attend(tensors.call(state, 333L * piece / pieces, 333L * (piece + 1) / pieces)));
            }
            AttentionCase.Result result = tensors.finish(arena, device, state);
            Accuracy accuracy = tensors.problem().judge(result.out(), result.lse());
            assertThat(accuracy.holds()).as("%s", accuracy).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"CPU", "SCALAR", "CUDA"})
    void scoresOfTenThousandAreSafe(Devices.Kind kind) {
        for (float sign : new float[] {1, -1}) {
            AttentionCase attention = AttentionCase.full(70, 300, 16);
            try (Arena arena = Arena.ofShared();
                    Device device = open(kind)) {
                AttentionCase.Tensors tensors = attention.tensors(arena);
                for (int row = 0; row < 70; row++) {
                    tensors.queries().set(row, 0, 0, 200 * sign);
                }
                for (int key = 0; key < 300; key++) {
                    tensors.keys().set(key, 0, 0, 200 + key % 7 * 0.01f);
                }
                SoftmaxState state = tensors.newState(arena, device);
                for (int piece = 0; piece < 70; piece++) {
                    await(device.kernels().attend(tensors.call(state, 300L * piece / 70, 300L * (piece + 1) / 70)));
                }
                AttentionCase.Result result = tensors.finish(arena, device, state);
                assertThat(Math.abs(state.max(0, 0))).isBetween(9e3f, 11e3f);
                Accuracy accuracy = tensors.problem().judge(result.out(), result.lse());
                assertThat(accuracy.holds()).as("%s", accuracy).isTrue();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"CPU", "SCALAR", "CUDA"})
    void shardsInChunksMeetByPosition(Devices.Kind kind) {
        AttentionCase attention = AttentionCase.causal(240, 12)
                .withSlices(List.of(Slice.of(0, 90, 0, 90, Slice.Kind.CAUSAL), new Slice(90, 240, 90, 240, -40, 0)));
        int ranks = 4;
        try (Arena arena = Arena.ofShared();
                Device device = open(kind)) {
            AttentionCase.Tensors whole = attention.tensors(arena);
            AttentionCase.Result result = whole.finish(arena, device, whole.newState(arena, device));
            List<Positions> shards = new ArrayList<>();
            for (int rank = 0; rank < ranks; rank++) {
                long last = 2L * ranks - 1 - rank;
                shards.add(Positions.of(
                        List.of(new Chunk(rank * 30L, rank * 30L + 30), new Chunk(last * 30, last * 30 + 30))));
            }
            for (Positions queries : shards) {
                AttentionCase part = attention.withTokens((int) queries.rows(), (int) queries.rows());
                Tensor gathered = gather(arena, whole.queries(), queries);
                SoftmaxState state = part.tensors(arena).newState(arena, device);
                for (Positions keys : shards) {
                    await(device.kernels()
                            .attend(new AttentionCall(
                                    gathered,
                                    gather(arena, whole.keys(), keys),
                                    gather(arena, whole.values(), keys),
                                    queries,
                                    keys,
                                    attention.slices(),
                                    whole.scale(),
                                    0,
                                    state,
                                    Cancellation.NEVER)));
                }
                AttentionCase.Result shard = part.tensors(arena).finish(arena, device, state);
                for (long row = 0; row < queries.rows(); row++) {
                    shard.out()
                            .rows(row, row + 1)
                            .copyHead(0, 0, result.out().rows(queries.position(row), queries.position(row) + 1));
                    result.lse().set(queries.position(row), 0, 0, shard.lse().get(row, 0, 0));
                }
            }
            Accuracy accuracy = whole.problem().judge(result.out(), result.lse());
            assertThat(accuracy.holds()).as("%s", accuracy).isTrue();
        }
    }

    private static Tensor gather(Arena arena, Tensor from, Positions rows) {
        Tensor to = Layout.DENSE.allocate(arena, from.dtype(), rows.rows(), from.heads(), from.dim());
        float[] element = new float[from.dim()];
        for (long row = 0; row < rows.rows(); row++) {
            for (int head = 0; head < from.heads(); head++) {
                from.read(rows.position(row), head, element, 0);
                to.write(row, head, element, 0);
            }
        }
        return to;
    }

    @ParameterizedTest
    @EnumSource(names = {"CPU", "SCALAR", "CUDA"})
    void aCancelledCallEndsSoonAndSaysSo(Devices.Kind kind) throws Exception {
        // Hours of work, were it not cancelled once it has begun.
        AttentionCase attention = AttentionCase.full(1, 1, 128);
        int tokens = 1_000_000;
        try (Arena arena = Arena.ofShared();
                Device device = open(kind)) {
            CountDownLatch begun = new CountDownLatch(20);
            Future<?> call =
                    attendRepeated(device, arena, tokens, 128, List.of(Slice.full(0, tokens, 0, tokens)), () -> {
                        begun.countDown();
                        return begun.getCount() == 0;
                    });
            assertThatThrownBy(call::get).isInstanceOf(CancellationException.class);
            assertThat(begun.getCount()).isZero();
            assertThat(attention.judge(device).holds())
                    .as("the device works on")
                    .isTrue();
        }
    }

    /** A tile takes microseconds, but a hundred milliseconds may pass with some of the largest in a JVM that has just started. */
    @Test
    void everyTileLooksAtCancellation() {
        int tokens = 1024;
        AtomicInteger asked = new AtomicInteger();
        try (Arena arena = Arena.ofShared();
                Device device = open(Devices.Kind.CPU)) {
            await(attendRepeated(device, arena, tokens, 4, List.of(Slice.full(0, tokens, 0, tokens)), () -> {
                asked.incrementAndGet();
                return false;
            }));
        }
        assertThat(asked).hasValueGreaterThanOrEqualTo(tokens / 64 * tokens / 128);
    }

    @ParameterizedTest
    @EnumSource(names = {"CPU", "SCALAR", "CUDA"})
    void theLoweringOfManySlicesCanBeCancelled(Devices.Kind kind) {
        int tokens = 200_000;
        List<Slice> pairs = new ArrayList<>();
        for (int i = 0; i < tokens; i += 2) {
            pairs.add(Slice.full(i, i + 2, i, i + 2));
        }
        StackWalker stack = StackWalker.getInstance();
        for (Class<?> within : List.of(RowSlices.class, SliceIndex.class)) {
            try (Arena arena = Arena.ofShared();
                    Device device = open(kind)) {
                Future<?> call = attendRepeated(
                        device,
                        arena,
                        tokens,
                        1,
                        pairs,
                        () -> stack.walk(frames ->
                                frames.anyMatch(frame -> frame.getClassName().equals(within.getName()))));
                assertThatThrownBy(call::get)
                        .as("cancelled only while %s works", within.getSimpleName())
                        .isInstanceOf(CancellationException.class);
            }
        }
    }

    /** Attends to tokens that are all the same. */
    private static Future<?> attendRepeated(
            Device device, Arena arena, int tokens, int dim, List<Slice> slices, Cancellation cancellation) {
        Tensor repeated = new Tensor(arena.allocate(dim * 4L), DType.F32, tokens, 1, dim, 0, dim);
        SoftmaxState state = new SoftmaxState(arena.allocate(SoftmaxState.bytes(tokens, 1, dim)), tokens, 1, dim);
        return device.kernels()
                .attend(new AttentionCall(
                        repeated,
                        repeated,
                        repeated,
                        Positions.range(0, tokens),
                        Positions.range(0, tokens),
                        slices,
                        1,
                        0,
                        state,
                        cancellation));
    }

    @Test
    void whatFailsInAKernelFailsItsFuture() {
        try (Device device = open(Devices.Kind.CPU);
                Arena arena = Arena.ofConfined()) {
            // Memory of a confined arena is closed to the device's threads.
            SoftmaxState state = new SoftmaxState(arena.allocate(SoftmaxState.bytes(3, 1, 4)), 3, 1, 4);
            Future<?> call = device.kernels().clear(state);
            assertThatThrownBy(call::get)
                    .isInstanceOf(ExecutionException.class)
                    .hasCauseInstanceOf(WrongThreadException.class);
        }
    }
}
