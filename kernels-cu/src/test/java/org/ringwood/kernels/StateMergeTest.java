package org.ringwood.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.ringwood.kernels.AttentionCase.await;

import java.lang.foreign.Arena;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The merge of softmax states on its hard cases, for every provider. */
@Tag("every-vector-width")
class StateMergeTest {
    private static final int DIM_V = 21;
    private static final float EMPTY = Float.NEGATIVE_INFINITY;

    /** One record: max, sum, and what its outputs start from. */
    private record Entry(float max, float sum, float out) {
        SoftmaxState state(Arena arena) {
            SoftmaxState state = new SoftmaxState(arena.allocate(SoftmaxState.bytes(1, 1, DIM_V)), 1, 1, DIM_V);
            state.set(0, 0, max, sum);
            for (int i = 0; i < DIM_V; i++) {
                state.setOut(0, 0, i, sum == 0 ? 0 : out + i);
            }
            return state;
        }
    }

    private static SoftmaxState merge(Arena arena, Device device, Entry a, Entry b) {
        SoftmaxState into = a.state(arena);
        await(device.kernels().merge(into, b.state(arena)));
        return into;
    }

    private static void assertMergesLikeF64(Devices.Kind kind, Entry a, Entry b) {
        try (Arena arena = Arena.ofShared();
                Device device = TestDevices.open(kind, 1)) {
            SoftmaxState merged = merge(arena, device, a, b);
            double max = Math.max(a.max, b.max);
            double weightA = a.sum * Math.exp(a.max - max);
            double weightB = b.sum * Math.exp(b.max - max);
            double sum = weightA + weightB;
            assertThat(merged.max(0, 0)).isEqualTo((float) max);
            assertThat((double) merged.sum(0, 0)).isCloseTo(sum, within(sum * 0x1p-22));
            for (int i = 0; i < DIM_V; i++) {
                double out = (weightA * (a.out + i) + weightB * (b.out + i)) / sum;
                double largest = Math.max(Math.abs(a.out + i), Math.abs(b.out + i));
                assertThat((double) merged.out(0, 0, i)).isCloseTo(out, within(largest * 0x1p-21));
            }
            SoftmaxState swapped = merge(arena, device, b, a);
            assertThat(swapped.memory().mismatch(merged.memory()))
                    .as("%s and %s swapped", a, b)
                    .isEqualTo(-1);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"CPU", "SCALAR", "CUDA"})
    void maximaFarApart(Devices.Kind kind) {
        for (float distance : new float[] {0, 1e-3f, 1, 20, 87, 88, 89, 103, 120, 1e4f, 3e38f}) {
            for (float base : new float[] {0, 88, -1e4f, 1e4f}) {
                assertMergesLikeF64(kind, new Entry(base, 1.5f, 3), new Entry(base - distance, 700, -8));
                assertMergesLikeF64(kind, new Entry(base - distance, 1, 3), new Entry(base, 1e7f, -8));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"CPU", "SCALAR", "CUDA"})
    void randomRecords(Devices.Kind kind) {
        Random random = new Random(11);
        for (int i = 0; i < 200; i++) {
            assertMergesLikeF64(
                    kind,
                    new Entry((float) random.nextGaussian() * 10, 1 + random.nextFloat() * 100, random.nextFloat()),
                    new Entry((float) random.nextGaussian() * 10, 1 + random.nextFloat() * 100, random.nextFloat()));
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"CPU", "SCALAR", "CUDA"})
    void theEmptyStateIsTheExactIdentity(Devices.Kind kind) {
        Entry empty = new Entry(EMPTY, 0, 0);
        try (Arena arena = Arena.ofShared();
                Device device = TestDevices.open(kind, 1)) {
            for (Entry entry :
                    new Entry[] {empty, new Entry(3.3f, 1.7f, 0.1f), new Entry(-1e4f, 1, 7), new Entry(1e38f, 3, 9)}) {
                SoftmaxState expected = entry.state(arena);
                assertThat(merge(arena, device, entry, empty).memory().mismatch(expected.memory()))
                        .as("%s with nothing", entry)
                        .isEqualTo(-1);
                assertThat(merge(arena, device, empty, entry).memory().mismatch(expected.memory()))
                        .as("nothing with %s", entry)
                        .isEqualTo(-1);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"CPU", "SCALAR", "CUDA"})
    void seventyMergesOfHugeScoresKeepTheirWeights(Devices.Kind kind) {
        for (float score : new float[] {1e4f, -1e4f}) {
            try (Arena arena = Arena.ofShared();
                    Device device = TestDevices.open(kind, 1)) {
                SoftmaxState state = new Entry(EMPTY, 0, 0).state(arena);
                double sum = 0;
                double weighted = 0;
                double max = score + 69 % 5 * 0.25;
                for (int i = 0; i < 70; i++) {
                    float own = score + i % 5 * 0.25f;
                    await(device.kernels().merge(state, new Entry(own, 1, i).state(arena)));
                    sum += Math.exp(own - max);
                    weighted += Math.exp(own - max) * i;
                }
                await(device.kernels().merge(state, new Entry(EMPTY, 0, 0).state(arena)));
                assertThat(state.max(0, 0)).isEqualTo((float) max);
                assertThat((double) state.sum(0, 0)).isCloseTo(sum, within(sum * 70 * 0x1p-23));
                assertThat((double) state.out(0, 0, 0)).isCloseTo(weighted / sum, within(70 * 70 * 0x1p-23));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"CPU", "SCALAR", "CUDA"})
    void aStateThatIsNotANumberStaysOne(Devices.Kind kind) {
        Entry bad = new Entry(EMPTY, Float.NaN, Float.NaN);
        try (Arena arena = Arena.ofShared();
                Device device = TestDevices.open(kind, 1)) {
            for (Entry good : new Entry[] {new Entry(1, 1, 1), new Entry(EMPTY, 0, 0)}) {
                assertThat(merge(arena, device, bad, good).out(0, 0, 0)).isNaN();
                assertThat(merge(arena, device, good, bad).out(0, 0, 0)).isNaN();
            }
        }
    }
}
