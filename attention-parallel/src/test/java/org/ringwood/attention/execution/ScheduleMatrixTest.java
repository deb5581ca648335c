package org.ringwood.attention.execution;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.ringwood.attention.AttentionShape;
import org.ringwood.attention.Mask;
import org.ringwood.attention.PartitionRule;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.plan.Problem;
import org.ringwood.attention.schedule.Schedule;
import org.ringwood.attention.schedule.Schedules;
import org.ringwood.collectives.Topology;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Devices;

class ScheduleMatrixTest {
    @ParameterizedTest
    @CsvSource({"ring", "gather", "ulysses", "hybrid", "tree"})
    void equalsTheOracle(String name) {
        for (int ranks : new int[] {1, 2, 3, 4, 7}) {
            AttentionShape shape = new AttentionShape(37, 37, 6, 2, 8, 12, DType.F32);
            Mask mask = Mask.causal(37, 37);
            Schedule schedule = Schedules.named(name);
            PartitionRule rule = PartitionRule.ZIGZAG;
            Problem problem = new Problem(
                    shape, mask, rule.queries(mask, ranks), rule.keys(mask, ranks), Topology.singleNode(ranks));
            Plan plan = schedule.plan(problem);
            try (Arena arena = Arena.ofShared()) {
                ShardedRun run = new ShardedRun(arena, plan, ShardedRun.Layout.DENSE, Scoring.of(8), 1);
                assertThat(run.run(Devices.Kind.SCALAR)).hasSize(ranks);
                assertThat(run.judge()).matches(a -> a.holds());
            }
        }
    }
}
