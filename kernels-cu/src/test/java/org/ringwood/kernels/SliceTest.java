package org.ringwood.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Slices against brute force over all pairs of a small square. */
class SliceTest {
    private static final int SIDE = 9;
    private static final List<Slice.Kind> KINDS = List.of(Slice.Kind.values());
    private static final int CASES = 20_000;

    private interface Admits {
        boolean test(long q, long k);
    }

    @Test
    void tighteningKeepsExactlyThePairsOfTheBounds() {
        Random random = new Random(1);
        for (int i = 0; i < CASES; i++) {
            long[] b = bounds(random);
            Slice slice = new Slice(b[0], b[1], b[2], b[3], b[4], b[5]);
            assertAdmits(
                    slice, (q, k) -> q >= b[0] && q < b[1] && k >= b[2] && k < b[3] && k - q >= b[4] && k - q <= b[5]);
        }
    }

    @Test
    void everyBoundOfASliceIsAttained() {
        Random random = new Random(2);
        for (int i = 0; i < CASES; i++) {
            Slice slice = slice(random);
            if (slice.isEmpty()) {
                assertThat(slice).isEqualTo(Slice.EMPTY);
                continue;
            }
            long[] seen = {99, -99, 99, -99, 99, -99};
            forEachPair(slice, (q, k) -> {
                seen[0] = Math.min(seen[0], q);
                seen[1] = Math.max(seen[1], q + 1);
                seen[2] = Math.min(seen[2], k);
                seen[3] = Math.max(seen[3], k + 1);
                seen[4] = Math.min(seen[4], k - q);
                seen[5] = Math.max(seen[5], k - q);
            });
            assertThat(new long[] {
                        slice.qFrom(), slice.qTo(), slice.kFrom(), slice.kTo(), slice.lowest(), slice.highest()
                    })
                    .as("%s", slice)
                    .isEqualTo(seen);
        }
    }

    @Test
    void whatIsMadeOfSlicesIsThatOfTheSets() {
        Random random = new Random(3);
        for (int i = 0; i < CASES; i++) {
            Slice a = slice(random);
            Slice b = slice(random);
            assertAdmits(a.intersect(b), (q, k) -> a.admits(q, k) && b.admits(q, k));
            long[] c = bounds(random);
            assertAdmits(
                    a.clip(c[0], c[1], c[2], c[3]),
                    (q, k) -> a.admits(q, k) && q >= c[0] && q < c[1] && k >= c[2] && k < c[3]);
            assertAdmits(a.transposed(), (q, k) -> a.admits(k, q));
            assertAdmits(a.shift(2, -1), (q, k) -> a.admits(q - 2, k + 1));
        }
    }

    @Test
    void areaCountsThePairs() {
        Random random = new Random(4);
        for (int i = 0; i < CASES; i++) {
            Slice slice = slice(random);
            long[] count = new long[1];
            forEachPair(slice, (q, k) -> count[0]++);
            assertThat(slice.area()).as("%s", slice).isEqualTo(count[0]);
        }
    }

    @Test
    void areaOfAHugeSliceIsExact() {
        long n = 1L << 31;
        assertThat(Slice.of(0, n, 0, n, Slice.Kind.CAUSAL).area()).isEqualTo(n / 2 * (n + 1));
        assertThat(Slice.full(0, n, 0, n).area()).isEqualTo(n * n);
    }

    @Test
    void areaOfANarrowWindowOverManyTokensIsExact() {
        long n = 1L << 33;
        long width = 1000;
        Slice window = new Slice(0, n, 0, n, 1 - width, 0);
        assertThat(window.area()).isEqualTo(n * width - width * (width - 1) / 2);
    }

    @Test
    void anAreaIsCountedUpTo63BitsAndRefusedBeyond() {
        long n = (1L << 32) - 1;
        assertThat(Slice.of(0, n, 0, n, Slice.Kind.CAUSAL).area()).isEqualTo((1L << 31) * n);
        for (long tooMany : new long[] {n + 1, 1L << 33, 1L << 40, 1L << 48}) {
            for (Slice.Kind kind : List.of(Slice.Kind.CAUSAL, Slice.Kind.FULL)) {
                Slice slice = Slice.of(0, tooMany, 0, tooMany, kind);
                assertThatThrownBy(slice::area)
                        .isInstanceOf(ArithmeticException.class)
                        .hasMessageContaining("63 bits");
            }
        }
    }

