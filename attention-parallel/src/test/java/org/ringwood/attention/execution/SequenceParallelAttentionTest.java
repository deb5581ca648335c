package org.ringwood.attention.execution;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.ringwood.attention.AttentionShape;
import org.ringwood.attention.Mask;
import org.ringwood.attention.PartitionRule;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.plan.Step;
import org.ringwood.attention.schedule.RingAttention;
import org.ringwood.collectives.ProcessGroups;
import org.ringwood.collectives.RankThreads;
import org.ringwood.collectives.Topology;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.Devices;
import org.ringwood.kernels.scalar.Accuracy;

class SequenceParallelAttentionTest {
    private static final AttentionShape SHAPE = new AttentionShape(48, 48, 4, 2, 8, 8, DType.F32);

    private static Plan ring(Mask mask) {
        RingAttention ring = new RingAttention();
        return ring.plan(ring.problem(SHAPE, mask, PartitionRule.ZIGZAG, Topology.singleNode(3)));
    }

    /** Layers share a plan, masks alternate, memory is reused. */
    @Test
    void layersShareAPlan() {
        List<Mask> masks = List.of(Mask.causal(48, 48), Mask.full(48, 48));
        try (Arena arena = Arena.ofShared()) {
            List<ShardedRun> runs = masks.stream()
                    .map(mask -> new ShardedRun(arena, ring(mask), ShardedRun.Layout.DENSE, Scoring.of(8), 3))
                    .toList();
            RankThreads.run(ProcessGroups.inProcess(Topology.singleNode(3), ShardedRun.TIMEOUTS), group -> {
                try (Device device = Devices.open(Devices.Kind.CPU, 1);
                        SequenceParallelAttention attention = new SequenceParallelAttention(group, device)) {
                    for (int layer = 0; layer < 6; layer++) {
                        Plan plan = attention.plan(masks.get(layer % 2), SHAPE);
                        assertThat(plan).isSameAs(attention.plan(masks.get(layer % 2), SHAPE));
                        AttentionTensors mine = runs.get(layer % 2).shard(group.rank());
                        Execution execution = attention.forward(
                                plan, mine.queries(), mine.keys(), mine.values(), mine.out(), mine.lse());
                        assertThat(execution.traffic())
                                .isEqualTo(plan.prediction(group.rank()).traffic());
                        assertThat(execution.computeSeconds() + execution.waitSeconds())
                                .isLessThanOrEqualTo(execution.seconds() + 1e-9);
                    }
                }
            });
            assertThat(runs).allSatisfy(run -> assertThat(run.judge()).matches(Accuracy::holds));
        }
    }

    @Test
    void listenersHearEveryStepStartAndEnd() {
        Plan plan = ring(Mask.causal(48, 48));
        List<Step> started = Collections.synchronizedList(new ArrayList<>());
        List<Step> ended = Collections.synchronizedList(new ArrayList<>());
        StepListener listener = new StepListener() {
            @Override
            public void started(Step step, long nanoTime) {
                started.add(step);
            }

            @Override
            public void ended(Step step, long nanoTime) {
                assertThat(started).contains(step);
                ended.add(step);
            }
        };
        try (Arena arena = Arena.ofShared()) {
            ShardedRun run = new ShardedRun(arena, plan, ShardedRun.Layout.DENSE, Scoring.of(8), 3);
            RankThreads.run(ProcessGroups.inProcess(Topology.singleNode(3), ShardedRun.TIMEOUTS), group -> {
                try (Device device = Devices.open(Devices.Kind.CPU, 1);
                        PlanExecutor executor = new PlanExecutor(group, device)) {
                    StepListener mine = group.rank() == 1 ? listener : StepListener.NONE;
                    executor.execute(plan, run.shard(group.rank()), Scoring.of(8), mine);
                }
            });
        }
        assertThat(started).containsExactlyInAnyOrderElementsOf(plan.steps(1));
        assertThat(ended).containsExactlyInAnyOrderElementsOf(plan.steps(1));
    }
}
