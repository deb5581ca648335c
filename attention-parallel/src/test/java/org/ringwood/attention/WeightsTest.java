package org.ringwood.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.ringwood.kernels.Chunk;
import org.ringwood.kernels.Positions;

/** What ranks of unlike weight get: all of it, exactly as much as their weights say, by every rule. Failures print the seed. */
class WeightsTest {
    private static final int CASES = 1500;

    private final long seed = new SplittableRandom().nextLong();
    private final SplittableRandom random = new SplittableRandom(seed);

    private Weights weights(int ranks) {
        int most = switch (random.nextInt(4)) {
            case 0 -> 2;
            case 1 -> 7;
            case 2 -> 1000;
            default -> Weights.MOST;
        };
        return Weights.of(random.ints(ranks, 1, most + 1).boxed().toList());
    }

    private static Weights of(Integer... weights) {
        return Weights.of(List.of(weights));
    }

    @Test
    void dealsAsDocumented() {
        assertThat(of(1, 1, 4).shares(12)).containsExactly(2, 2, 8);
        assertThat(of(1, 1, 4).shares(0)).containsExactly(0, 0, 0);
        assertThat(of(1, 1, 4).shares(2)).containsExactly(0, 0, 2);
        // The first has 1 for 1 as well as the last 4 for 4 with a fourth one.
        assertThat(of(1, 1, 4).shares(4)).containsExactly(1, 0, 3);
        assertThat(Partition.contiguous(12, of(1, 1, 4)).toString())
                .isEqualTo("12 tokens: [[[0, 2)], [[2, 4)], [[4, 12)]]");
        assertThat(Partition.zigzag(12, of(1, 2)).toString()).isEqualTo("12 tokens: [[[0, 2), [10, 12)], [[2, 10)]]");
        assertThat(Partition.striped(96, of(1, 2)).rows(0)).isEqualTo(32);
        assertThat(Partition.striped(96, of(1, 2)).positions(1).chunks())
                .hasSize(Partition.STRIPES)
                .allMatch(chunk -> chunk.length() == 4);
        assertThat(Partition.balanced(Mask.causal(8, 8), of(1, 5)).toString())
                .isEqualTo("8 tokens: [[[0, 3)], [[3, 8)]]");
    }

    @Test
    void proportionsAreKeptInLowestTerms() {
        assertThat(of(6, 9, 300)).isEqualTo(of(2, 3, 100)).hasSameHashCodeAs(of(2, 3, 100));
        assertThat(of(7, 7, 7)).isEqualTo(Weights.equal(3));
        assertThat(of(7, 7, 7).areEqual()).isTrue();
        assertThat(of(1, 2, 1).areEqual()).isFalse();
        assertThat(of(4, 6).toString()).isEqualTo("[2, 3]");
        assertThat(of(4, 6).overLeast(1)).isEqualTo(1.5);
    }

    @Test
    void sharesAreThoseOfDealingOneByOne() {
        for (int i = 0; i < CASES; i++) {
            Weights weights = weights(1 + random.nextInt(9));
            long[] dealt = new long[weights.ranks()];
            int tokens = random.nextInt(120);
            for (int token = 0; token < tokens; token++) {
                dealt[next(dealt, weights)]++;
            }
            assertThat(weights.shares(tokens))
                    .as("seed %d: %d tokens by %s", seed, tokens, weights)
                    .containsExactly(dealt);
        }
    }

    private static int next(long[] dealt, Weights weights) {
        int best = 0;
        for (int rank = 1; rank < dealt.length; rank++) {
            if ((dealt[rank] + 1) * weights.of(best) < (dealt[best] + 1) * weights.of(rank)) {
                best = rank;
            }
        }
        return best;
    }

    @Test
    void longSequencesAreDealtToTheToken() {
        for (int i = 0; i < CASES; i++) {
            Weights weights = weights(1 + random.nextInt(300));
            long tokens = random.nextLong(Long.MAX_VALUE);
            long[] shares = weights.shares(tokens);
            assertThat(LongStream.of(shares).sum()).as("seed %d", seed).isEqualTo(tokens);
            double forWeight = (double) tokens / weights.sum();
            for (int rank = 0; rank < weights.ranks(); rank++) {
                assertThat((double) shares[rank] / weights.of(rank))
                        .as("seed %d: %d tokens by %s, rank %d", seed, tokens, weights, rank)
                        .isBetween(forWeight * (1 - 1e-9) - 1, forWeight * (1 + 1e-9) + 1);
            }
        }
    }

