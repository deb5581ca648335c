package org.ringwood.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.ringwood.kernels.scalar.Accuracy;

/** What every provider has to hold: attention equals the f64 oracle under the project's error bound. */
interface AccuracyContract extends CaseTable {
    /** The device with the provider's kernels. */
    Device device();

    @Override
    default void assertAccurate(AttentionCase attention) {
        Accuracy accuracy = attention.judge(device());
        assertThat(accuracy.holds()).as("%s: %s", attention, accuracy).isTrue();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 16, 33, 64, 80, 100, 128, 255, 256})
    default void headDims(int dim) {
        assertAccurate(AttentionCase.causal(150, dim));
        assertAccurate(AttentionCase.causal(150, 257 - dim).withDimV(dim));
    }

    @ParameterizedTest
    @EnumSource
    default void dtypesInEveryLayout(DType dtype) {
        for (Layout layout : Layout.values()) {
            assertAccurate(AttentionCase.causal(207, 24)
                    .withHeads(4, 2)
                    .withDimV(13)
                    .withDType(dtype)
                    .withLayout(layout));
            assertAccurate(AttentionCase.full(3, 1500, 24)
                    .withHeads(6, 3)
                    .withDimV(13)
                    .withDType(dtype)
                    .withLayout(layout));
        }
    }

    /** So many that a tile has no room for their queries, or a panel none for their keys. */
    @Test
    default void fewQueriesOfManyHeads() {
        assertAccurate(AttentionCase.full(1, 700, 128).withHeads(70, 35));
        assertAccurate(AttentionCase.full(5, 300, 128).withHeads(40, 20));
        assertAccurate(AttentionCase.full(1, 300, 256).withHeads(33, 33));
    }

    @Test
    default void moreKeyHeadsThanQueryHeadsAreRefused() {
        assertThatThrownBy(() -> assertAccurate(AttentionCase.causal(130, 32).withHeads(2, 3)))
                .hasStackTraceContaining("2 query heads cannot read 3 key heads");
    }

    @ParameterizedTest
    @ValueSource(floats = {0.01f, 3, 10, 40})
    default void scoresOfEveryMagnitude(float deviation) {
        assertAccurate(AttentionCase.causal(300, 64).withDeviation(deviation));
    }

    @ParameterizedTest
    @ValueSource(ints = {1025, 3000, 20_000})
    default void fewQueriesOverManyKeys(int keys) {
        assertAccurate(AttentionCase.full(1, keys, 16).withHeads(4, 2));
        assertAccurate(AttentionCase.full(3, keys, 16).withSlices(List.of(Slice.of(0, 3, 0, keys, Slice.Kind.CAUSAL))));
    }

    /** Keys in so many runs that they are split: some runs are within one part, others in all of them. */
    @ParameterizedTest
    @ValueSource(ints = {6, 40})
    default void fewQueriesOverScatteredKeys(int queries) {
        int keys = 12_000;
        List<Slice> slices = new ArrayList<>();
        slices.add(Slice.full(0, 2, 0, keys));
        slices.add(new Slice(2, 4, 100, keys, -5000, 9000));
        for (int key = 7; key + 90 < keys; key += 130) {
            int query = 4 + key % (queries - 4);
            slices.add(Slice.full(query, query + 1, key, key + 90));
            slices.add(Slice.full(4, queries, key + 90, key + 91));
        }
        assertAccurate(AttentionCase.full(queries, keys, 16).withSlices(slices).withHeads(3, 2));
    }

    /** One query for each of many sequences of very different lengths, as a server decodes. */
    @ParameterizedTest
    @EnumSource(DType.class)
    default void batchesOfDecoding(DType dtype) {
        Random random = new Random(5);
        List<Slice> slices = new ArrayList<>();
        int keys = 0;
        for (int query = 0; query < 40; query++) {
            int length = query % 7 == 0 ? query % 2 : 1 + random.nextInt(400);
            slices.add(Slice.full(query, query + 1, keys, keys + length));
            keys += length;
        }
        for (int[] heads : new int[][] {{1, 1}, {8, 2}, {5, 1}, {3, 2}}) {
            for (int dim : new int[] {13, 64, 80, 144}) {
                assertAccurate(AttentionCase.full(40, keys, dim)
                        .withSlices(slices)
                        .withHeads(heads[0], heads[1])
                        .withDType(dtype)
                        .withSoftcap(dim == 80 ? 5 : 0));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
    default void randomCases(long seed) {
        assertAccurate(CaseTable.randomCase(new Random(seed)));
    }
}
