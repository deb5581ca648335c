package org.ringwood.runtime.planning;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SlurmRequestTest {
    private static final long MIB = 1 << 20;

    @Test
    void asksForTheSameOfEveryNode() {
        assertThat(new SlurmRequest(4, 8, 16, 1000 * MIB, 0).flags())
                .isEqualTo("--nodes=4 --ntasks-per-node=2 --cpus-per-task=16 --mem=2200M");
        assertThat(new SlurmRequest(2, 16, 6, 10 * MIB, 8).flags())
                .isEqualTo("--nodes=2 --ntasks-per-node=8 --cpus-per-task=6 --mem=88M --gres=gpu:8");
    }

    @Test
    void unevenWorkersAreCountedAltogether() {
        assertThat(new SlurmRequest(2, 3, 1, 100 * MIB, 0).flags())
                .isEqualTo("--nodes=2 --ntasks=3 --cpus-per-task=1 --mem=220M");
    }
}
