package org.ringwood.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.ringwood.kernels.AttentionCase.await;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.ringwood.kernels.scalar.Accuracy;
import org.ringwood.kernels.scalar.GradientAccuracy;

/** Attention with dropout and its gradients: the CPU's against the oracle, and the oracle's against a dense computation with a matrix of factors. */
class DropoutKernelsTest {
    @AutoClose
    private static final Device cpu = Devices.open(Devices.Kind.CPU, 2);

    @AutoClose
    private static final Device scalar = Devices.open(Devices.Kind.SCALAR, 2);

    static Stream<AttentionCase> cases() {
        return Stream.of(
                AttentionCase.causal(1, 8),
                AttentionCase.causal(207, 64).withHeads(3, 1).withDimV(20),
                AttentionCase.causal(131, 7)
                        .withHeads(7, 3)
                        .withDType(DType.BF16)
                        .withLayout(Layout.GAPS),
                AttentionCase.causal(150, 64).withSoftcap(5).withDeviation(3).withLayout(Layout.FUSED),
                AttentionCase.full(64, 301, 33).withDType(DType.F16).withLayout(Layout.HEADS_FIRST),
                AttentionCase.full(300, 200, 16).withSlices(List.of(new Slice(0, 300, 0, 200, -20, 3))),
                // Few queries: their keys are split, side by side or head by head, and the parts merged.
                AttentionCase.full(1, 5001, 16).withHeads(4, 2),
                AttentionCase.full(3, 1500, 24).withHeads(6, 3).withSoftcap(8),
                AttentionCase.full(1, 3000, 64).withHeads(4, 2).withLayout(Layout.HEADS_FIRST),
                AttentionCase.full(2, 700, 20).withHeads(40, 20).withDType(DType.F16));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void equalsTheOracle(AttentionCase attention) {
        assertAccurate(attention.withDropout(new Dropout(0.1, 7)));
        assertAccurate(attention.withDropout(new Dropout(0.75, -1, 3)));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 3, 4, 5, 7, 8})
    void equalsTheOracleInRandomCases(long seed) {
        Random random = new Random(seed);
        Dropout dropout = new Dropout(random.nextDouble(), random.nextLong(), random.nextInt(9));
        assertAccurate(CaseTable.randomCase(random).withDropout(dropout));
    }

    private static void assertAccurate(AttentionCase attention) {
        for (Device device : List.of(cpu, scalar)) {
            Accuracy accuracy = attention.judge(device);
            assertThat(accuracy.holds()).as("%s: %s", attention, accuracy).isTrue();
            GradientAccuracy gradients = new GradientCase(attention).judge(device);
            assertThat(gradients.holds()).as("%s: %s", attention, gradients).isTrue();
        }
    }

    /**
     * Values that are the rows of a unit matrix make an output of the weights, so that its zeros are the mask; gradients of the output that are,
     * make the gradients of values of them.
     */
    @Tag("every-vector-width")
    @ParameterizedTest
    @ValueSource(ints = {3, 90})
    void everyWeightIsDroppedByItsPlaceInTheWhole(int queries) {
        for (Device device : List.of(cpu, scalar)) {
            assertEveryWeightIsDroppedByItsPlace(device, queries);
        }
    }

    static void assertEveryWeightIsDroppedByItsPlace(Device device, int queries) {
        try (Arena arena = Arena.ofShared()) {
            Weights weights = new Weights(arena, device, queries);
            for (int row = 0; row < queries; row++) {
                for (int head = 0; head < Weights.HEADS; head++) {
                    for (int key = 0; key < Weights.KEYS; key++) {
                        String place = "row " + row + ", head " + head + ", key " + key;
                        boolean keeps = weights.keeps(row, head, key);
                        assertThat(weights.out.get(row, head, key) != 0)
                                .as(place)
                                .isEqualTo(keeps);
                        assertThat(weights.valueGradients.get(key, 0, Weights.HEADS * row + head) != 0)
                                .as("gradient, %s", place)
                                .isEqualTo(keeps);
                    }
                }
            }
        }
    }

    private static final class Weights {
        static final int HEADS = 2;
        static final int KEYS = 201;
        private static final Dropout DROPOUT = new Dropout(0.4, 99, 5);

        /** Runs that no eight keys begin with, the last one beyond 32 bits. */
        private static final Positions KEY_POSITIONS = Positions.of(List.of(
                new Chunk(3, 7), new Chunk(1009, 1150), new Chunk(20, 21), new Chunk((1L << 36) - 5, (1L << 36) + 50)));

        private final Positions queryPositions;
        private final Tensor out;
        private final Tensor valueGradients;

