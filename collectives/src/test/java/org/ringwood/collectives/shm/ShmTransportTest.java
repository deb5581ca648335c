package org.ringwood.collectives.shm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.ringwood.collectives.Failure;
import org.ringwood.collectives.Failure.Cause;
import org.ringwood.collectives.GroupFactory;
import org.ringwood.collectives.GroupMemory;
import org.ringwood.collectives.Job;
import org.ringwood.collectives.MemoryExhaustedException;
import org.ringwood.collectives.Operation.BorrowedTransfer;
import org.ringwood.collectives.Operation.Transfer;
import org.ringwood.collectives.Parallel;
import org.ringwood.collectives.Topology;
import org.ringwood.collectives.control.ControlPlane;
import org.ringwood.collectives.control.LoopbackJob;
import org.ringwood.collectives.transport.Envelope;

/** Three transports driven by one thread, so that every moment between two signals can be looked at. */
class ShmTransportTest {
    private static final int RANKS = 3;
    private static final int BYTES = 100_000;

    @TempDir
    private Path directory;

    private List<ControlPlane> planes = List.of();
    private List<ShmTransport> ranks = List.of();

    private void connect() throws Exception {
        planes = LoopbackJob.join(RANKS, GroupFactory.PATIENT);
        Job job = new Job(planes.getFirst().job(), 0, Topology.singleNode(RANKS), GroupFactory.PATIENT);
        ranks = Parallel.forEachRank(
                RANKS, rank -> ShmTransport.connect(directory, job, rank, planes.get(rank), planes.get(rank)));
    }

