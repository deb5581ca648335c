package org.ringwood.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.ringwood.kernels.AttentionCase.await;

import java.lang.foreign.Arena;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Copies between layouts, and the rounding of finished outputs. */
class KernelCopyTest {
    @ParameterizedTest
    @EnumSource(names = {"CPU", "SCALAR", "CUDA"})
    void copiesBetweenLayoutsOfEveryDtype(Devices.Kind kind) {
        try (Arena arena = Arena.ofShared();
                Device device = TestDevices.open(kind, 2)) {
            for (DType dtype : DType.values()) {
                for (Layout source : Layout.values()) {
                    for (Layout target : Layout.values()) {
                        Tensor from = source.random(arena, dtype, 100, 3, 5, 1, new Random(1));
                        Tensor to = target.allocate(arena, dtype, 100, 3, 5);
                        await(device.kernels().copy(from, to));
                        assertSame(from, to);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"CPU", "SCALAR", "CUDA"})
    void finishRoundsToTheNearest(Devices.Kind kind) {
        try (Arena arena = Arena.ofShared();
                Device device = TestDevices.open(kind, 2)) {
            SoftmaxState state = new SoftmaxState(arena.allocate(SoftmaxState.bytes(1, 1, 3)), 1, 1, 3);
            state.set(0, 0, 2, 1);
            state.setOut(0, 0, 0, 1 + 0x1p-8f);
            state.setOut(0, 0, 1, 1 + 0x3p-8f);
            state.setOut(0, 0, 2, 1 + 0x1p-8f + 0x1p-20f);
            Tensor out = Layout.GAPS.allocate(arena, DType.BF16, 1, 1, 3);
            Tensor lse = Layout.DENSE.allocate(arena, DType.F32, 1, 1, 1);
            await(device.kernels().finish(state, out, lse));
            assertThat(out.get(0, 0, 0)).isEqualTo(1);
            assertThat(out.get(0, 0, 1)).isEqualTo(1 + 0x1p-6f);
            assertThat(out.get(0, 0, 2)).isEqualTo(1 + 0x1p-7f);
            assertThat(lse.get(0, 0, 0)).isEqualTo(2);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"CPU", "SCALAR", "CUDA"})
    void shapesThatDisagreeAreRefused(Devices.Kind kind) {
        try (Arena arena = Arena.ofShared();
                Device device = TestDevices.open(kind, 1)) {
            Tensor tensor = Layout.DENSE.allocate(arena, DType.F32, 4, 2, 3);
            SoftmaxState state = new SoftmaxState(arena.allocate(SoftmaxState.bytes(4, 2, 5)), 4, 2, 5);
            AttentionKernels kernels = device.kernels();
            assertThatThrownBy(() -> kernels.copy(tensor, tensor.rows(0, 3)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("F32[4, 2, 3] can't be copied to F32[3, 2, 3]");
            assertThatThrownBy(() -> kernels.finish(state, tensor, tensor))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> kernels.merge(state, state.slice(0, 3)))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    private static void assertSame(Tensor from, Tensor to) {
        for (long token = 0; token < from.tokens(); token++) {
            for (int head = 0; head < from.heads(); head++) {
                for (int i = 0; i < from.dim(); i++) {
                    assertThat(to.get(token, head, i)).isEqualTo(from.get(token, head, i));
                }
            }
        }
    }
}
