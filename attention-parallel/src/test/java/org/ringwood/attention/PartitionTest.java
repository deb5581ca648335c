package org.ringwood.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.ringwood.kernels.Chunk;
import org.ringwood.kernels.Positions;

class PartitionTest {
    private static final int CASES = 1500;

    @Test
    void dealsAsDocumented() {
        assertThat(positions(Partition.contiguous(7, 3))).containsExactly("[0, 1, 2]", "[3, 4]", "[5, 6]");
        assertThat(positions(Partition.contiguous(2, 3))).containsExactly("[0]", "[1]", "[]");
        assertThat(positions(Partition.zigzag(9, 2))).containsExactly("[0, 1, 2, 7, 8]", "[3, 4, 5, 6]");
        assertThat(positions(Partition.zigzag(3, 2))).containsExactly("[0]", "[1, 2]");
        assertThat(positions(Partition.striped(11, 2, 3))).containsExactly("[0, 1, 2, 6, 7, 8]", "[3, 4, 5, 9, 10]");
        assertThat(positions(Partition.striped(0, 2))).containsExactly("[]", "[]");
        assertThat(positions(Partition.balanced(Mask.causal(8, 8), 2))).containsExactly("[0, 1, 2, 3, 4]", "[5, 6, 7]");
    }

    private static Stream<String> positions(Partition partition) {
        return IntStream.range(0, partition.ranks())
                .mapToObj(rank -> tokens(partition.positions(rank)).toString());
    }

    private static List<Long> tokens(Positions positions) {
        return LongStream.range(0, positions.rows())
                .mapToObj(positions::position)
                .toList();
    }

    @Test
    void everyTokenHasOneOwner() {
        for (long seed = 0; seed < CASES; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            RandomMasks.Case example = RandomMasks.any(random, (seed & 1) == 0);
            Mask mask = example.mask();
            int ranks = 1 + random.nextInt(9);
            for (PartitionRule rule : PartitionRule.values()) {
                String what = "seed " + seed + ": " + rule + " of " + example + " among " + ranks;
                assertCoversOnce(rule.queries(mask, ranks), mask.queries(), ranks, what);
                assertCoversOnce(rule.keys(mask, ranks), mask.keys(), ranks, what);
                assertCoversOnce(rule.keysOfAllQueries(mask, ranks), mask.keys(), ranks, what);
            }
            assertCoversOnce(
                    Partition.striped(mask.keys(), ranks, 1 + random.nextInt(5)), mask.keys(), ranks, "seed " + seed);
        }
    }

    private static void assertCoversOnce(Partition partition, long tokens, int ranks, String what) {
        int[] owners = new int[(int) tokens];
        for (int rank = 0; rank < ranks; rank++) {
            tokens(partition.positions(rank)).forEach(token -> owners[token.intValue()]++);
        }
        assertThat(partition.ranks()).as(what).isEqualTo(ranks);
        assertThat(partition.tokens()).as(what).isEqualTo(tokens);
        assertThat(Arrays.stream(owners)).as(what).allMatch(count -> count == 1);
    }

    @Test
    void aRankHasAtMostSixteenStripes() {
        for (long tokens : new long[] {1, 15, 16, 17, 1000, 65536, 10_000_019}) {
            for (int ranks : new int[] {1, 2, 3, 7, 64}) {
                Partition striped = Partition.striped(tokens, ranks);
                for (int rank = 0; rank < ranks; rank++) {
                    assertThat(striped.positions(rank).chunks())
                            .as("%d tokens among %d", tokens, ranks)
                            .hasSizeLessThanOrEqualTo(Partition.STRIPES);
                }
            }
        }
    }

    @Test
    void keysLieWithTheirQueries() {
        Mask square = Mask.causal(1000, 1000);
        Mask oblong = Mask.causal(400, 1000);
        for (PartitionRule rule : PartitionRule.values()) {
            assertThat(rule.keys(square, 4)).as(rule.toString()).isEqualTo(rule.queries(square, 4));
            assertThat(rule.keys(oblong, 4).tokens()).as(rule.toString()).isEqualTo(1000);
        }
        assertThat(PartitionRule.BALANCED.keys(oblong, 4)).isEqualTo(Partition.contiguous(1000, 4));
    }

