package org.ringwood.collectives.shm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.ringwood.collectives.Failure;
import org.ringwood.collectives.GroupFactory;
import org.ringwood.collectives.GroupFailureException;
import org.ringwood.collectives.GroupMemory;
import org.ringwood.collectives.Job;
import org.ringwood.collectives.Liveness;
import org.ringwood.collectives.Operation;
import org.ringwood.collectives.Operation.BorrowedTransfer;
import org.ringwood.collectives.Operation.Transfer;
import org.ringwood.collectives.Parallel;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.collectives.ProcessGroups;
import org.ringwood.collectives.Topology;
import org.ringwood.collectives.control.ControlPlane;
import org.ringwood.collectives.control.LoopbackJob;

/** Rank 0 fails and uses its memory anew, while rank 1 reads it in place and has not heard of the failure. */
class ShmWithdrawalTest {
    private static final int RANKS = 3;
    private static final int BYTES = 100_000;

    @TempDir
    private Path directory;

    private final News news = new News();
    private final List<ProcessGroup> groups = new ArrayList<>();
    private List<ControlPlane> planes = List.of();
    private List<ShmTransport> transports = List.of();

    /** Knows of a failure for some time before it tells it. */
    private static final class News implements Liveness {
        private static final int TOLD_AT = 100;

        private final Liveness told = Liveness.local();
        private @Nullable Failure withheld;
        private int asked;

        @Override
        public @Nullable Failure failure() {
            if (withheld != null && ++asked == TOLD_AT) {
                told.report(withheld);
            }
            return told.failure();
        }

        @Override
        public void report(Failure failure) {
            told.report(failure);
        }

        @Override
        public void progressed() {
            told.progressed();
        }

        @Override
        public long lastProgressNanos() {
            return told.lastProgressNanos();
        }
    }

    @BeforeEach
    void connect() throws Exception {
        planes = LoopbackJob.join(RANKS, GroupFactory.PATIENT);
        Job job = new Job(planes.getFirst().job(), 0, Topology.singleNode(RANKS), GroupFactory.PATIENT);
        List<Liveness> livenesses = List.of(Liveness.local(), news, Liveness.local());
        transports = Parallel.forEachRank(
                RANKS, rank -> ShmTransport.connect(directory, job, rank, planes.get(rank), livenesses.get(rank)));
        for (int rank = 0; rank < RANKS; rank++) {
            ShmTransport transport = transports.get(rank);
            groups.add(ProcessGroups.over(job, rank, (_, _) -> transport, livenesses.get(rank)));
        }
    }

    @AfterEach
    void close() {
        groups.forEach(ProcessGroup::close);
        planes.forEach(ControlPlane::close);
    }

    private void progress() {
        for (int round = 0; round < 10; round++) {
            transports.forEach(ShmTransport::progress);
        }
    }

    /** As an attention call that fails does; the caller then writes into its tensor. */
    private void failAndWrite(MemorySegment tensor) {
        IllegalStateException reason = new IllegalStateException("no luck");
        groups.get(0).fail(reason);
        groups.get(0).withdraw();
        tensor.fill((byte) 2);
        news.withheld = groups.get(0).liveness().failure();
    }

    @Test
    void aRankThatReadWhatMayHaveBeenWrittenAnewDoesNotSucceed() {
        GroupMemory memory = groups.get(0).allocate(BYTES);
        Operation zero = groups.get(0).begin("work");
        Operation one = groups.get(1).begin("work");
        zero.send(1, 0, 0, memory.segment(), 0);
        BorrowedTransfer lent = one.borrow(0, 0, 0, BYTES, 0);
        progress();
        assertThat(lent.isDone()).isTrue();
        failAndWrite(memory.segment());
        lent.release();
        assertThatThrownBy(one::close)
                .isInstanceOf(GroupFailureException.class)
                .hasMessageContaining("rank 0")
                .hasMessageContaining("no luck");
    }

    @Test
    void aRankThatCopiedWhatMayHaveBeenWrittenAnewDoesNotSucceed() {
        GroupMemory memory = groups.get(0).allocate(BYTES);
        Operation zero = groups.get(0).begin("work");
        Operation one = groups.get(1).begin("work");
        zero.send(1, 0, 0, memory.segment(), 0);
        failAndWrite(memory.segment());
        Transfer received = one.receive(0, 0, 0, MemorySegment.ofArray(new byte[BYTES]), 0);
        progress();
        assertThat(received.isDone()).isTrue();
        assertThatThrownBy(one::close).isInstanceOf(GroupFailureException.class).hasMessageContaining("no luck");
    }

    @Test
    void whatMayComeOfItIsNotSentOn() {
        GroupMemory memory = groups.get(0).allocate(BYTES);
        Operation zero = groups.get(0).begin("work");
        Operation one = groups.get(1).begin("work");
        Operation two = groups.get(2).begin("work");
        zero.send(1, 0, 0, memory.segment(), 0);
        BorrowedTransfer lent = one.borrow(0, 0, 0, BYTES, 0);
        progress();
        failAndWrite(memory.segment());
        MemorySegment derived =
                MemorySegment.ofArray(lent.payload().asSlice(0, 8).toArray(ValueLayout.JAVA_BYTE));
        Transfer sent = one.send(2, 1, 0, derived, 0);
        Transfer received = two.receive(1, 1, 0, MemorySegment.ofArray(new byte[8]), 0);
        progress();
        assertThat(sent.isDone()).isFalse();
        assertThat(received.isDone()).isFalse();
    }
}