    @Test
    void equalWeightsDealEvenly() {
        for (int i = 0; i < CASES; i++) {
            int ranks = 1 + random.nextInt(9);
            int tokens = random.nextInt(200);
            Weights same = Weights.of(Collections.nCopies(ranks, 1 + random.nextInt(50)));
            String what = "seed " + seed + ": " + tokens + " among " + ranks;
            assertThat(same.shares(tokens)).as(what).containsExactly(even(tokens, ranks));
            long[] runs = even(tokens, 2 * ranks);
            assertThat(IntStream.range(0, ranks)
                            .mapToLong(Partition.zigzag(tokens, same)::rows)
                            .toArray())
                    .as(what)
                    .containsExactly(IntStream.range(0, ranks)
                            .mapToLong(rank -> runs[rank] + runs[2 * ranks - 1 - rank])
                            .toArray());
            int block = Math.max(1, Math.ceilDiv(tokens, Partition.STRIPES * ranks));
            Partition striped = Partition.striped(tokens, same);
            assertThat(striped).as(what).isEqualTo(Partition.striped(tokens, ranks, block));
            for (int token = 0; token < tokens; token++) {
                assertThat(owns(striped, token / block % ranks, token)).as(what).isTrue();
            }
        }
    }

    private static long[] even(long tokens, int parts) {
        return LongStream.range(0, parts)
                .map(part -> tokens / parts + (part < tokens % parts ? 1 : 0))
                .toArray();
    }

    private static boolean owns(Partition partition, int rank, long token) {
        return partition.positions(rank).chunks().stream()
                .anyMatch(chunk -> chunk.from() <= token && token < chunk.to());
    }

    @Test
    void everyTokenHasOneOwner() {
        for (int i = 0; i < CASES; i++) {
            RandomMasks.Case example = RandomMasks.any(random, random.nextBoolean());
            Mask mask = example.mask();
            Weights weights = weights(1 + random.nextInt(9));
            for (PartitionRule rule : PartitionRule.values()) {
                String what = "seed " + seed + ": " + rule + " of " + example + " by " + weights;
                // A table that misses or repeats a token is refused as it is made.
                assertThat(rule.queries(mask, weights).tokens()).as(what).isEqualTo(mask.queries());
                assertThat(rule.keys(mask, weights).ranks()).as(what).isEqualTo(weights.ranks());
                assertThat(rule.keysOfAllQueries(mask, weights).tokens())
                        .as(what)
                        .isEqualTo(mask.keys());
                if (mask.queries() == mask.keys()) {
                    assertThat(rule.keys(mask, weights)).as(what).isEqualTo(rule.queries(mask, weights));
                }
            }
        }
    }

    @Test
    void partsOfACausalMaskFollowTheWeights() {
        for (int i = 0; i < 200; i++) {
            int ranks = 1 + random.nextInt(8);
            Weights weights = Weights.of(random.ints(ranks, 1, 40).boxed().toList());
            long tokens = 200_000L + random.nextInt(1000);
            Mask mask = Mask.causal(tokens, tokens);
            String what = "seed " + seed + ": " + tokens + " by " + weights;
            assertBalanced(Partition.balanced(mask, weights), mask, weights, tokens, what);
            for (int rank = 0; rank < ranks; rank++) {
                double part = (double) weights.of(rank) / weights.sum();
                assertThat((double) Partition.contiguous(tokens, weights).rows(rank))
                        .as(what)
                        .isBetween(part * tokens - 1, part * tokens + 40);
                assertThat((double) Partition.zigzag(tokens, weights).areas(mask)[rank])
                        .as(what)
                        .isBetween(part * mask.area() - 3.0 * tokens, part * mask.area() + 80.0 * tokens);
                Positions stripes = Partition.striped(tokens, weights).positions(rank);
                assertThat(stripes.chunks()).as(what).hasSizeLessThanOrEqualTo(Partition.STRIPES);
                double block = part * tokens / Partition.STRIPES;
                assertThat((double) stripes.rows())
                        .as(what)
                        .isBetween(part * tokens - block - 1, part * tokens + block + 40);
            }
        }
    }

    @Test
    void noCutIntoRunsIsBetterThanBalanced() {
        for (int i = 0; i < CASES; i++) {
            RandomMasks.Case example = RandomMasks.any(random, random.nextBoolean());
            Mask mask = example.mask();
            Weights weights = weights(1 + random.nextInt(6));
            String what = "seed " + seed + ": " + example + " by " + weights;
            long[] areas = Partition.balanced(mask, weights).areas(mask);
            assertThat(Load.largest(areas, weights))
                    .as(what)
                    .isEqualByComparingTo(smallestLargest(rows(example), weights));
        }
    }

