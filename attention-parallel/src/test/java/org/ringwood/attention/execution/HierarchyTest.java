package org.ringwood.attention.execution;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.ringwood.attention.AttentionShape;
import org.ringwood.attention.Mask;
import org.ringwood.attention.PartitionRule;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.schedule.Schedule;
import org.ringwood.attention.schedule.Schedules;
import org.ringwood.collectives.Topology;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Devices;
import org.ringwood.kernels.scalar.Accuracy;

/** What crosses from node to node with a full mask, as the ledger counted it: what the plan says, and what can be said without it. */
class HierarchyTest {
    private static final int ROWS = 6;
    private static final int HEADS = 4;
    private static final int DIM = 8;
    private static final long BLOCK = (long) ROWS * HEADS * (DIM + DIM) * Float.BYTES;

    /** With P ranks on R nodes of w each: ring R·(P−1) blocks, double ring and gather P·(R−1), tree one state a node a hop. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    nodes       | ring | double-ring | gather | tree
                    a a a a     |    0 |           0 |      0 |    0
                    a a b b     |    6 |           4 |      4 |    2
                    a b a b     |    6 |           4 |      4 |    2
                    a b b a     |    6 |           4 |      4 |    2
                    a a a b     |    6 |           6 |      4 |    2
                    a a b b b   |    8 |           8 |      5 |    2
                    a a a b b b |   10 |           6 |      6 |    2
                    a b b a b a |   10 |           6 |      6 |    2
                    a a b b c c |   15 |          12 |     12 |    4
                    a b c a b c |   15 |          12 |     12 |    4
                    a b c d     |   12 |          12 |     12 |    8
                    """, useHeadersInDisplayName = true)
    void crossesAsSeldomAsPlanned(String nodes, long ring, long doubleRing, long gather, long tree) {
        Topology topology = new Topology(List.of(nodes.split(" ")));
        assertThat(across("ring", topology)).isEqualTo(ring * BLOCK);
        assertThat(across("double-ring", topology)).isEqualTo(doubleRing * BLOCK);
        assertThat(across("gather", topology)).isEqualTo(gather * BLOCK);
        long state = (long) ROWS * topology.size() * HEADS * (DIM + 2) * Float.BYTES;
        assertThat(across("tree", topology)).isEqualTo(tree * state);
    }

    /** Heads are exchanged within the node, so what crosses is what a ring of nodes sends: each rank its heads of a node's block. */
    @ParameterizedTest
    @CsvSource({"a a b b, 4", "a b a b, 4", "a a b b c c, 12", "a b c b a c, 12"})
    void hybridExchangesHeadsWithinNodes(String nodes, long blocks) {
        assertThat(across("hybrid", new Topology(List.of(nodes.split(" "))))).isEqualTo(blocks * BLOCK);
    }

    private static long across(String schedule, Topology topology) {
        long tokens = (long) ROWS * topology.size();
        AttentionShape shape = new AttentionShape(tokens, tokens, HEADS, HEADS, DIM, DIM, DType.F32);
        Schedule chosen = Schedules.named(schedule);
        Plan plan = chosen.plan(chosen.problem(shape, Mask.full(tokens, tokens), PartitionRule.CONTIGUOUS, topology));
        try (Arena arena = Arena.ofShared()) {
            ShardedRun run = new ShardedRun(arena, plan, ShardedRun.Layout.DENSE, Scoring.of(DIM), 1);
            List<Execution> executions = run.run(Devices.Kind.CPU);
            assertThat(run.judge()).as("%s on %s", schedule, topology).matches(Accuracy::holds, "within the bounds");
            for (Execution execution : executions) {
                assertThat(execution.traffic())
                        .as("%s on %s, rank %d", schedule, topology, execution.rank())
                        .isEqualTo(plan.prediction(execution.rank()).traffic());
            }
            return executions.stream()
                    .mapToLong(execution -> execution.traffic().bytesAcrossNodes())
                    .sum();
        }
    }
}
