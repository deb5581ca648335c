package org.ringwood.runtime.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Percentage.withPercentage;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.ringwood.attention.AttentionShape;
import org.ringwood.attention.Mask;
import org.ringwood.attention.PartitionRule;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.schedule.GatherAttention;
import org.ringwood.collectives.Topology;
import org.ringwood.kernels.DType;
import org.ringwood.runtime.net.Link;

class RowRunTest {
    /** A rank's rate was measured while both ranks of its node sent, and in this plan both send across. */
    @Test
    void ranksOfANodeShareItsCardOnce() {
        double ofRank = 1e6;
        double nearlyInfinite = 1e18;
        AttentionShape shape = new AttentionShape(64, 64, 2, 2, 8, 8, DType.F32);
        GatherAttention gather = new GatherAttention();
        Plan plan = gather.plan(gather.problem(
                shape, Mask.full(64, 64), PartitionRule.CONTIGUOUS, new Topology(List.of("a", "b", "a", "b"))));
        long across = plan.prediction(0).traffic().bytesAcrossNodes();
        assertThat(across).isPositive();
        assertThat(plan.predictions())
                .allSatisfy(
                        cost -> assertThat(cost.traffic().bytesAcrossNodes()).isEqualTo(across));
        Link link = new Link(nearlyInfinite, ofRank, 2 * ofRank, 0);
        assertThat(RowRun.model(nearlyInfinite, link, 1).seconds(plan))
                .isCloseTo(across / ofRank, withPercentage(1e-3));
    }
}