        Weights(Arena arena, Device device, int queries) {
            AttentionCase attention =
                    AttentionCase.full(queries, KEYS, 6).withHeads(HEADS, 1).withDimV(KEYS);
            AttentionCase.Tensors operands = attention.tensors(arena);
            List<Slice> all = List.of(Slice.full(0, 1L << 40, 0, 1L << 40));
            queryPositions =
                    Positions.of(List.of(new Chunk((1L << 32) - 2, (1L << 32) + 1), new Chunk(11, 8 + queries)));
            SoftmaxState state = operands.newState(arena, device);
            await(device.kernels()
                    .attend(new AttentionCall(
                            operands.queries(),
                            operands.keys(),
                            unit(arena, KEYS, 1, KEYS),
                            queryPositions,
                            KEY_POSITIONS,
                            all,
                            operands.scale(),
                            0,
                            DROPOUT,
                            state,
                            Cancellation.NEVER)));
            AttentionCase.Result result = operands.finish(arena, device, state);
            out = result.out();
            valueGradients = zeros(arena, KEYS, 1, HEADS * queries);
            await(device.gradients()
                    .attend(new GradientCall(
                            operands.queries(),
                            operands.keys(),
                            zeros(arena, KEYS, 1, HEADS * queries),
                            queryPositions,
                            KEY_POSITIONS,
                            all,
                            operands.scale(),
                            0,
                            DROPOUT,
                            result.lse(),
                            zeros(arena, queries, HEADS, 1),
                            unit(arena, queries, HEADS, HEADS * queries),
                            zeros(arena, queries, HEADS, 6),
                            zeros(arena, KEYS, 1, 6),
                            valueGradients,
                            Cancellation.NEVER)));
        }

        boolean keeps(int row, int head, int key) {
            return DROPOUT.keeps(head, queryPositions.position(row), KEY_POSITIONS.position(key));
        }
    }

    /** The rows and heads one after the other as rows of a unit matrix. */
    private static Tensor unit(Arena arena, int rows, int heads, int dim) {
        Tensor unit = zeros(arena, rows, heads, dim);
        for (int i = 0; i < rows * heads; i++) {
            unit.set(i / heads, i % heads, i, 1);
        }
        return unit;
    }

    private static Tensor zeros(Arena arena, int rows, int heads, int dim) {
        Tensor tensor = Layout.DENSE.allocate(arena, DType.F32, rows, heads, dim);
        tensor.memory().fill((byte) 0);
        return tensor;
    }

    /** What is kept of 2¹⁶ weights is one in the mean; the others' rows are 0, and nothing is other than a number. */
    @ParameterizedTest
    @EnumSource(DType.class)
    void hardlyAWeightIsKept(DType dtype) {
        AttentionCase attention = AttentionCase.causal(600, 16)
                .withHeads(3, 1)
                .withDType(dtype)
                .withDropout(new Dropout(Math.nextDown(1.0), 12));
        int kept = 0;
        try (Arena arena = Arena.ofShared()) {
            GradientCase.Tensors tensors = gradients(arena, attention);
            SoftmaxState state = tensors.operands().newState(arena, cpu);
            await(cpu.kernels().attend(tensors.operands().call(state)));
            for (int row = 0; row < 600; row++) {
                for (int head = 0; head < 3; head++) {
                    boolean keeps = false;
                    for (int key = 0; key <= row; key++) {
                        keeps |= attention.dropout().keeps(head, row, key);
                    }
                    kept += keeps ? 1 : 0;
                    for (int i = 0; i < 16; i++) {
                        assertThat(state.out(row, head, i)).isFinite();
                        assertThat(state.out(row, head, i) != 0).isEqualTo(keeps);
                        assertThat(tensors.queryGradients().get(row, head, i)).isFinite();
                    }
                    assertThat(state.sum(row, head)).isGreaterThan(0);
                }
            }
        }
        assertThat(kept).isPositive();
    }

    /** Weights that no rate drops are those of attention without dropout, bit by bit. */
    @ParameterizedTest
    @MethodSource("cases")
    void rateZeroChangesNoBits(AttentionCase attention) {
        try (Arena arena = Arena.ofShared()) {
            GradientCase.Tensors without = gradients(arena, attention);
            GradientCase.Tensors with = gradients(arena, attention.withDropout(new Dropout(0, 4, 2)));
            assertThat(bytes(with.lse())).isEqualTo(bytes(without.lse()));
            assertThat(bytes(with.delta())).isEqualTo(bytes(without.delta()));
            assertThat(bytes(with.queryGradients())).isEqualTo(bytes(without.queryGradients()));
            assertThat(bytes(with.keyGradients())).isEqualTo(bytes(without.keyGradients()));
            assertThat(bytes(with.valueGradients())).isEqualTo(bytes(without.valueGradients()));
        }
    }

