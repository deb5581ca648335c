package org.ringwood.kernels.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.ringwood.kernels.AttentionCase;
import org.ringwood.kernels.Cancellation;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.Devices;
import org.ringwood.kernels.GradientCall;
import org.ringwood.kernels.GradientCase;
import org.ringwood.kernels.GradientKernels;
import org.ringwood.kernels.Layout;
import org.ringwood.kernels.Slice;
import org.ringwood.kernels.Tensor;

/** Gradients of a GPU beyond their values, which are judged elsewhere: their bits, where their tensors lie, how calls are cut, what calls say that fail. */
class DeviceGradientsTest {
    private static final AttentionCase SMALL =
            AttentionCase.causal(150, 24).withHeads(3, 2).withDimV(40);

    private static List<Tensor> sums(GradientCase.Tensors tensors) {
        return List.of(tensors.queryGradients(), tensors.keyGradients(), tensors.valueGradients());
    }

    private static void assertSameBits(List<Tensor> actual, List<Tensor> expected) {
        for (int i = 0; i < actual.size(); i++) {
            Tensor found = actual.get(i);
            for (int row = 0; row < found.tokens(); row++) {
                for (int head = 0; head < found.heads(); head++) {
                    for (int j = 0; j < found.dim(); j++) {
                        assertThat(found.get(row, head, j))
                                .as("sum %d at [%d, %d, %d]", i, row, head, j)
                                .isEqualTo(expected.get(i).get(row, head, j));
                    }
                }
            }
        }
    }

    private static GradientCase.Tensors attended(Arena arena, Device device, AttentionCase attention) {
        GradientCase.Tensors tensors = new GradientCase(attention).tensors(arena, device);
        tensors.attend(device, 0, attention.keys());
        return tensors;
    }