    @Test
    void shardAndUnshardAreInverse() {
        for (long seed = 0; seed < CASES; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            Partition partition = anyPartition(random);
            int tokens = (int) partition.tokens();
            long[] longs = random.longs(tokens).toArray();
            int[] ints = random.ints(tokens).toArray();
            float[] floats = new float[tokens];
            for (int i = 0; i < tokens; i++) {
                floats[i] = i;
            }
            long[] longsBack = new long[tokens];
            int[] intsBack = new int[tokens];
            float[] floatsBack = new float[tokens];
            for (int rank = 0; rank < partition.ranks(); rank++) {
                long[] shard = partition.shard(rank, longs);
                for (int row = 0; row < shard.length; row++) {
                    assertThat(shard[row])
                            .as("seed %d: %s", seed, partition)
                            .isEqualTo(longs[(int) partition.positions(rank).position(row)]);
                }
                partition.unshard(rank, shard, longsBack);
                partition.unshard(rank, partition.shard(rank, ints), intsBack);
                partition.unshard(rank, partition.shard(rank, floats), floatsBack);
            }
            assertThat(longsBack).as("seed %d: %s", seed, partition).isEqualTo(longs);
            assertThat(intsBack).as("seed %d: %s", seed, partition).isEqualTo(ints);
            assertThat(floatsBack).as("seed %d: %s", seed, partition).isEqualTo(floats);
        }
    }

