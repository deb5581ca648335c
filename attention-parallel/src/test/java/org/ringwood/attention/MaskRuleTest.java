package org.ringwood.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.ringwood.attention.MaskRule.Rectangle;
import org.ringwood.kernels.Positions;
import org.ringwood.kernels.Slice;

/** Small masks written out, what is refused, and masks of many slices. */
class MaskRuleTest {
    @Test
    void causalIsAlignedAtTheEnd() {
        assertThat(drawn(Mask.causal(3, 3))).containsExactly("#..", "##.", "###");
        assertThat(drawn(Mask.causal(2, 4))).containsExactly("###.", "####");
        assertThat(drawn(Mask.causal(4, 2))).containsExactly("..", "..", "#.", "##");
    }

    @Test
    void windowsReachAroundThePositionAndKeepTheSinks() {
        assertThat(drawn(MaskRule.window(1, 0, 0).over(4, 4))).containsExactly("#...", "##..", ".##.", "..##");
        assertThat(drawn(MaskRule.window(1, 0, 1).over(4, 4))).containsExactly("#...", "##..", "###.", "#.##");
        assertThat(drawn(MaskRule.window(0, 1, 2).over(5, 5)))
                .containsExactly("##...", "###..", "####.", "##.##", "##..#");
        assertThat(drawn(MaskRule.window(0, 0, 9).over(3, 3))).isEqualTo(drawn(Mask.causal(3, 3)));
        assertThat(drawn(MaskRule.window(1, 0, 1).over(2, 5))).containsExactly("#.##.", "#..##");
        assertThat(drawn(MaskRule.window(MaskRule.UNBOUNDED, 1, 0).over(3, 3))).containsExactly("##.", "###", "###");
        assertThat(MaskRule.window(100, 100, 100).over(5, 7)).isEqualTo(Mask.full(5, 7));
    }

    @Test
    void everythingInADocumentCountsFromItsOwnStart() {
        MaskRule rule = MaskRule.causal().and(MaskRule.window(0, 3, 1)).inDocuments(List.of(0L, 0L, 1L, 4L, 4L));
        assertThat(drawn(rule.over(4, 4))).containsExactly("#...", ".#..", ".##.", ".#.#");
        assertThat(drawn(MaskRule.causal()
                        .inDocuments(List.of(0L, 1L, 3L), List.of(0L, 3L, 4L))
                        .over(3, 4)))
                .containsExactly("###.", "....", "...#");
        assertThat(drawn(MaskRule.full()
                        .inDocuments(List.of(0L, 2L, 3L))
                        .inBatch(2)
                        .over(6, 6)))
                .containsExactly("##....", "##....", "..#...", "...##.", "...##.", ".....#");
    }

    @Test
    void documentsMaySeeASharedPrefix() {
        assertThat(drawn(MaskRule.sharedPrefix(List.of(0L, 2L, 3L, 5L), MaskRule.causal())
                        .over(5, 5)))
                .containsExactly("#....", "##...", "###..", "##.#.", "##.##");
    }

    @Test
    void rectanglesUseRowIndices() {
        assertThat(drawn(MaskRule.rectangles(List.of(
                                new Rectangle(0, 2, 0, 3, Slice.Kind.CAUSAL),
                                new Rectangle(2, 4, 0, 3, Slice.Kind.INVERSE_CAUSAL),
                                new Rectangle(1, 3, 3, 6, Slice.Kind.BI_CAUSAL),
                                new Rectangle(4, 4, 0, 6, Slice.Kind.FULL)))
                        .over(4, 6)))
                .containsExactly("##....", "#####.", "###.##", ".##...");
    }

    @Test
    void blocksAreCutAtTheEnd() {
        assertThat(drawn(MaskRule.blockSparse(2, 3, List.of(List.of(1), List.of(), List.of(0, 1)))
                        .over(5, 5)))
                .containsExactly("...##", "...##", ".....", ".....", "#####");
    }

