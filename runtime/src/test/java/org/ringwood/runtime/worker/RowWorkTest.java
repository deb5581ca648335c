package org.ringwood.runtime.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.ringwood.collectives.Failure;
import org.ringwood.collectives.GroupFailureException;
import org.ringwood.collectives.Liveness;
import org.ringwood.runtime.cluster.Coordination;
import org.ringwood.runtime.cluster.LocalCoordination;
import org.ringwood.runtime.cluster.Progress;
import org.ringwood.runtime.outcome.JobFailure;

class RowWorkTest {
    private static final long TWO_ROWS_A_BLOCK = 16 << 20;

    private final Coordination coordination =
            LocalCoordination.of(1, Liveness.local(), "here").getFirst();
    private final RowWork work = new RowWork(coordination, "loading", 8);

    @Test
    void everyBlockIsToldBeforeTheNext() {
        List<String> seen = new ArrayList<>();
        for (long rows : new long[] {5, 0, 3}) {
            work.inBlocks(rows, TWO_ROWS_A_BLOCK, (from, to) -> {
                seen.add(from + "-" + to + " after "
                        + coordination.progress().getFirst().done());
            });
        }
        assertThat(seen).containsExactly("0-2 after 0", "2-4 after 2", "4-5 after 4", "0-2 after 5", "2-3 after 7");
        assertThat(coordination.progress()).containsExactly(new Progress("loading", 8, 8));
    }

    @Test
    void aRowMayBeLargerThanABlock() {
        List<Long> begun = new ArrayList<>();
        work.inBlocks(3, 1L << 40, (from, _) -> begun.add(from));
        assertThat(begun).containsExactly(0L, 1L, 2L);
    }

    @Test
    void endsOnceTheJobHasFailed() {
        Failure failure = new Failure(3, "there", 7, Failure.Cause.DIED, "was killed");
        List<Long> begun = new ArrayList<>();
        assertThatThrownBy(() -> work.inBlocks(8, TWO_ROWS_A_BLOCK, (from, _) -> {
                    begun.add(from);
                    coordination.fail(JobFailure.of(failure));
                }))
                .isInstanceOf(GroupFailureException.class)
                .hasMessageContaining("rank 0 was loading");
        assertThat(begun).containsExactly(0L);
    }
}
