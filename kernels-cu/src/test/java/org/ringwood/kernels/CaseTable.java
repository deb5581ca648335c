package org.ringwood.kernels;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The cases in which attention and its gradients are judged alike. */
interface CaseTable {
    /** Computes a case on the provider's device, and requires that it is within its bound. */
    void assertAccurate(AttentionCase attention);

    static Stream<AttentionCase> sizes() {
        int[] sizes = {1, 4, 6, 13, 63, 207, 513, 1025};
        int[] dims = {1, 7, 64, 80, 128, 256};
        List<AttentionCase> cases = new ArrayList<>();
        for (int i = 0; i < sizes.length; i++) {
            int tokens = sizes[i];
            int dim = dims[i % dims.length];
            cases.add(AttentionCase.causal(tokens, dim));
            cases.add(AttentionCase.full(tokens, sizes[(i + 3) % sizes.length], dim));
        }
        return cases.stream();
    }

    @ParameterizedTest
    @MethodSource("org.ringwood.kernels.CaseTable#sizes")
    default void awkwardSizes(AttentionCase attention) {
        assertAccurate(attention);
    }

    static Stream<int[]> headRatios() {
        return Stream.of(new int[][] {{1, 1}, {3, 1}, {7, 3}, {8, 2}, {5, 4}, {9, 5}, {70, 1}, {5, 5}});
    }

    @ParameterizedTest
    @MethodSource("org.ringwood.kernels.CaseTable#headRatios")
    default void headRatios(int[] heads) {
        assertAccurate(AttentionCase.causal(130, 32).withHeads(heads[0], heads[1]));
        assertAccurate(AttentionCase.full(1, 300, 32).withHeads(heads[0], heads[1]));
    }

    @ParameterizedTest
    @ValueSource(floats = {0.5f, 5, 50})
    default void softcaps(float softcap) {
        assertAccurate(AttentionCase.causal(207, 64).withSoftcap(softcap));
        assertAccurate(AttentionCase.causal(207, 64).withSoftcap(softcap).withDeviation(8));
    }

    static Stream<List<Slice>> masks() {
        int n = 400;
        List<Slice> documents = new ArrayList<>();
        for (int[] d : new int[][] {{0, 0}, {0, 1}, {1, 2}, {2, 130}, {130, 131}, {131, 400}}) {
            documents.add(Slice.of(d[0], d[1], d[0], d[1], Slice.Kind.CAUSAL));
        }
        List<Slice> singles = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            singles.add(Slice.full(i, i + 1, i, i + 1));
        }
        List<Slice> checkers = new ArrayList<>();
        for (int q = 0; q < n; q += 10) {
            for (int k = q / 10 % 2 * 10; k < n; k += 20) {
                checkers.add(Slice.full(q, q + 10, k, k + 10));
            }
        }
        return Stream.of(
                List.of(),
                documents,
                singles,
                checkers,
                List.of(new Slice(0, n, 0, n, -63, 0)),
                List.of(new Slice(0, n, 0, n, -3, 5)),
                List.of(Slice.full(0, n, 0, 4), new Slice(4, n, 4, n, -20, 0)),
                List.of(Slice.of(0, n, 0, n, Slice.Kind.INVERSE_CAUSAL)),
                List.of(Slice.of(50, 300, 20, 390, Slice.Kind.BI_CAUSAL)),
                List.of(Slice.full(399, 400, 0, n)),
                List.of(Slice.full(0, n, 399, 400)));
    }

    @ParameterizedTest
    @MethodSource("org.ringwood.kernels.CaseTable#masks")
    default void masksOfEveryKind(List<Slice> slices) {
        assertAccurate(AttentionCase.full(400, 400, 20).withSlices(slices));
        assertAccurate(AttentionCase.full(400, 400, 20).withSlices(slices).withHeads(3, 1));
    }

    /** A case of random shapes, slices and layouts. */
    static AttentionCase randomCase(Random random) {
        int queries = 1 + random.nextInt(300);
        int keys = 1 + random.nextInt(500);
        List<Slice> slices = new ArrayList<>();
        int step = 1 + random.nextInt(300);
        for (int q = 0; q < queries; q += step) {
            for (int k = 0; k < keys; k += step) {
                int highest = random.nextInt(2 * keys) - keys / 2;
                slices.add(new Slice(
                        q,
                        Math.min(queries, q + step),
                        k,
                        Math.min(keys, k + step),
                        highest - random.nextInt(keys),
                        highest));
            }
        }
        DType[] dtypes = DType.values();
        Layout[] layouts = Layout.values();
        int heads = 1 + random.nextInt(5);
        return AttentionCase.full(queries, keys, 1 + random.nextInt(90))
                .withSlices(slices)
                .withHeads(heads, 1 + random.nextInt(heads))
                .withDimV(1 + random.nextInt(90))
                .withDType(dtypes[random.nextInt(dtypes.length)])
                .withLayout(layouts[random.nextInt(layouts.length)])
                .withSoftcap(random.nextInt(4) == 0 ? 10 : 0)
                .withDeviation(random.nextInt(4) == 0 ? 5 : 1)
                .withSeed(random.nextLong());
    }
}
