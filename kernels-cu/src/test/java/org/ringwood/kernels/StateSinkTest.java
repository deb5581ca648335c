package org.ringwood.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.ringwood.kernels.AttentionCase.await;

import java.lang.foreign.Arena;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Sinks merged into softmax states, for every provider: of more records than a block of a GPU takes, a logit for each head. */
@Tag("every-vector-width")
class StateSinkTest {
    private static final int DIM_V = 21;
    private static final int ROWS = 50;
    private static final float NO_KEY = Float.NEGATIVE_INFINITY;

    /** Every third row has no key. */
    private static boolean isEmpty(int row) {
        return row % 3 == 0;
    }

    private static SoftmaxState state(Arena arena, int heads) {
        SoftmaxState state =
                new SoftmaxState(arena.allocate(SoftmaxState.bytes(ROWS, heads, DIM_V)), ROWS, heads, DIM_V);
        for (int row = 0; row < ROWS; row++) {
            for (int head = 0; head < heads; head++) {
                state.set(row, head, isEmpty(row) ? NO_KEY : row % 7 - 4.5f, isEmpty(row) ? 0 : 1 + row * 0.25f);
                for (int i = 0; i < DIM_V; i++) {
                    state.setOut(row, head, i, isEmpty(row) ? 0 : row + head - i);
                }
            }
        }
        return state;
    }

    @ParameterizedTest
    @EnumSource(names = {"CPU", "SCALAR", "CUDA"})
    void everyHeadHasItsOwn(Devices.Kind kind) {
        float[] logits = {0.5f, -3, NO_KEY, 60, -70};
        try (Arena arena = Arena.ofShared();
                Device device = TestDevices.open(kind, 2)) {
            SoftmaxState before = state(arena, logits.length);
            SoftmaxState after = state(arena, logits.length);
            await(device.kernels().sink(after, logits));
            for (int row = 0; row < ROWS; row++) {
                for (int head = 0; head < logits.length; head++) {
                    assertMergedLikeF64(before, after, row, head, logits[head]);
                }
            }
        }
    }

    private static void assertMergedLikeF64(SoftmaxState before, SoftmaxState after, int row, int head, float logit) {
        double max = Math.max(before.max(row, head), logit);
        double kept = isEmpty(row) ? 0 : before.sum(row, head) * Math.exp(before.max(row, head) - max);
        double sum = kept + (logit == NO_KEY ? 0 : Math.exp(logit - max));
        String what = "row " + row + ", head " + head;
        assertThat(after.max(row, head)).as(what).isEqualTo((float) max);
        assertThat((double) after.sum(row, head)).as(what).isCloseTo(sum, within(sum * 0x1p-22));
        for (int i = 0; i < DIM_V; i++) {
            double out = before.out(row, head, i);
            assertThat((double) after.out(row, head, i))
                    .as(what)
                    .isCloseTo(sum == 0 ? 0 : kept / sum * out, within(Math.abs(out) * 0x1p-21));
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"CPU", "SCALAR", "CUDA"})
    void noKeyChangesNoBit(Devices.Kind kind) {
        try (Arena arena = Arena.ofShared();
                Device device = TestDevices.open(kind, 1)) {
            SoftmaxState state = state(arena, 2);
            await(device.kernels().sink(state, new float[] {NO_KEY, NO_KEY}));
            assertThat(state.memory().mismatch(state(arena, 2).memory())).isEqualTo(-1);
        }
    }

    /** An infinite score leaves no number, as a key would; in a row without a key, whose output stays 0, it is the log-sum-exp. Other heads don't see it. */
    @ParameterizedTest
    @EnumSource(names = {"CPU", "SCALAR", "CUDA"})
    void notFiniteInTheirHeadsOnly(Devices.Kind kind) {
        float[] logits = {Float.NaN, 1, Float.POSITIVE_INFINITY};
        try (Arena arena = Arena.ofShared();
                Device device = TestDevices.open(kind, 1)) {
            SoftmaxState before = state(arena, logits.length);
            SoftmaxState after = state(arena, logits.length);
            await(device.kernels().sink(after, logits));
            Tensor out = Layout.DENSE.allocate(arena, DType.F32, ROWS, logits.length, DIM_V);
            Tensor lse = Layout.DENSE.allocate(arena, DType.F32, ROWS, logits.length, 1);
            await(device.kernels().finish(after, out, lse));
            for (int row = 0; row < ROWS; row++) {
                assertMergedLikeF64(before, after, row, 1, logits[1]);
                for (int head : new int[] {0, 2}) {
                    String what = "row " + row + ", head " + head;
                    assertSame(what, lse.get(row, head, 0), isEmpty(row) ? logits[head] : Float.NaN);
                    for (int i = 0; i < DIM_V; i++) {
                        assertSame(what, out.get(row, head, i), isEmpty(row) ? 0 : Float.NaN);
                    }
                }
            }
        }
    }

    /** Two NaNs are the same. */
    private static void assertSame(String what, float actual, float expected) {
        assertThat(Float.compare(actual, expected))
                .as("%s: %s for %s", what, actual, expected)
                .isZero();
    }
}