    @Test
    void shardsTokensOfManyBytesOffHeap() {
        Partition partition = Partition.zigzag(1001, 3);
        long bytes = 12;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment whole = arena.allocate(1001 * bytes);
            MemorySegment back = arena.allocate(1001 * bytes);
            for (int i = 0; i < 3 * 1001; i++) {
                whole.setAtIndex(ValueLayout.JAVA_INT, i, i);
            }
            for (int rank = 0; rank < 3; rank++) {
                MemorySegment shard = arena.allocate(partition.rows(rank) * bytes);
                partition.shard(rank, whole, shard, bytes);
                for (long row = 0; row < partition.rows(rank); row++) {
                    assertThat(shard.getAtIndex(ValueLayout.JAVA_INT, 3 * row + 2))
                            .isEqualTo((int) (3 * partition.positions(rank).position(row) + 2));
                }
                partition.unshard(rank, shard, back, bytes);
            }
            assertThat(back.mismatch(whole)).isEqualTo(-1);
        }
    }

    @Test
    void knowsDocumentsAcrossBordersOfShards() {
        for (long seed = 0; seed < CASES; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            Partition partition = anyPartition(random);
            int tokens = (int) partition.tokens();
            List<Long> documents = RandomMasks.bounds(random, tokens, random.nextInt(8));
            long[] ids = random.longs(tokens, 0, 1000).toArray();
            for (int rank = 0; rank < partition.ranks(); rank++) {
                List<Long> inDocument = new ArrayList<>();
                List<Long> labels = new ArrayList<>();
                for (long token : tokens(partition.positions(rank))) {
                    long start = documents.stream()
                            .filter(bound -> bound <= token)
                            .max(Long::compare)
                            .orElseThrow();
                    inDocument.add(token - start);
                    labels.add(documents.contains(token + 1) ? -100 : ids[(int) token + 1]);
                }
                String what = "seed " + seed + ": rank " + rank + " of " + partition + ", documents " + documents;
                assertThat(LongStream.of(partition.positionsInDocument(rank, documents))
                                .boxed())
                        .as(what)
                        .isEqualTo(inDocument);
                assertThat(LongStream.of(partition.shardNextTokens(rank, ids, documents, -100))
                                .boxed())
                        .as(what)
                        .isEqualTo(labels);
            }
        }
    }

    private static Partition anyPartition(RandomGenerator random) {
        long tokens = random.nextInt(80);
        int ranks = 1 + random.nextInt(8);
        return switch (random.nextInt(4)) {
            case 0 -> Partition.contiguous(tokens, ranks);
            case 1 -> Partition.zigzag(tokens, ranks);
            case 2 -> Partition.striped(tokens, ranks, 1 + random.nextInt(9));
            default -> Partition.balanced(Mask.causal(tokens, tokens), ranks);
        };
    }

    @Test
    void zigzagAndBalancedEvenOutACausalMask() {
        for (int ranks : new int[] {2, 3, 4, 8, 16}) {
            long tokens = 4096L * ranks;
            Mask mask = Mask.causal(tokens, tokens);
            assertThat(PartitionRule.ZIGZAG.queries(mask, ranks).imbalance(mask))
                    .isEqualTo(1.0);
            assertThat(PartitionRule.ZIGZAG.queries(mask, ranks).areas(mask)).containsOnly(mask.area() / ranks);
            assertThat(PartitionRule.BALANCED.queries(mask, ranks).imbalance(mask))
                    .isBetween(1.0, 1.005);
            // The last rank's rows stand (P − 1) / 2 blocks of tokens / 16P behind the mean row.
            double striped = 1 + (ranks - 1) * (tokens / (16.0 * ranks)) / (tokens + 1);
            assertThat(PartitionRule.STRIPED.queries(mask, ranks).imbalance(mask))
                    .isCloseTo(striped, within(1e-9));
            assertThat(PartitionRule.CONTIGUOUS.queries(mask, ranks).imbalance(mask))
                    .isCloseTo(2 - 1.0 / ranks, within(1e-3));
        }
    }

    @Test
    void noCutIntoRunsIsBetterThanBalanced() {
        for (long seed = 0; seed < CASES; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            RandomMasks.Case example = RandomMasks.any(random, (seed & 1) == 0);
            Mask mask = example.mask();
            int ranks = 1 + random.nextInt(6);
            String what = "seed " + seed + ": " + example + " among " + ranks;
            long[] areas = Partition.balanced(mask, ranks).areas(mask);
            assertThat(LongStream.of(areas).sum()).as(what).isEqualTo(mask.area());
            assertThat(LongStream.of(areas).max().orElseThrow())
                    .as(what)
                    .isEqualTo(smallestLargest(areasOfRows(example, true), ranks));
            Positions allQueries = Positions.range(0, mask.queries());
            Partition keys = Partition.balancedKeys(mask, ranks);
            assertThat(IntStream.range(0, ranks)
                            .mapToLong(rank -> mask.extract(allQueries, keys.positions(rank))
                                    .area())
                            .max())
                    .as(what)
                    .hasValue(smallestLargest(areasOfRows(example, false), ranks));
        }
    }

    private static long[] areasOfRows(RandomMasks.Case example, boolean ofQueries) {
        long[] areas = new long[(int) (ofQueries ? example.queries() : example.keys())];
        for (int q = 0; q < example.queries(); q++) {
            for (int k = 0; k < example.keys(); k++) {
                areas[ofQueries ? q : k] += example.admits().test(q, k) ? 1 : 0;
            }
        }
        return areas;
    }

    /** By trying every end of the last run: the smallest largest sum of {@code runs} runs that cover all rows. */
    private static long smallestLargest(long[] rows, int runs) {
        long[] best = new long[rows.length + 1];
        Arrays.fill(best, 1, best.length, Long.MAX_VALUE);
        for (int run = 0; run < runs; run++) {
            long[] longer = best.clone();
            for (int to = 1; to <= rows.length; to++) {
                long sum = 0;
                for (int from = to - 1; from >= 0; from--) {
                    sum += rows[from];
                    longer[to] = Math.min(longer[to], Math.max(best[from], sum));
                }
            }
            best = longer;
        }
        return best[rows.length];
    }

    @Test
    void balancedDealsEvenlyWhereNothingIsAdmitted() {
        Mask nothing = Mask.of(1000, 1000, List.of());
        assertThat(Partition.balanced(nothing, 7)).isEqualTo(Partition.contiguous(1000, 7));
        assertThat(Partition.balanced(nothing, 7).imbalance(nothing)).isEqualTo(1);
    }

    @Test
    void balancesTenMillionRows() {
        long tokens = 10_000_000;
        List<Long> documents =
                LongStream.rangeClosed(0, 100).mapToObj(i -> i * i * 1000).toList();
        MaskRule inside = MaskRule.causal().and(MaskRule.window(99_999, 0, 16));
        Mask mask = inside.inDocuments(documents).over(tokens, tokens);
        assertThat(Partition.balanced(mask, 64).imbalance(mask)).isBetween(1.0, 1.0001);
        assertThat(Partition.contiguous(tokens, 64).imbalance(mask)).isGreaterThan(1.2);
    }

    @Test
    void refusesTablesThatMissOrRepeatTokens() {
        Chunk head = new Chunk(0, 5);
        Chunk tail = new Chunk(5, 9);
        assertThat(Partition.of(9, List.of(List.of(tail), List.of(head)))
                        .positions(0)
                        .position(0))
                .isEqualTo(5);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Partition.of(9, List.of(List.of(head))))
                .withMessageContaining("[5, 9)")
                .withMessageContaining("no owner");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Partition.of(9, List.of(List.of(head), List.of(new Chunk(4, 9)))))
                .withMessageContaining("[4, 5)")
                .withMessageContaining("two owners");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Partition.of(8, List.of(List.of(head), List.of(tail))))
                .withMessageContaining("[8, 9)");
        assertThatIllegalArgumentException().isThrownBy(() -> Partition.of(0, List.of()));
    }

    @Test
    void refusesNonsense() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Partition.contiguous(5, 0))
                .withMessageContaining("0 ranks");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Partition.contiguous(-1, 2))
                .withMessageContaining("-1");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Partition.striped(5, 2, 0))
                .withMessageContaining("0 tokens");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Partition.contiguous(5, 2).shard(0, new long[4]))
                .withMessageContaining("5 tokens");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Partition.contiguous(5, 2).unshard(1, new long[3], new long[5]))
                .withMessageContaining("rank 1");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Partition.contiguous(5, 2).positionsInDocument(0, List.of(0L, 4L)))
                .withMessageContaining("end at 4");
    }
}