    private static GradientCase.Tensors gradients(Arena arena, AttentionCase attention) {
        GradientCase.Tensors tensors = new GradientCase(attention).tensors(arena, cpu);
        tensors.attend(cpu, 0, attention.keys());
        return tensors;
    }

    private static byte[] bytes(Tensor tensor) {
        return tensor.memory().toArray(ValueLayout.JAVA_BYTE);
    }

    /** Dense attention in f64 with a matrix of factors, and its differences. */
    @ParameterizedTest
    @EnumSource(names = {"SCALAR", "CPU"})
    void equalsADenseComputation(Devices.Kind kind) {
        AttentionCase attention = AttentionCase.causal(21, 5)
                .withHeads(3, 2)
                .withDimV(4)
                .withSoftcap(3)
                .withDropout(new Dropout(0.3, 11, 2));
        try (Device device = Devices.open(kind, 1);
                Arena arena = Arena.ofShared()) {
            GradientCase.Tensors tensors = new GradientCase(attention).tensors(arena, device);
            SoftmaxState state = tensors.operands().newState(arena, device);
            await(device.kernels().attend(tensors.operands().call(state)));
            tensors.attend(device, 0, 21);
            Dense dense = new Dense(tensors);
            for (int row = 0; row < 21; row++) {
                for (int head = 0; head < 3; head++) {
                    double[] out = dense.out(row, head);
                    for (int i = 0; i < 4; i++) {
                        assertThat((double) state.out(row, head, i)).isCloseTo(out[i], within(2e-6));
                    }
                }
            }
            dense.assertDerivative(tensors.operands().queries(), tensors.queryGradients());
            dense.assertDerivative(tensors.operands().keys(), tensors.keyGradients());
            dense.assertDerivative(tensors.operands().values(), tensors.valueGradients());
        }
    }

    private record Dense(GradientCase.Tensors tensors) {
        double[] out(int row, int head) {
            AttentionCase.Tensors operands = tensors.operands();
            Dropout dropout = operands.of().dropout();
            int keyHead = head * 2 / 3;
            double[] weights = new double[row + 1];
            double sum = 0;
            for (int key = 0; key <= row; key++) {
                double score = 0;
                for (int i = 0; i < 5; i++) {
                    score += (double) operands.queries().get(row, head, i)
                            * operands.keys().get(key, keyHead, i);
                }
                weights[key] = Math.exp(3 * Math.tanh(score * operands.scale() / 3));
                sum += weights[key];
            }
            double[] out = new double[4];
            for (int key = 0; key <= row; key++) {
                double factor = dropout.keeps(head, row, key) ? 65536.0 / (65536 - 19661) : 0;
                for (int i = 0; i < 4; i++) {
                    out[i] += weights[key] / sum * factor * operands.values().get(key, keyHead, i);
                }
            }
            return out;
        }

        private double loss() {
            double loss = 0;
            for (int row = 0; row < 21; row++) {
                for (int head = 0; head < 3; head++) {
                    double[] out = out(row, head);
                    for (int i = 0; i < 4; i++) {
                        loss += out[i] * tensors.outGradients().get(row, head, i);
                    }
                }
            }
            return loss;
        }

        void assertDerivative(Tensor operand, Tensor gradients) {
            for (int row = 0; row < 21; row += 2) {
                for (int head = 0; head < operand.heads(); head++) {
                    float before = operand.get(row, head, 1);
                    operand.set(row, head, 1, before + 0x1p-10f);
                    double above = loss();
                    double upper = operand.get(row, head, 1);
                    operand.set(row, head, 1, before - 0x1p-10f);
                    double derivative = (above - loss()) / (upper - operand.get(row, head, 1));
                    operand.set(row, head, 1, before);
                    assertThat((double) gradients.get(row, head, 1)).isCloseTo(derivative, within(2e-5));
                }
            }
        }
    }

    /** The same mask in any order of tiles and on any number of threads, and so the same bits. */
    @Test
    void bitsDoNotDependOnThreads() {
        AttentionCase attention = AttentionCase.causal(700, 24).withHeads(2, 1).withDropout(new Dropout(0.2, 5));
        try (Arena arena = Arena.ofShared();
                Device one = Devices.open(Devices.Kind.CPU, 1)) {
            GradientCase.Tensors expected = new GradientCase(attention).tensors(arena, one);
            expected.attend(one, 0, 700);
            GradientCase.Tensors actual = gradients(arena, attention);
            assertThat(bytes(actual.delta())).isEqualTo(bytes(expected.delta()));
            assertThat(bytes(actual.queryGradients())).isEqualTo(bytes(expected.queryGradients()));
            assertThat(bytes(actual.keyGradients())).isEqualTo(bytes(expected.keyGradients()));
        }
    }
}
