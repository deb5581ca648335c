package org.ringwood.attention.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.ringwood.attention.AttentionShape;
import org.ringwood.kernels.AttentionCall;
import org.ringwood.kernels.DType;

class HeadShareTest {
    /** Every way of sharing: all heads once, shares even, and in each run the kernel's pairing is that of the whole. */
    @Test
    void runsPairHeadsAsTheWholeDoes() {
        for (int heads = 1; heads <= 17; heads++) {
            for (int keyHeads = 1; keyHeads <= heads; keyHeads++) {
                AttentionShape shape = new AttentionShape(1, 1, heads, keyHeads, 1, 1, DType.F32);
                for (int members = 1; members <= 9; members++) {
                    check(shape, members);
                }
            }
        }
    }

    private static void check(AttentionShape shape, int members) {
        int next = 0;
        for (int member = 0; member < members; member++) {
            HeadShare share = HeadShare.of(shape, member, members);
            assertThat(share.from()).isEqualTo(next);
            assertThat(share.heads()).isBetween(shape.heads() / members, Math.ceilDiv(shape.heads(), members));
            for (HeadShare run : share.runs(shape)) {
                assertThat(run.from()).isEqualTo(next);
                for (int head = run.from(); head < run.to(); head++) {
                    int local = AttentionCall.keyHead(head - run.from(), run.heads(), run.keyHeads());
                    assertThat(run.keyFrom() + local)
                            .as("head %d of %s, %d members", head, shape, members)
                            .isEqualTo(AttentionCall.keyHead(head, shape.heads(), shape.kvHeads()))
                            .isBetween(share.keyFrom(), share.keyTo() - 1);
                }
                next = run.to();
            }
            assertThat(share.to()).isEqualTo(next);
        }
        assertThat(next).isEqualTo(shape.heads());
    }

    @Test
    void wholeGroupsAreOneRun() {
        AttentionShape shape = new AttentionShape(1, 1, 12, 4, 1, 1, DType.F32);
        assertThat(HeadShare.of(shape, 0, 1).runs(shape)).hasSize(1);
        assertThat(HeadShare.of(shape, 1, 2).runs(shape)).hasSize(1);
        assertThat(HeadShare.of(shape, 2, 5).runs(shape)).isNotEmpty();
    }
}