    @AfterEach
    void leavesNothing() throws IOException {
        ranks.forEach(ShmTransport::close);
        planes.forEach(ControlPlane::close);
        assertThat(files()).isEmpty();
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.toList();
        }
    }

    private Envelope envelope(int from, int to, int tag, long bytes) {
        return new Envelope(planes.getFirst().job(), 0, 0, from, to, 0, 0, tag, bytes, 0);
    }

    /** Lets all ranks work until something is so. */
    private void until(BooleanSupplier condition) {
        while (!condition.getAsBoolean()) {
            ranks.forEach(ShmTransport::progress);
        }
    }

    /** Lets all ranks work until there is nothing left to do. */
    private void settle() {
        for (int idle = 0; idle < 10; idle++) {
            for (ShmTransport rank : ranks) {
                if (rank.progress()) {
                    idle = 0;
                }
            }
        }
    }

    private static MemorySegment fill(MemorySegment memory, int value) {
        return memory.fill((byte) value);
    }

    private static void assertAll(MemorySegment memory, int value) {
        MemorySegment expected = fill(MemorySegment.ofArray(new byte[(int) memory.byteSize()]), value);
        assertThat(memory.mismatch(expected)).isEqualTo(-1);
    }

    @Test
    void filesAreForTheOwnerAloneAndLoseTheirNames() throws Exception {
        connect();
        assertThat(files()).isEmpty();
        GroupMemory memory = ranks.get(0).allocate(BYTES);
        assertThat(files()).singleElement().satisfies(file -> {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                    .isEqualTo("rw-------");
            assertThat(file.getFileName().toString())
                    .startsWith("ringwood-shm-")
                    .contains("-" + ProcessHandle.current().pid() + "-")
                    .contains("%016x".formatted(planes.getFirst().job()));
            assertThat(Files.size(file)).isEqualTo(BYTES);
        });
        settle();
        assertThat(files()).isEmpty();
        memory.close();
    }

    @Test
    void allocationBeyondAllMemoryNamesWhatIsAskedWhatIsFreeAndTheRemedy() throws Exception {
        connect();
        assertThatThrownBy(() -> ranks.get(0).allocate(1L << 60))
                .isInstanceOf(MemoryExhaustedException.class)
                .hasMessageMatching(
                        "1152921504606846976 bytes of shared memory were asked for, but \\d+ are free in .*; use more nodes, or enlarge it .*");
        assertThat(files()).isEmpty();
        ranks.get(0).allocate(0).close();
    }

    @Test
    void borrowedPayloadIsTheSendersMemory() throws Exception {
        connect();
        GroupMemory memory = ranks.get(0).allocate(BYTES);
        Transfer sent = ranks.get(0).send(envelope(0, 1, 0, BYTES), fill(memory.segment(), 1));
        BorrowedTransfer lent = ranks.get(1).borrow(envelope(0, 1, 0, BYTES));
        until(lent::isDone);
        assertAll(lent.payload(), 1);
        fill(memory.segment(), 2);
        assertAll(lent.payload(), 2);
        assertThat(sent.isDone()).isFalse();
        lent.release();
        until(sent::isDone);
    }

    @Test
    void payloadThatIsPassedOnIsStillTheFirstSendersMemoryAndIsReleasedFromTheEnd() throws Exception {
        connect();
        GroupMemory memory = ranks.get(0).allocate(BYTES);
        Transfer first = ranks.get(0).send(envelope(0, 1, 0, BYTES), fill(memory.segment(), 1));
        BorrowedTransfer inOne = ranks.get(1).borrow(envelope(0, 1, 0, BYTES));
        until(inOne::isDone);
        MemorySegment part = inOne.payload().asSlice(1000, 50_000);
        Transfer second = ranks.get(1).send(envelope(1, 2, 0, 50_000), part);
        inOne.release();
        BorrowedTransfer inTwo = ranks.get(2).borrow(envelope(1, 2, 0, 50_000));
        until(inTwo::isDone);
        settle();
        assertThat(first.isDone()).as("rank 2 still reads").isFalse();
        fill(memory.segment(), 2);
        assertAll(inTwo.payload(), 2);
        assertThat(second.isDone()).isFalse();
        inTwo.release();
        until(() -> first.isDone() && second.isDone());
    }

    @Test
    void aHandleMayOvertakeTheAnnouncementOfItsRegion() throws Exception {
        connect();
        GroupMemory memory = ranks.get(0).allocate(BYTES);
        floodMailboxOfTwo(0);
        GroupMemory late = ranks.get(0).allocate(BYTES);
        ranks.get(0).send(envelope(0, 1, 0, BYTES), fill(late.segment(), 3));
        BorrowedTransfer inOne = ranks.get(1).borrow(envelope(0, 1, 0, BYTES));
        while (!inOne.isDone()) {
            ranks.get(1).progress();
        }
        ranks.get(1).send(envelope(1, 2, 0, BYTES), inOne.payload());
        MemorySegment into = MemorySegment.ofArray(new byte[BYTES]);
        Transfer received = ranks.get(2).receive(envelope(1, 2, 0, BYTES), into);
        until(received::isDone);
        assertAll(into, 3);
        inOne.release();
        memory.close();
        late.close();
    }

    /** More than the mailbox of rank 2 holds; the rest waits with its sender. */
    private void floodMailboxOfTwo(int sender) {
        MemorySegment payload = MemorySegment.ofArray(new byte[4096]);
        for (int tag = 1; tag <= 400; tag++) {
            assertThat(ranks.get(sender)
                            .send(envelope(sender, 2, tag, 4096), payload)
                            .isDone())
                    .isTrue();
        }
    }

    @Test
    void whatCountsAsSentArrivesAlsoAfterTheSenderLeft() throws Exception {
        connect();
        floodMailboxOfTwo(0);
        Thread leaving = Thread.ofPlatform().start(ranks.get(0)::close);
        for (int tag = 1; tag <= 400; tag++) {
            Transfer received = ranks.get(2).receive(envelope(0, 2, tag, 4096), MemorySegment.ofArray(new byte[4096]));
            while (!received.isDone()) {
                ranks.get(2).progress();
            }
        }
        leaving.join();
    }

    @Test
    void closedMemoryStaysUntilItsReadersAreDone() throws Exception {
        connect();
        GroupMemory memory = ranks.get(0).allocate(BYTES);
        Transfer sent = ranks.get(0).send(envelope(0, 1, 0, BYTES), fill(memory.segment(), 7));
        BorrowedTransfer lent = ranks.get(1).borrow(envelope(0, 1, 0, BYTES));
        until(lent::isDone);
        MemorySegment mine = memory.segment();
        memory.close();
        settle();
        assertAll(lent.payload(), 7);
        assertThat(mine.scope().isAlive()).isTrue();
        lent.release();
        until(sent::isDone);
        assertThat(mine.scope().isAlive()).isFalse();
    }

    @Test
    void ordinaryMemoryComesInPiecesAndIsSentOnInPlace() throws Exception {
        connect();
        int bytes = (10 << 20) + 1;
        MemorySegment ordinary = fill(MemorySegment.ofArray(new byte[bytes]), 5);
        Transfer sent = ranks.get(0).send(envelope(0, 1, 0, bytes), ordinary);
        BorrowedTransfer inOne = ranks.get(1).borrow(envelope(0, 1, 0, bytes));
        until(() -> inOne.isDone() && sent.isDone());
        ranks.get(1).send(envelope(1, 2, 0, bytes), inOne.payload());
        BorrowedTransfer inTwo = ranks.get(2).borrow(envelope(1, 2, 0, bytes));
        until(inTwo::isDone);
        assertAll(inTwo.payload(), 5);
        inTwo.release();
        inOne.release();
    }

    @Test
    void unwantedOffersTakeNoSharedMemory() throws Exception {
        connect();
        MemorySegment ordinary = MemorySegment.ofArray(new byte[BYTES]);
        for (int tag = 0; tag < 200; tag++) {
            ranks.get(0).send(envelope(0, 1, tag, BYTES), ordinary);
        }
        settle();
        Transfer other = ranks.get(2).receive(envelope(0, 2, 0, BYTES), MemorySegment.ofArray(new byte[BYTES]));
        ranks.get(0).send(envelope(0, 2, 0, BYTES), ordinary);
        until(other::isDone);
    }

    @Test
    void releasedPayloadCannotBeSentOn() throws Exception {
        connect();
        GroupMemory memory = ranks.get(0).allocate(BYTES);
        ranks.get(0).send(envelope(0, 1, 0, BYTES), memory.segment());
        BorrowedTransfer lent = ranks.get(1).borrow(envelope(0, 1, 0, BYTES));
        until(lent::isDone);
        MemorySegment kept = lent.payload();
        lent.release();
        assertThatThrownBy(() -> ranks.get(1).send(envelope(1, 2, 0, BYTES), kept))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("memory of rank 0 that was released");
    }

    @Test
    void whatIsGivenBackAfterTheEndHarmsNobody() throws Exception {
        connect();
        GroupMemory memory = ranks.get(0).allocate(BYTES);
        ranks.get(0).send(envelope(0, 1, 0, BYTES), memory.segment());
        BorrowedTransfer lent = ranks.get(1).borrow(envelope(0, 1, 0, BYTES));
        until(lent::isDone);
        ranks.forEach(ShmTransport::close);
        lent.release();
        memory.close();
        assertThat(ranks.get(1).progress()).isFalse();
        assertThatThrownBy(() -> ranks.get(1).allocate(BYTES)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> ranks.get(1).send(envelope(1, 2, 0, 1), MemorySegment.ofArray(new byte[1])))
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void mailboxOfAnotherJobIsNotOpened() throws Exception {
        connect();
        Mailbox mailbox = Mailbox.create(directory, "mailbox", 1, 0);
        Path path = directory.resolve("mailbox");
        assertThatThrownBy(() -> Mailbox.open(path, 2, 0))
                .hasMessageContaining("not the mailbox of rank 0 of this job");
        assertThatThrownBy(() -> Mailbox.open(path, 1, 1)).hasMessageContaining("not the mailbox of rank 1");
        Files.writeString(path, "short");
        assertThatThrownBy(() -> Mailbox.open(path, 1, 0)).hasMessageContaining("not the mailbox");
        mailbox.unlink();
    }

    @Test
    void filesOfAFailedJobAreRemovedWhoeverMadeThem() throws Exception {
        connect();
        ranks.get(0).allocate(BYTES);
        assertThat(files()).hasSize(1);
        planes.get(1).report(new Failure(0, "?", 0, Cause.DIED, "is gone"));
        ranks.get(1).close();
        assertThat(files()).isEmpty();
    }
}
