package org.ringwood.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import java.lang.foreign.Arena;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.ringwood.kernels.AttentionCall;
import org.ringwood.kernels.Cancellation;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.Devices;
import org.ringwood.kernels.Positions;
import org.ringwood.kernels.SoftmaxState;
import org.ringwood.kernels.Tensor;

/** Attention over heads with factors equals attention with the bias, wherever in the sequence it is. */
class AlibiFactorsTest {
    private static final int ROWS = 70;
    private static final int HEADS = 6;
    private static final int DIM = 16;
    private static final float SCALE = 0.25f;
    private static final int WIDE = AlibiFactors.RANK + DIM;

    /** Queries, keys and values with tokens from {@code first} on. */
    private record Tokens(Tensor queries, Tensor keys, Tensor values) {
        static Tokens from(long first, DType dtype, Arena arena) {
            Random random = new Random(7);
            Positions positions = Positions.range(first, first + ROWS);
            Tensor queries = random(arena, dtype, HEADS, WIDE, random);
            Tensor keys = random(arena, dtype, 3, WIDE, random);
            AlibiFactors.ofQueries(
                    queries.elements(0, AlibiFactors.RANK), positions, AlibiFactors.slopes(HEADS), SCALE);
            AlibiFactors.ofKeys(keys.elements(0, AlibiFactors.RANK), positions);
            return new Tokens(queries, keys, random(arena, dtype, 3, DIM, random));
        }

        private static Tensor random(Arena arena, DType dtype, int heads, int dim, Random random) {
            Tensor tensor = Tensor.dense(
                    arena.allocate(Tensor.denseBytes(dtype, ROWS, heads, dim), 64), dtype, ROWS, heads, dim);
            for (int row = 0; row < ROWS; row++) {
                for (int head = 0; head < heads; head++) {
                    for (int i = 0; i < dim; i++) {
                        tensor.set(row, head, i, (float) random.nextGaussian());
                    }
                }
            }
            return tensor;
        }

        Tensor attend(Device device, Arena arena) throws Exception {
            SoftmaxState state =
                    new SoftmaxState(arena.allocate(SoftmaxState.bytes(ROWS, HEADS, DIM), 64), ROWS, HEADS, DIM);
            Tensor out = Tensor.dense(
                    arena.allocate(Tensor.denseBytes(DType.F32, ROWS, HEADS, DIM), 64), DType.F32, ROWS, HEADS, DIM);
            Tensor lse = Tensor.dense(arena.allocate(4L * ROWS * HEADS, 64), DType.F32, ROWS, HEADS, 1);
            device.kernels().clear(state).get();
            device.kernels()
                    .attend(new AttentionCall(
                            queries,
                            keys,
                            values,
                            Positions.range(0, ROWS),
                            Positions.range(0, ROWS),
                            Mask.causal(ROWS, ROWS).slices(),
                            SCALE,
                            0,
                            state,
                            Cancellation.NEVER))
                    .get();
            device.kernels().finish(state, out, lse).get();
            return out;
        }

        /** One element of the output with the bias in f64. */
        double expected(int row, int head, int element, float slope) {
            int keyHead = head / 2;
            double sum = 0;
            double out = 0;
            for (int key = 0; key <= row; key++) {
                double score = 0;
                for (int i = AlibiFactors.RANK; i < WIDE; i++) {
                    score += (double) queries.get(row, head, i) * keys.get(key, keyHead, i);
                }
                double weight = Math.exp(SCALE * score + slope * (key - row));
                sum += weight;
                out += weight * values.get(key, keyHead, element);
            }
            return out / sum;
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16"})
    void addTheBiasAlikeEverywhere(DType dtype) throws Exception {
        try (Device cpu = Devices.open(Devices.Kind.CPU, 1);
                Arena arena = Arena.ofShared()) {
            Tokens begin = Tokens.from(0, dtype, arena);
            Tensor first = begin.attend(cpu, arena);
            Tensor far = Tokens.from(9_999_900, dtype, arena).attend(cpu, arena);
            float[] slopes = AlibiFactors.slopes(HEADS);
            for (int row = 0; row < ROWS; row++) {
                for (int head = 0; head < HEADS; head++) {
                    float slope = begin.queries.get(row, head, 0) * SCALE;
                    assertThat(slope).isCloseTo(slopes[head], withinPercentage(0.4));
                    assertThat((double) first.get(row, head, 3))
                            .isCloseTo(begin.expected(row, head, 3, slope), within(1e-5));
                    assertThat(far.get(row, head, 3)).isCloseTo(first.get(row, head, 3), within(1e-5f));
                }
            }
        }
    }

    @Test
    void whatDoesNotFitIsRefused() {
        try (Arena arena = Arena.ofShared()) {
            Tensor factors = Tensor.dense(arena.allocate(1 << 12), DType.F32, 4, 2, AlibiFactors.RANK);
            assertThatThrownBy(() -> AlibiFactors.ofKeys(factors, Positions.range(0, 5)))
                    .hasMessageContaining("F32[4, 2, 6] are not those of 5 rows");
            assertThatThrownBy(() -> AlibiFactors.ofKeys(
                            factors, Positions.range(AlibiFactors.MAX_TOKENS - 3, AlibiFactors.MAX_TOKENS + 1)))
                    .hasMessageContaining("position 16777216 is not below 16777216");
            Tensor half = Tensor.dense(arena.allocate(1 << 12), DType.F16, 4, 2, AlibiFactors.RANK);
            assertThatThrownBy(() -> AlibiFactors.ofKeys(half, Positions.range(0, 4)))
                    .hasMessageContaining("F16 has no numbers for positions; take F32 or BF16");
            assertThatThrownBy(() -> AlibiFactors.ofQueries(factors, Positions.range(0, 4), new float[3], 1))
                    .hasMessageContaining("3 slopes are not one for each of 2 heads");
        }
    }
}
