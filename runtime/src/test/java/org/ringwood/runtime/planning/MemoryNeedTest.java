package org.ringwood.runtime.planning;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.ringwood.attention.AttentionShape;
import org.ringwood.attention.Mask;
import org.ringwood.attention.PartitionRule;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.plan.Prediction;
import org.ringwood.attention.schedule.Schedule;
import org.ringwood.attention.schedule.Schedules;
import org.ringwood.collectives.Topology;
import org.ringwood.collectives.aeron.AeronTuning;
import org.ringwood.kernels.DType;

class MemoryNeedTest {
    private static final long LOG = 3L * AeronTuning.DEFAULT.termBytes();

    private static Plan plan(String name, long tokens, String... nodes) {
        AttentionShape shape = new AttentionShape(tokens, tokens, 8, 8, 128, 128, DType.F32);
        Schedule schedule = Schedules.named(name);
        return schedule.plan(schedule.problem(
                shape, Mask.full(tokens, tokens), PartitionRule.CONTIGUOUS, new Topology(List.of(nodes))));
    }

    @Test
    void tensorsAreThoseOfTheRankThatNeedsMost() {
        Plan plan = plan("ring", 1001, "a", "a", "a");
        long most = plan.predictions().stream()
                .mapToLong(Prediction::peakTensorBytes)
                .max()
                .orElseThrow();
        assertThat(MemoryNeed.of(plan).tensors()).isEqualTo(most);
        assertThat(MemoryNeed.of(plan).network()).isZero();
        assertThat(MemoryNeed.overAeron(plan).network()).as("one machine").isZero();
    }

    /** Blocks of 128 MiB fill any log. */
    @Test
    void everyPeerOfAnotherMachineHasALogInEachDirection() {
        long tokens = 4 * 32_768;
        assertThat(MemoryNeed.overAeron(plan("ring", tokens, "a", "b", "c", "d"))
                        .network())
                .isEqualTo(2 * LOG);
        assertThat(MemoryNeed.overAeron(plan("gather", tokens, "a", "b", "c", "d"))
                        .network())
                .isEqualTo(6 * LOG);
        assertThat(MemoryNeed.overAeron(plan("gather", tokens, "a", "a", "b", "b"))
                        .network())
                .isEqualTo(2 * LOG);
        assertThat(MemoryNeed.overAeron(plan("tree", tokens, "a", "b")).network())
                .isEqualTo(2 * LOG);
    }

    @Test
    void aLogTakesNoMoreThanIsWrittenToIt() {
        long block = 100L * 8 * 256 * 4;
        assertThat(MemoryNeed.overAeron(plan("ring", 200, "a", "b")).network()).isEqualTo(2 * block);
    }
}
