package org.ringwood.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.ringwood.kernels.scalar.GradientAccuracy;
import org.ringwood.kernels.scalar.GradientSamples;

/** The CPU's gradients, the oracle's own, and what every provider does with what is not a number, cancelled calls and sums. */
class GradientAccuracyTest implements GradientContract {
    @AutoClose
    private static final Device cpu = Devices.open(Devices.Kind.CPU, 2);

    @AutoClose
    private static final Device scalar = Devices.open(Devices.Kind.SCALAR, 2);

    @Override
    public Device device() {
        return cpu;
    }

    /** More keys than one task has, so that several add to the gradients of the same queries. */
    @Test
    void severalRunsOfKeys() {
        assertAccurate(AttentionCase.full(300, 3500, 9));
        assertAccurate(AttentionCase.causal(2500, 8).withHeads(2, 1));
        List<Slice> documents = new ArrayList<>();
        for (int from = 0; from < 3000; from += 700) {
            int to = Math.min(3000, from + 700);
            documents.add(Slice.of(from, to, from, to, Slice.Kind.CAUSAL));
        }
        assertAccurate(AttentionCase.full(3000, 3000, 8).withSlices(documents));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void theScalarProviderIsWithinTheBoundToo(long seed) {
        AttentionCase attention = CaseTable.randomCase(new Random(seed));
        GradientAccuracy accuracy = new GradientCase(attention).judge(scalar);
        assertThat(accuracy.holds()).as("%s: %s", attention, accuracy).isTrue();
    }

    /** Large results are judged by samples: of all rows, they say what the whole does. */
    @ParameterizedTest
    @CsvSource({"3, 3", "5, 2"})
    void samplesOfAllRowsJudgeAsTheWhole(int heads, int keyHeads) {
        AttentionCase attention = AttentionCase.causal(60, 9)
                .withHeads(heads, keyHeads)
                .withDimV(5)
                .withSoftcap(3);
        try (Arena arena = Arena.ofShared()) {
            GradientCase.Tensors tensors = new GradientCase(attention).tensors(arena, scalar);
            tensors.attend(scalar, 0, 60);
            var samples = new GradientSamples(tensors.operands().problem(), tensors.outGradients());
            List<Long> rows = LongStream.range(0, 60).boxed().toList();
            IntStream.range(0, heads).forEach(head -> rows.forEach(row -> samples.addQuery(row, head)));
            IntStream.range(0, keyHeads).forEach(head -> samples.addKeys(rows, head));
            GradientAccuracy whole =
                    tensors.problem().judge(tensors.queryGradients(), tensors.keyGradients(), tensors.valueGradients());
            assertThat(distance(samples.queries(), tensors.queryGradients())).isEqualTo(whole.queries());
            assertThat(distance(samples.keys(), tensors.keyGradients()).error())
                    .isCloseTo(whole.keys().error(), within(1e-12));
            assertThat(distance(samples.values(), tensors.valueGradients()).error())
                    .isCloseTo(whole.values().error(), within(1e-12));
        }
    }

    private static GradientAccuracy.Distance distance(List<GradientSamples.Sample> samples, Tensor gradients) {
        float[] actual = new float[gradients.dim()];
        return samples.stream()
                .map(sample -> {
                    gradients.read(sample.row(), sample.head(), actual, 0);
                    return sample.distance(actual, gradients.dtype());
                })
                .reduce(GradientAccuracy.Distance::and)
                .orElseThrow();
    }

    /** The oracle itself: what its output changes by as an operand changes is what its gradients say. */
    @ParameterizedTest
    @ValueSource(floats = {0, 3})
    void gradientsAreTheDerivativesOfTheOutput(float softcap) {
        AttentionCase attention =
                AttentionCase.causal(9, 5).withHeads(3, 2).withDimV(4).withSoftcap(softcap);
        try (Arena arena = Arena.ofShared()) {
            GradientCase.Tensors tensors = new GradientCase(attention).tensors(arena, scalar);
            tensors.attend(scalar, 0, 9);
            assertDerivative(tensors, tensors.operands().queries(), tensors.queryGradients());
            assertDerivative(tensors, tensors.operands().keys(), tensors.keyGradients());
            assertDerivative(tensors, tensors.operands().values(), tensors.valueGradients());
        }
    }

    private static void assertDerivative(GradientCase.Tensors tensors, Tensor operand, Tensor gradients) {
        float step = 0x1p-10f;
        for (int row = 0; row < operand.tokens(); row += 2) {
            for (int head = 0; head < operand.heads(); head++) {
                float before = operand.get(row, head, 1);
                operand.set(row, head, 1, before + step);
                double above = loss(tensors);
                double upper = operand.get(row, head, 1);
                operand.set(row, head, 1, before - step);
                double derivative = (above - loss(tensors)) / (upper - operand.get(row, head, 1));
                operand.set(row, head, 1, before);
                assertThat((double) gradients.get(row, head, 1)).isCloseTo(derivative, within(1e-5));
            }
        }
    }

    /** The sum of all outputs times their gradients, in f64. */
    private static double loss(GradientCase.Tensors tensors) {
        Tensor outGradients = tensors.outGradients();
        double loss = 0;
        for (int row = 0; row < outGradients.tokens(); row++) {
            for (int head = 0; head < outGradients.heads(); head++) {
                double[] out =
                        tensors.operands().problem().oracle(row, head).exact().out();
                for (int i = 0; i < out.length; i++) {
                    loss += out[i] * outGradients.get(row, head, i);
                }
            }
        }
        return loss;
    }

    /** What is not a number stays with those who admit it. */
    @ParameterizedTest
    @CsvSource({"CPU, F32", "CUDA, F32", "CUDA, BF16", "CUDA, F16"})
    void rowsThatDoNotAdmitAnInfinityKeepTheirBits(Devices.Kind kind, DType dtype) {
        List<Slice> documents =
                List.of(Slice.of(0, 70, 0, 70, Slice.Kind.CAUSAL), Slice.of(70, 150, 70, 150, Slice.Kind.CAUSAL));
        AttentionCase attention =
                AttentionCase.full(150, 150, 20).withSlices(documents).withDType(dtype);
        try (Device device = TestDevices.open(kind, 2);
                Arena arena = Arena.ofShared()) {
            GradientCase.Tensors calm = new GradientCase(attention).tensors(arena, device);
            calm.attend(device, 0, 150);
            for (int operand = 0; operand < 4; operand++) {
                GradientCase.Tensors tensors = new GradientCase(attention).tensors(arena, device);
                List.of(
                                tensors.operands().queries(),
                                tensors.operands().keys(),
                                tensors.operands().values(),
                                tensors.outGradients())
                        .get(operand)
                        .set(80, 0, 3, operand % 2 == 0 ? Float.NaN : Float.POSITIVE_INFINITY);
                tensors.attend(device, 0, 150);
                assertSameRows(tensors.queryGradients(), calm.queryGradients(), 70);
                assertSameRows(tensors.keyGradients(), calm.keyGradients(), 70);
                assertSameRows(tensors.valueGradients(), calm.valueGradients(), 70);
                float admitting = tensors.queryGradients().get(149, 0, 3);
                float admitted = tensors.keyGradients().get(75, 0, 3);
                assertThat(Float.isFinite(admitting) && Float.isFinite(admitted))
                        .isFalse();
            }
        }
    }

    /** The log-sum-exps of a document's rows are no numbers, and some of its rows share a tile, but no block of keys with that number, with another's. */
    @ParameterizedTest
    @CsvSource({"CPU, F32", "CUDA, F32", "CUDA, BF16", "CUDA, F16"})
    void weightsThatAreNotNumbersStayWithTheirRows(Devices.Kind kind, DType dtype) {
        AttentionCase attention = AttentionCase.full(150, 150, 20)
                .withSlices(List.of(Slice.full(0, 70, 0, 70), Slice.full(70, 150, 70, 150)))
                .withDType(dtype);
        try (Device device = TestDevices.open(kind, 2);
                Arena arena = Arena.ofShared()) {
            GradientCase.Tensors calm = new GradientCase(attention).tensors(arena, device);
            calm.attend(device, 0, 150);
            GradientCase.Tensors tensors = new GradientCase(attention).tensors(arena, device);
            tensors.operands().keys().set(140, 0, 3, Float.NaN);
            for (int row = 70; row < 150; row++) {
                tensors.lse().set(row, 0, 0, Float.NaN);
            }
            tensors.attend(device, 0, 150);
            assertSameRows(tensors.queryGradients(), calm.queryGradients(), 70);
            assertSameRows(tensors.keyGradients(), calm.keyGradients(), 70);
            assertSameRows(tensors.valueGradients(), calm.valueGradients(), 70);
            assertThat(tensors.valueGradients().get(100, 0, 0)).isNaN();
        }
    }

    private static void assertSameRows(Tensor actual, Tensor expected, int rows) {
        for (int row = 0; row < rows; row++) {
            for (int i = 0; i < actual.dim(); i++) {
                assertThat(actual.get(row, 0, i)).as("row %d", row).isEqualTo(expected.get(row, 0, i));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"CPU", "SCALAR", "CUDA"})
    void aCallThatIsCancelledEnds(Devices.Kind kind) {
        try (Device device = TestDevices.open(kind, 2);
                Arena arena = Arena.ofShared()) {
            GradientCase.Tensors tensors = new GradientCase(AttentionCase.full(600, 3000, 64)).tensors(arena, device);
            AtomicInteger looks = new AtomicInteger();
            Future<?> gradients = device.gradients().attend(tensors.call(0, 3000, () -> looks.incrementAndGet() > 20));
            assertThatThrownBy(gradients::get).isInstanceOf(CancellationException.class);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"CPU", "SCALAR", "CUDA"})
    void sumsAreRounded(Devices.Kind kind) throws Exception {
        try (Device device = TestDevices.open(kind, 2);
                Arena arena = Arena.ofShared()) {
            Tensor sums = Layout.GAPS.random(arena, DType.F32, 33, 3, 17, 1, new Random(3));
            Tensor rounded = Layout.HEADS_FIRST.allocate(arena, DType.BF16, 33, 3, 17);
            device.gradients().round(sums, rounded).get();
            Tensor element = Layout.DENSE.allocate(arena, DType.BF16, 1, 1, 1);
            for (int row = 0; row < 33; row++) {
                element.set(0, 0, 0, sums.get(row, 2, 16));
                assertThat(rounded.get(row, 2, 16)).isEqualTo(element.get(0, 0, 0));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"CPU", "SCALAR", "CUDA"})
    void sumsAreAddedAndCleared(Devices.Kind kind) throws Exception {
        try (Device device = TestDevices.open(kind, 2);
                Arena arena = Arena.ofShared()) {
            Tensor from = Layout.GAPS.random(arena, DType.F32, 33, 3, 17, 1, new Random(4));
            Tensor into = Layout.HEADS_FIRST.random(arena, DType.F32, 33, 3, 17, 1, new Random(5));
            float expected = into.get(32, 1, 16) + from.get(32, 1, 16);
            device.gradients().add(from, into).get();
            assertThat(into.get(32, 1, 16)).isEqualTo(expected);
            Tensor heads = into.heads(1, 2);
            float beside = into.get(32, 2, 0);
            device.gradients().clear(heads).get();
            for (int row = 0; row < 33; row++) {
                for (int i = 0; i < 17; i++) {
                    assertThat(into.get(row, 1, i)).isZero();
                }
            }
            assertThat(into.get(32, 2, 0)).isEqualTo(beside).isNotZero();
            assertThatThrownBy(() -> device.gradients().add(from.rows(0, 32), into))
                    .hasMessage("a sum of gradients is F32[32, 3, 17], and must be F32[33, 3, 17]");
        }
    }

    @Test
    void tensorsThatDoNotFitAreNamed() {
        try (Arena arena = Arena.ofShared()) {
            GradientCase.Tensors tensors =
                    new GradientCase(AttentionCase.causal(20, 8).withHeads(2, 1)).tensors(arena, cpu);
            GradientCase.Tensors others = new GradientCase(AttentionCase.causal(20, 9)).tensors(arena, cpu);
            assertThatThrownBy(() -> new GradientCase.Tensors(
                                    tensors.operands(),
                                    tensors.lse(),
                                    tensors.delta(),
                                    tensors.outGradients(),
                                    others.queryGradients(),
                                    tensors.keyGradients(),
                                    tensors.valueGradients())
                            .call(0, 20, Cancellation.NEVER))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("the gradient of the queries is F32[20, 1, 9], and must be F32[20, 2, 8]");
            assertThatThrownBy(
                            () -> cpu.gradients().delta(tensors.outGradients(), others.outGradients(), tensors.delta()))
                    .hasMessageContaining("the gradient of the output is F32[20, 1, 9]");
        }
    }
}
