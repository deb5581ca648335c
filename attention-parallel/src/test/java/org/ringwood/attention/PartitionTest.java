package org.ringwood.attention;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class PartitionTest {
    @Test
    void everyTokenHasOneOwner() {
        for (long seed = 0; seed < 2000; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            RandomMasks.Case example = RandomMasks.any(random, (seed & 1) == 0);
            Mask mask = example.mask();
            int ranks = 1 + random.nextInt(9);
            for (PartitionRule rule : PartitionRule.values()) {
                Partition partition = rule.queries(mask, ranks);
                assertCoversOnce(partition, mask.queries(), "seed " + seed + ": " + rule + " of " + example);
                assertCoversOnce(rule.keys(mask, ranks), mask.keys(), "seed " + seed + ": " + rule + " of " + example);
            }
        }
    }

    private static void assertCoversOnce(Partition partition, long tokens, String what) {
        int[] owners = new int[(int) tokens];
        for (int rank = 0; rank < partition.ranks(); rank++) {
            for (long row = 0; row < partition.rows(rank); row++) {
                owners[(int) partition.positions(rank).position(row)]++;
            }
        }
        assertThat(owners).as(what).containsOnly(tokens == 0 ? new int[0] : new int[] {1});
    }
}
