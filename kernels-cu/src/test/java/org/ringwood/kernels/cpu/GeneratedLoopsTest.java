package org.ringwood.kernels.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.MethodModel;
import java.lang.classfile.attribute.CodeAttribute;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What keeps the compilation of the innermost loops from depending on their callers, seen in their bytecode. */
class GeneratedLoopsTest {
    /** C2's limit for methods that are called often, {@code -XX:FreqInlineSize}. */
    private static final int INLINED = 325;

    /** C2 doesn't compile larger methods at all. */
    private static final int COMPILED = 8000;

    @ParameterizedTest
    @ValueSource(strings = {"score8x2", "score4x2", "accumulate8x2", "accumulate4x2", "collect8x2", "collect4x2"})
    void tilesAreCompiledOnTheirOwn(String tile) throws IOException {
        assertThat(codeSizes(LaneTiles.class))
                .hasEntrySatisfying(tile, size -> assertThat(size).isBetween(INLINED + 1, COMPILED));
    }

    @ParameterizedTest
    @ValueSource(strings = {"dotF32x8", "dotBf16x8", "dotF16x4", "sumF32x8", "sumBf16x8", "sumF16x4", "areFiniteF16"})
    void loopsOverRowsAreCompiledOnTheirOwn(String loop) throws IOException {
        assertThat(codeSizes(RowTiles.class))
                .hasEntrySatisfying(loop, size -> assertThat(size).isBetween(INLINED + 1, COMPILED));
    }

    @ParameterizedTest
    @ValueSource(strings = {"weigh", "cap"})
    void weightsAreCompiledOnTheirOwn(String loop) throws IOException {
        assertThat(codeSizes(LaneWeights.class))
                .hasEntrySatisfying(loop, size -> assertThat(size).isBetween(INLINED + 1, COMPILED));
    }

    @Test
    void sumsAreCompiledOnTheirOwn() throws IOException {
        assertThat(codeSizes(RowProduct.class))
                .hasEntrySatisfying("addUp", size -> assertThat(size).isBetween(INLINED + 1, COMPILED));
    }

    private static Map<String, Integer> codeSizes(Class<?> loops) throws IOException {
        try (InputStream file =
                Objects.requireNonNull(loops.getResourceAsStream(loops.getSimpleName() + ".class"), "class file")) {
            return ClassFile.of().parse(file.readAllBytes()).methods().stream()
                    .collect(Collectors.toMap(
                            method -> method.methodName().stringValue(), GeneratedLoopsTest::codeSize));
        }
    }

    private static int codeSize(MethodModel method) {
        return method.code().map(code -> ((CodeAttribute) code).codeLength()).orElse(0);
    }
}
