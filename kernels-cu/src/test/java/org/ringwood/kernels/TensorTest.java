package org.ringwood.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TensorTest {
    @ParameterizedTest
    @EnumSource
    void viewsShareTheElements(Layout layout) {
        try (Arena arena = Arena.ofConfined()) {
            Tensor tensor = layout.random(arena, DType.F16, 6, 4, 5, 1, new Random(1));
            Tensor view = tensor.rows(2, 5).heads(1, 3);
            assertThat(view.tokens()).isEqualTo(3);
            assertThat(view.heads()).isEqualTo(2);
            for (int token = 0; token < 3; token++) {
                for (int head = 0; head < 2; head++) {
                    for (int i = 0; i < 5; i++) {
                        assertThat(view.get(token, head, i)).isEqualTo(tensor.get(token + 2, head + 1, i));
                    }
                }
            }
            view.set(0, 0, 0, 42);
            assertThat(tensor.get(2, 1, 0)).isEqualTo(42);
        }
    }

    @Test
    void emptyViewsAreLegal() {
        try (Arena arena = Arena.ofConfined()) {
            Tensor tensor = Tensor.dense(arena.allocate(24), DType.F32, 3, 1, 2);
            assertThat(tensor.rows(3, 3).tokens()).isZero();
            assertThat(tensor.rows(0, 0).heads(0, 1).denseBytes()).isZero();
        }
    }

    @Test
    void denseIsWithoutGaps() {
        try (Arena arena = Arena.ofConfined()) {
            assertThat(Layout.DENSE.allocate(arena, DType.F32, 3, 2, 2).isDense())
                    .isTrue();
            assertThat(Layout.HEADS_FIRST.allocate(arena, DType.F32, 3, 2, 2).isDense())
                    .isFalse();
            assertThat(Layout.HEADS_FIRST.allocate(arena, DType.F32, 3, 1, 2).isDense())
                    .isTrue();
            assertThat(Layout.FUSED.allocate(arena, DType.F32, 1, 2, 2).isDense())
                    .isTrue();
        }
    }

    @Test
    void whatDoesNotFitItsMemoryIsRefused() {
        try (Arena arena = Arena.ofConfined()) {
            var memory = arena.allocate(95);
            assertThatThrownBy(() -> Tensor.dense(memory, DType.F32, 3, 2, 4))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("needs 96 bytes, but its memory has 95");
            assertThatThrownBy(() -> Tensor.dense(memory, DType.F32, Long.MAX_VALUE / 2, 2, 4))
                    .isInstanceOf(ArithmeticException.class);
            assertThatThrownBy(() -> new Tensor(memory, DType.F32, 1, 0, 4, 4, 4))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void aStateIsAnArrayOfRecords() {
        try (Arena arena = Arena.ofConfined()) {
            SoftmaxState state = new SoftmaxState(arena.allocate(SoftmaxState.bytes(4, 2, 3)), 4, 2, 3);
            state.set(2, 1, 5, 6);
            state.setOut(2, 1, 2, 7);
            SoftmaxState part = state.slice(2, 4);
            assertThat(part.max(0, 1)).isEqualTo(5);
            assertThat(part.sum(0, 1)).isEqualTo(6);
            assertThat(part.out(0, 1, 2)).isEqualTo(7);
            assertThat(SoftmaxState.recordBytes(3)).isEqualTo(20);
            assertThat(state.offset(2, 1)).isEqualTo(100);
        }
    }
}