    /** An area for a weight. */
    private record Load(long area, int weight) implements Comparable<Load> {
        private static final Load NONE = new Load(0, 1);

        static Load largest(long[] areas, Weights weights) {
            return IntStream.range(0, areas.length)
                    .mapToObj(rank -> new Load(areas[rank], weights.of(rank)))
                    .reduce(NONE, Load::larger);
        }

        Load larger(Load other) {
            return compareTo(other) >= 0 ? this : other;
        }

        @Override
        public int compareTo(Load other) {
            return Long.compare(area * other.weight, other.area * weight);
        }
    }

    private static long[] rows(RandomMasks.Case example) {
        long[] areas = new long[(int) example.queries()];
        for (int q = 0; q < example.queries(); q++) {
            for (int k = 0; k < example.keys(); k++) {
                areas[q] += example.admits().test(q, k) ? 1 : 0;
            }
        }
        return areas;
    }

    /** By trying every end of every run: the smallest largest load of runs of the ranks, in their order, that cover all rows. */
    private static Load smallestLargest(long[] rows, Weights weights) {
        Load[] best = new Load[rows.length + 1];
        Arrays.fill(best, new Load(Integer.MAX_VALUE, 1));
        best[0] = Load.NONE;
        for (int rank = 0; rank < weights.ranks(); rank++) {
            Load[] longer = best.clone();
            for (int to = 1; to <= rows.length; to++) {
                long sum = 0;
                for (int from = to - 1; from >= 0; from--) {
                    sum += rows[from];
                    Load load = best[from].larger(new Load(sum, weights.of(rank)));
                    longer[to] = load.compareTo(longer[to]) < 0 ? load : longer[to];
                }
            }
            best = longer;
        }
        return best[rows.length];
    }

    /** Nothing decides then but that runs be as long as the weights say. */
    @Test
    void balancedDealsByWeightWhereNothingIsAdmitted() {
        Mask nothing = Mask.of(1000, 1000, List.of());
        for (Weights weights : List.of(of(1, 1, 4), of(7, 1), of(1, 100, 3, 999))) {
            assertThat(Partition.balanced(nothing, weights)).isEqualTo(Partition.contiguous(1000, weights));
        }
    }

    @Test
    void keysAreDealtEvenlyWhereWorkFollowsOtherQueries() {
        Mask oblong = Mask.causal(400, 1000);
        for (PartitionRule rule : PartitionRule.values()) {
            assertThat(rule.keys(oblong, of(1, 5, 2))).as(rule.toString()).isEqualTo(rule.keys(oblong, 3));
            assertThat(rule.keysOfAllQueries(oblong, of(1, 5, 2)))
                    .as(rule.toString())
                    .isNotEqualTo(rule.keysOfAllQueries(oblong, 3));
        }
    }

    @Test
    void balancesTenMillionRows() {
        long tokens = 10_000_000;
        Mask mask = MaskRule.causal().and(MaskRule.window(99_999, 0, 16)).over(tokens, tokens);
        Weights weights = Weights.of(IntStream.range(0, 64)
                .mapToObj(rank -> rank % 2 == 0 ? 999_983 : 31)
                .toList());
        assertBalanced(Partition.balanced(mask, weights), mask, weights, 100_016, "10 million rows");
    }

    /**
     * Where each rank takes what it may have, it leaves less than a row of it; so P rows more in all are enough for everybody.
     *
     * @param longest pairs of a row
     */
    private static void assertBalanced(Partition partition, Mask mask, Weights weights, long longest, String what) {
        long[] areas = partition.areas(mask);
        double slack = (double) areas.length * longest;
        for (int rank = 0; rank < areas.length; rank++) {
            double part = (double) weights.of(rank) / weights.sum();
            assertThat((double) areas[rank])
                    .as("%s, rank %d", what, rank)
                    .isBetween(part * mask.area() - slack, part * (mask.area() + slack));
        }
    }

    @Test
    void refusesNonsense() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Weights.of(List.of()))
                .withMessageContaining("0 ranks");
        assertThatIllegalArgumentException().isThrownBy(() -> of(1, 0)).withMessageContaining("a weight of 0 is not");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> of(Weights.MOST + 1))
                .withMessageContaining("from 1 to 1000000");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> of(1, 2).shares(-3))
                .withMessageContaining("-3 tokens");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Partition.of(2, List.of(List.of(new Chunk(0, 1)), List.of())));
    }
}