    /** The emulation runs warps, lanes and copies in another order each time. */
    @ParameterizedTest
    @EnumSource(DType.class)
    void theSameCallGivesTheSameBits(DType dtype) {
        Device device = TestGpu.device();
        try (Arena arena = Arena.ofShared()) {
            GradientCase.Tensors first = attended(arena, device, SMALL.withDType(dtype));
            for (int i = 0; i < 3; i++) {
                assertSameBits(sums(attended(arena, device, SMALL.withDType(dtype))), sums(first));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Layout.class)
    void whatIsOnTheDeviceIsUsedInPlace(Layout layout) {
        Device device = TestGpu.device();
        for (DType dtype : DType.values()) {
            AttentionCase attention = SMALL.withLayout(layout).withDType(dtype);
            try (Arena arena = Arena.ofShared();
                    OnDevice there = new OnDevice(device.memory().orElseThrow())) {
                GradientCase.Tensors host = attended(arena, device, attention);
                GradientCase.Tensors fresh = new GradientCase(attention).tensors(arena, device);
                GradientCall resident = onDevice(there, fresh.call(0, attention.keys(), Cancellation.NEVER));
                AttentionCase.await(device.gradients().attend(resident));
                List<Tensor> sums =
                        List.of(resident.queryGradients(), resident.keyGradients(), resident.valueGradients());
                for (int i = 0; i < sums.size(); i++) {
                    AttentionCase.await(device.memory()
                            .orElseThrow()
                            .download(sums.get(i), sums(fresh).get(i)));
                }
                assertSameBits(sums(fresh), sums(host));
            }
        }
    }

    private static GradientCall onDevice(OnDevice there, GradientCall call) {
        return new GradientCall(
                there.copy(call.queries()),
                there.copy(call.keys()),
                there.copy(call.values()),
                call.queryPositions(),
                call.keyPositions(),
                call.slices(),
                call.scale(),
                call.softcap(),
                call.dropout(),
                there.copy(call.lse()),
                there.copy(call.delta()),
                there.copy(call.outGradients()),
                there.copy(call.queryGradients()),
                there.copy(call.keyGradients()),
                there.copy(call.valueGradients()),
                call.cancellation());
    }

    /** Delta, sums that are cleared, added and rounded, with all of it on the device. */
    @Test
    void sumsMayStayOnTheDevice() {
        Device device = TestGpu.device();
        GradientKernels gradients = device.gradients();
        try (Arena arena = Arena.ofShared();
                OnDevice there = new OnDevice(device.memory().orElseThrow())) {
            GradientCase.Tensors host = attended(arena, device, SMALL.withDType(DType.BF16));
            Tensor sum = host.queryGradients();
            Tensor twice = there.like(sum);
            Tensor once = there.copy(sum);
            AttentionCase.await(gradients.clear(twice));
            AttentionCase.await(gradients.add(once, twice));
            AttentionCase.await(gradients.add(once, twice));
            Tensor result = Layout.DENSE.allocate(arena, DType.BF16, sum.tokens(), sum.heads(), sum.dim());
            Tensor rounded = there.like(result);
            AttentionCase.await(gradients.round(twice, rounded));
            AttentionCase.await(device.memory().orElseThrow().download(rounded, result));
            Tensor expected = Layout.DENSE.allocate(arena, DType.BF16, 1, 1, 1);
            expected.set(0, 0, 0, 2 * sum.get(149, 2, 23));
            assertThat(result.get(149, 2, 23)).isEqualTo(expected.get(0, 0, 0)).isNotZero();

            Tensor delta = there.like(host.delta());
            Tensor out = there.copy(host.outGradients());
            AttentionCase.await(gradients.delta(out, out, delta));
            Tensor squares = Layout.DENSE.allocate(arena, DType.F32, SMALL.queries(), 3, 1);
            AttentionCase.await(device.memory().orElseThrow().download(delta, squares));
            double square = 0;
            for (int i = 0; i < 40; i++) {
                square += Math.pow(host.outGradients().get(149, 2, i), 2);
            }
            assertThat(squares.get(149, 2, 0)).isEqualTo((float) square);
        }
    }

    /** The slower a device, the smaller the windows and portions in which it is asked; sums are added to in each. */
    @ParameterizedTest
    @EnumSource(DType.class)
    void portionsOfACallAreTheCall(DType dtype) {
        Emulation emulation = TestGpu.emulation();
        emulation.set("kilohertz", 100);
        try (Device device = Devices.open(Devices.Kind.CUDA, 1)) {
            AttentionCase attention =
                    AttentionCase.causal(200, 64).withHeads(4, 2).withDType(dtype);
            assertThat(new GradientCase(attention).judgeRounded(device).holds()).isTrue();
        } finally {
            emulation.set("kilohertz", 10_000);
        }
    }

    /** Only the rows that the slices touch are copied. */
    @Test
    void rowsThatNothingTouchesStayAsTheyAre() {
        Device device = TestGpu.device();
        AttentionCase attention = AttentionCase.full(200, 200, 16).withSlices(List.of(Slice.full(50, 60, 70, 90)));
        try (Arena arena = Arena.ofShared()) {
            GradientCase.Tensors tensors = new GradientCase(attention).tensors(arena, device);
            tensors.queryGradients().set(49, 0, 3, 5);
            tensors.keyGradients().set(90, 0, 3, 6);
            tensors.valueGradients().set(80, 0, 3, 7);
            GradientCase.Tensors fresh = attended(arena, device, attention);
            tensors.attend(device, 0, 200);
            assertThat(tensors.queryGradients().get(49, 0, 3)).isEqualTo(5);
            assertThat(tensors.keyGradients().get(90, 0, 3)).isEqualTo(6);
            assertThat(tensors.valueGradients().get(80, 0, 3))
                    .isEqualTo(7 + fresh.valueGradients().get(80, 0, 3));
        }
    }

    @Test
    void aCallThatFailsIsNamed() {
        Emulation emulation = TestGpu.emulation();
        try (Arena arena = Arena.ofShared();
                Device device = Devices.open(Devices.Kind.CUDA, 1)) {
            GradientCase.Tensors tensors = new GradientCase(SMALL).tensors(arena, device);
            emulation.set("failing launches", 1);
            Future<?> call = device.gradients().attend(tensors.call(0, 150, Cancellation.NEVER));
            assertThatThrownBy(call::get)
                    .hasCauseInstanceOf(CudaException.class)
                    .hasMessageContaining(
                            "gradients of queries F32[150, 3, 24], keys F32[150, 2, 24] and values F32[150, 2, 40]");
        } finally {
            emulation.set("failing launches", 0);
        }
    }
}
