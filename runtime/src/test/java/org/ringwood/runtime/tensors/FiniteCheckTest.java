package org.ringwood.runtime.tensors;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.ringwood.kernels.Chunk;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Positions;
import org.ringwood.kernels.Tensor;
import org.ringwood.runtime.files.InputException;

class FiniteCheckTest {
    private static final Positions TOKENS = Positions.of(List.of(new Chunk(2, 4), new Chunk(17, 20)));

    @ParameterizedTest
    @EnumSource(DType.class)
    void namesRankTensorAndIndex(DType dtype) {
        for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
            try (Arena arena = Arena.ofConfined()) {
                TensorShape shape = new TensorShape(dtype, Layout.BTHD, 2, 10, 3, 5);
                TensorSource source = new RandomSource(4, RandomSource.Operand.K, shape);
                Tensor shard = Tensor.dense(arena.allocate(5 * 3 * 5 * 4), dtype, 5, 3, 5);
                source.read(TOKENS, 0, shard);
                shard.set(0, 0, 0, dtype == DType.F16 ? 65504 : 3e38f);
                shard.set(0, 0, 1, -1e-40f);
                assertThatCode(() -> FiniteCheck.requireFinite(shard, TOKENS, source, 6))
                        .doesNotThrowAnyException();
                shard.set(3, 2, 1, bad);
                shard.set(4, 0, 0, bad);
                assertThatThrownBy(() -> FiniteCheck.requireFinite(shard, TOKENS, source, 6))
                        .isInstanceOf(InputException.class)
                        .hasMessage("rank 6: random k has " + bad
                                + " at [token, head, element] = [8, 2, 1] of item 1: mend the input");
            }
        }
    }
}