    @Test
    void emptySequencesAreLegal() {
        assertThat(Mask.causal(0, 0).area()).isZero();
        assertThat(Mask.full(0, 5).slices()).isEmpty();
        assertThat(Mask.full(5, 0).slices()).isEmpty();
        assertThat(MaskRule.causal().inDocuments(List.of(0L)).over(0, 0).area()).isZero();
        assertThat(MaskRule.causal()
                        .inDocuments(List.of(0L, 0L))
                        .inBatch(3)
                        .over(0, 0)
                        .area())
                .isZero();
        assertThat(MaskRule.blockSparse(2, 2, List.of()).over(0, 3).area()).isZero();
        assertThat(Mask.causal(1, 1)).isEqualTo(Mask.full(1, 1));
    }

    private static List<String> drawn(Mask mask) {
        return LongStream.range(0, mask.queries()).mapToObj(q -> drawn(mask, q)).toList();
    }

    private static String drawn(Mask mask, long q) {
        StringBuilder row = new StringBuilder();
        for (long k = 0; k < mask.keys(); k++) {
            long key = k;
            row.append(mask.slices().stream().anyMatch(slice -> slice.admits(q, key)) ? '#' : '.');
        }
        return row.toString();
    }

    @Test
    void refusesWithCulpritAndRemedy() {
        assertRefused(() -> MaskRule.window(-1, 0, 0), "left -1", "0 or more");
        assertRefused(() -> MaskRule.window(0, 0, -1), "sinks -1");
        assertRefused(() -> MaskRule.full().inBatch(0), "batch of 0", "at least 1");
        assertRefused(() -> MaskRule.full().inBatch(3).over(6, 7), "7 keys", "3 items");
        assertRefused(() -> MaskRule.full().inDocuments(List.of()), "empty");
        assertRefused(() -> MaskRule.full().inDocuments(List.of(1L, 4L)), "start at 1");
        assertRefused(() -> MaskRule.full().inDocuments(List.of(0L, 4L, 3L)), "from 4 to 3", "index 2");
        assertRefused(() -> MaskRule.full().inDocuments(List.of(0L, 4L)).over(5, 5), "end at 4", "5 queries");
        assertRefused(() -> MaskRule.full().inDocuments(List.of(0L, 4L)).over(4, 5), "end at 4", "5 keys");
        assertRefused(() -> MaskRule.full().inDocuments(List.of(0L, 4L), List.of(0L, 2L, 4L)), "1 documents", "2 of");
        assertRefused(() -> new Rectangle(3, 2, 0, 1, Slice.Kind.FULL), "[3, 2)", "reversed");
        assertRefused(() -> new Rectangle(-1, 2, 0, 1, Slice.Kind.FULL), "[-1, 2)");
        assertRefused(
                () -> MaskRule.rectangles(List.of(new Rectangle(0, 2, 0, 9, Slice.Kind.CAUSAL)))
                        .over(4, 8),
                "[0, 2) x [0, 9)",
                "8 keys");
        assertRefused(() -> MaskRule.blockSparse(0, 2, List.of()), "0 queries");
        assertRefused(() -> MaskRule.blockSparse(2, 2, List.of(List.of(1, 1))), "block 0", "twice");
        assertRefused(() -> MaskRule.blockSparse(2, 2, List.of(List.of(1))).over(3, 3), "1 rows", "2 blocks");
        assertRefused(() -> MaskRule.blockSparse(2, 2, List.of(List.of(2))).over(2, 4), "key block 2", "0 to 1");
        assertRefused(() -> Mask.full(-1, 3), "-1 queries");
        assertRefused(() -> Mask.full(3, Mask.MAX_TOKENS + 1), "keys");
        assertRefused(() -> Mask.full(Mask.MAX_TOKENS, Mask.MAX_TOKENS), "64 bits");
        assertRefused(() -> Mask.of(4, 4, List.of(Slice.full(0, 5, 0, 1))), "[0, 5) x [0, 1)", "leaves");
        assertRefused(() -> Mask.full(2, 2).and(Mask.full(2, 3)), "2 x 2", "2 x 3");
        assertRefused(
                () -> MaskRule.causal().or(MaskRule.full()).over(4, 4), "both admit query 0 with key 0", "disjoint");
    }

