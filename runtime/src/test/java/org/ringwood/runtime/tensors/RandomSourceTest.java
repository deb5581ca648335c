package org.ringwood.runtime.tensors;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.ringwood.kernels.Chunk;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Positions;
import org.ringwood.kernels.Tensor;

class RandomSourceTest {
    private static RandomSource source(long seed, RandomSource.Operand operand) {
        return new RandomSource(seed, operand, TensorShape.of(DType.F32, 1000, 5, 7));
    }

    /** The expected numbers come from the formula written in Python. */
    @Test
    void isTheDocumentedFunction() {
        long[] indices = {0, 1, 7, 1_000_000_007};
        double[][] expected = {
            {2.031094789505005, 0.07418619841337204, 0.027697589248418808, 0.2772137522697449},
            {-0.8092294931411743, 1.1921063661575317, 0.023231089115142822, 0.2308308631181717},
            {2.4337141513824463, -0.28569746017456055, -2.4282169342041016, -0.6176456809043884}
        };
        List<RandomSource> sources = List.of(
                source(1, RandomSource.Operand.Q),
                source(1, RandomSource.Operand.K),
                source(12345678901234L, RandomSource.Operand.V));
        for (int s = 0; s < 3; s++) {
            for (int i = 0; i < indices.length; i++) {
                assertThat((double) sources.get(s).value(indices[i])).isEqualTo(expected[s][i]);
            }
        }
    }

    @Test
    void hasMeanZeroAndVarianceOne() {
        RandomSource source = source(3, RandomSource.Operand.Q);
        double sum = 0;
        double squares = 0;
        int count = 1_000_000;
        for (int i = 0; i < count; i++) {
            sum += source.value(i);
            squares += source.value(i) * source.value(i);
        }
        // Standard errors are 0.001 and about 0.0014.
        assertThat(sum / count).isBetween(-0.005, 0.005);
        assertThat(squares / count).isBetween(0.993, 1.007);
    }

    @ParameterizedTest
    @EnumSource(DType.class)
    void aPartIsAPartOfTheWhole(DType dtype) {
        TensorShape shape = new TensorShape(dtype, Layout.BTHD, 2, 10, 3, 5);
        RandomSource source = new RandomSource(9, RandomSource.Operand.V, shape);
        try (Arena arena = Arena.ofConfined()) {
            Tensor whole = Tensor.dense(arena.allocate(shape.bytes()), dtype, 20, 3, 5);
            source.read(Positions.range(0, 20), 0, whole);
            Positions tokens = Positions.of(List.of(new Chunk(17, 20), new Chunk(2, 4)));
            Tensor part = Tensor.dense(arena.allocate(shape.bytes()), dtype, 5, 2, 5);
            source.read(tokens, 1, part);
            for (int row = 0; row < 5; row++) {
                for (int head = 0; head < 2; head++) {
                    assertThat(part.get(row, head, 4)).isEqualTo(whole.get(tokens.position(row), head + 1, 4));
                }
            }
        }
    }
}
