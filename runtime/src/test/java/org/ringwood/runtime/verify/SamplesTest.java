package org.ringwood.runtime.verify;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.ringwood.kernels.Chunk;
import org.ringwood.kernels.Positions;
import org.ringwood.runtime.job.Verify;
import org.ringwood.runtime.verify.Samples.Pair;

class SamplesTest {
    @Test
    void spreadsOverRowsAndHeads() {
        List<Pair> pairs = Samples.of(new Verify.Samples(256), Positions.range(0, 65_536), 65_536, 8);
        assertThat(pairs).hasSizeBetween(256, 258);
        for (long from = 0; from < 65_536; from += 2048) {
            long begin = from;
            assertThat(pairs.stream().filter(pair -> pair.row() >= begin && pair.row() < begin + 2048))
                    .hasSizeBetween(7, 10);
        }
        assertThat(pairs.stream().map(Pair::head).collect(Collectors.toSet())).hasSize(8);
        assertThat(pairs.getFirst().row()).isZero();
        assertThat(pairs.getLast().row()).isEqualTo(65_535);
    }

    @Test
    void noneAndAll() {
        assertThat(Samples.of(new Verify.None(), Positions.range(0, 5), 5, 3)).isEmpty();
        assertThat(Samples.of(new Verify.Samples(9), Positions.range(0, 0), 5, 3))
                .isEmpty();
        assertThat(Samples.of(new Verify.All(), Positions.range(2, 5), 5, 3)).hasSize(9);
        assertThat(Samples.of(new Verify.Samples(1000), Positions.range(2, 5), 5, 3))
                .hasSize(9);
    }

    /** However the rows are dealt, the ranks compare the same pairs, besides the borders of their shards. */
    @RepeatedTest(50)
    void ranksShareTheSamplesOfTheWhole() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        int rows = 1 + random.nextInt(200);
        int heads = 1 + random.nextInt(7);
        Verify extent = random.nextInt(4) == 0 ? new Verify.All() : new Verify.Samples(1 + random.nextInt(300));
        int ranks = 1 + random.nextInt(4);
        int block = 1 + random.nextInt(9);

        Set<List<Long>> whole = keys(Samples.of(extent, Positions.range(0, rows), rows, heads));
        Set<List<Long>> together = new HashSet<>();
        for (int rank = 0; rank < ranks; rank++) {
            List<Chunk> chunks = new ArrayList<>();
            for (int from = rank * block; from < rows; from += ranks * block) {
                chunks.add(new Chunk(from, Math.min(rows, from + block)));
            }
            Positions owned = Positions.of(chunks);
            List<Pair> pairs = Samples.of(extent, owned, rows, heads);
            assertThat(pairs).as("seed %d", seed).allSatisfy(pair -> {
                assertThat(owned.position(pair.local())).isEqualTo(pair.row());
                assertThat(pair.head()).isBetween(0, heads - 1);
            });
            if (owned.rows() > 0) {
                assertThat(pairs.getFirst().local()).as("seed %d", seed).isZero();
                assertThat(pairs.stream().mapToLong(Pair::local).max())
                        .as("seed %d", seed)
                        .hasValue(owned.rows() - 1);
            }
            together.addAll(keys(pairs));
        }
        assertThat(together).as("seed %d", seed).containsAll(whole);
        assertThat(together.size()).as("seed %d", seed).isLessThanOrEqualTo(whole.size() + 2 * ranks);
    }

    private static Set<List<Long>> keys(List<Pair> pairs) {
        return pairs.stream()
                .map(pair -> List.of(pair.row(), (long) pair.head()))
                .collect(Collectors.toSet());
    }
}