    private static void assertRefused(Runnable made, String... says) {
        assertThatThrownBy(made::run)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll(says);
    }

    @Test
    void findsEveryOverlap() {
        int overlapping = 0;
        int cases = 10_000;
        for (long seed = 0; seed < cases; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            List<Slice> slices = IntStream.range(0, 1 + random.nextInt(12))
                    .mapToObj(i -> anySlice(random))
                    .toList();
            boolean overlaps = false;
            for (int i = 0; i < slices.size(); i++) {
                for (int j = 0; j < i; j++) {
                    overlaps |= !slices.get(i).intersect(slices.get(j)).isEmpty();
                }
            }
            overlapping += overlaps ? 1 : 0;
            if (overlaps) {
                assertThatIllegalArgumentException()
                        .as("seed %d: %s", seed, slices)
                        .isThrownBy(() -> Mask.of(24, 24, slices));
            } else {
                assertThat(Mask.of(24, 24, slices).area())
                        .as("seed %d: %s", seed, slices)
                        .isEqualTo(slices.stream().mapToLong(Slice::area).sum());
            }
        }
        assertThat(overlapping).isBetween(cases / 4, cases * 3 / 4);
    }

    /** A small slice with two diagonals, so that borders of all slopes meet. */
    private static Slice anySlice(RandomGenerator random) {
        long q = random.nextInt(16);
        long k = random.nextInt(16);
        long lowest = k - q + random.nextInt(-9, 9);
        return new Slice(q, q + random.nextInt(9), k, k + random.nextInt(9), lowest, lowest + random.nextInt(9));
    }

    @Test
    void aHundredThousandDocumentsOnManyRanks() {
        int documents = 100_000;
        SplittableRandom random = new SplittableRandom(7);
        List<Long> bounds = new ArrayList<>(List.of(0L));
        for (int i = 0; i < documents; i++) {
            bounds.add(bounds.getLast() + random.nextInt(200));
        }
        long tokens = bounds.getLast();
        Mask mask = MaskRule.causal()
                .and(MaskRule.window(63, 0, 2))
                .inDocuments(bounds)
                .over(tokens, tokens);
        int ranks = 16;
        Partition partition = Partition.striped(tokens, ranks);
        long area = 0;
        for (int rank = 0; rank < ranks; rank++) {
            Positions queries = partition.positions(rank);
            Ranges needed = mask.keysNeededBy(queries);
            long attended = 0;
            for (int owner = 0; owner < ranks; owner++) {
                Positions keys = partition.positions(owner);
                Mask.Extract pairs = mask.extract(queries, keys);
                attended += needed.rowsIn(keys).size();
                area += pairs.area();
                assertThat(needed.rowsIn(keys).isEmpty()).isEqualTo(pairs.area() == 0);
                assertThat(pairs.slices().isEmpty()).isEqualTo(pairs.area() == 0);
            }
            assertThat(attended).isEqualTo(needed.size());
        }
        assertThat(area).isEqualTo(mask.area());
        Mask documentsAlone = MaskRule.full().inDocuments(bounds).over(tokens, tokens);
        assertThat(documentsAlone.and(mask)).isEqualTo(mask);
    }

    @Test
    void areasOfLongSequencesAreExact() {
        long n = 10_000_000;
        assertThat(Mask.full(n, n).area()).isEqualTo(n * n);
        assertThat(Mask.causal(n, n).area()).isEqualTo(n * (n + 1) / 2);
        assertThat(Mask.causal(10, n).area()).isEqualTo(10 * n - 45);
        assertThat(MaskRule.causal().inBatch(100).over(n, n).area()).isEqualTo(100 * (n / 100 * (n / 100 + 1) / 2));
        long billions = 3_000_000_000L;
        assertThat(Mask.full(billions, billions).area()).isEqualTo(billions * billions);
    }
}