    @Test
    void kindsCutTheirCorners() {
        Random random = new Random(5);
        for (int i = 0; i < CASES; i++) {
            long[] b = bounds(random);
            for (Slice.Kind kind : Slice.Kind.values()) {
                boolean above = kind == Slice.Kind.CAUSAL || kind == Slice.Kind.BI_CAUSAL;
                boolean below = kind == Slice.Kind.INVERSE_CAUSAL || kind == Slice.Kind.BI_CAUSAL;
                Slice slice = Slice.of(b[0], b[1], b[2], b[3], kind);
                assertAdmits(
                        slice,
                        (q, k) -> q >= b[0]
                                && q < b[1]
                                && k >= b[2]
                                && k < b[3]
                                && (!above || k <= q - b[1] + b[3])
                                && (!below || k >= q - b[0] + b[2]));
            }
        }
    }

    @Test
    void kindTellsWhichCornersAreCut() {
        Random random = new Random(6);
        for (int i = 0; i < CASES; i++) {
            Slice slice = slice(random);
            if (slice.isEmpty()) {
                continue;
            }
            boolean upperRight = slice.admits(slice.qFrom(), slice.kTo() - 1);
            boolean lowerLeft = slice.admits(slice.qTo() - 1, slice.kFrom());
            Slice.Kind expected = upperRight
                    ? lowerLeft ? Slice.Kind.FULL : Slice.Kind.INVERSE_CAUSAL
                    : lowerLeft ? Slice.Kind.CAUSAL : Slice.Kind.BI_CAUSAL;
            assertThat(slice.kind()).as("%s", slice).isEqualTo(expected);
            assertThat(slice.isFull()).as("%s", slice).isEqualTo(expected == Slice.Kind.FULL);
        }
    }

    @Test
    void keysOfAQueryAreARun() {
        Random random = new Random(7);
        for (int i = 0; i < CASES; i++) {
            Slice slice = slice(random);
            for (long q = slice.qFrom(); q < slice.qTo(); q++) {
                for (long k = 0; k < SIDE; k++) {
                    assertThat(k >= slice.keyFrom(q) && k < slice.keyTo(q))
                            .as("%s admits (%d, %d)", slice, q, k)
                            .isEqualTo(slice.admits(q, k));
                }
            }
        }
    }

    private static Slice slice(Random random) {
        long[] b = bounds(random);
        return random.nextBoolean()
                ? new Slice(b[0], b[1], b[2], b[3], b[4], b[5])
                : Slice.of(b[0], b[1], b[2], b[3], KINDS.get(random.nextInt(KINDS.size())));
    }

    private static long[] bounds(Random random) {
        return new long[] {
            random.nextInt(SIDE),
            random.nextInt(SIDE + 1),
            random.nextInt(SIDE),
            random.nextInt(SIDE + 1),
            random.nextInt(2 * SIDE) - SIDE,
            random.nextInt(2 * SIDE) - SIDE
        };
    }

    private static void assertAdmits(Slice slice, Admits expected) {
        for (long q = -2; q < SIDE + 3; q++) {
            for (long k = -2; k < SIDE + 3; k++) {
                if (slice.admits(q, k) != expected.test(q, k)) {
                    throw new AssertionError(slice + " at (" + q + ", " + k + "): expected " + expected.test(q, k));
                }
            }
        }
    }

    private interface Pair {
        void visit(long q, long k);
    }

    private static void forEachPair(Slice slice, Pair visitor) {
        for (long q = 0; q < SIDE; q++) {
            for (long k = 0; k < SIDE; k++) {
                if (slice.admits(q, k)) {
                    visitor.visit(q, k);
                }
            }
        }
    }
}
