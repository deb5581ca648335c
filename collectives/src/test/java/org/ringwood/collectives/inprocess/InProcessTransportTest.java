package org.ringwood.collectives.inprocess;

import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.ringwood.collectives.Job;
import org.ringwood.collectives.Liveness;
import org.ringwood.collectives.Operation.BorrowedTransfer;
import org.ringwood.collectives.Operation.Transfer;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.collectives.ProcessGroups;
import org.ringwood.collectives.RankThreads;
import org.ringwood.collectives.Timeouts;
import org.ringwood.collectives.Topology;
import org.ringwood.collectives.transport.Envelope;
import org.ringwood.collectives.transport.Transport;

class InProcessTransportTest {
    private static final int ROUNDS = 20_000;

    private final List<Transport> transports = InProcessTransport.connect(2, Liveness.local());

    /** Each park is longer than the test may take, so one wake-up that gets lost fails it. */
    @Test
    void losesNoWakeUp() {
        Job job = new Job(0, 0, Topology.singleNode(2), Timeouts.DEFAULT);
        List<ProcessGroup> groups = List.of(
                ProcessGroups.over(job, 0, (_, _) -> transports.get(0), Liveness.local()),
                ProcessGroups.over(job, 1, (_, _) -> transports.get(1), Liveness.local()));
        RankThreads.run(groups, group -> pingPong(group.rank(), transports.get(group.rank())));
    }

    private static void pingPong(int rank, Transport transport) {
        MemorySegment ball = MemorySegment.ofArray(new long[1]);
        for (int round = 0; round < ROUNDS; round++) {
            if (round % 2 == rank) {
                ball.set(ValueLayout.JAVA_LONG_UNALIGNED, 0, round);
                await(transport, transport.send(envelope(rank, round), ball));
            } else {
                BorrowedTransfer lent = transport.borrow(envelope(1 - rank, round));
                await(transport, lent);
                assertThat(lent.payload().get(ValueLayout.JAVA_LONG_UNALIGNED, 0))
                        .isEqualTo(round);
                lent.release();
            }
        }
    }

    private static Envelope envelope(int from, int round) {
        return new Envelope(0, 0, 0, from, 1 - from, round, 0, 0, Long.BYTES, 0);
    }

    private static void await(Transport transport, Transfer transfer) {
        while (true) {
            transport.progress();
            if (transfer.isDone()) {
                return;
            }
            transport.park(TimeUnit.HOURS.toNanos(1));
        }
    }

    @Test
    void lendsTheSendersOwnMemory() {
        MemorySegment payload = MemorySegment.ofArray(new byte[] {1});
        Transfer sent = transports.get(0).send(new Envelope(0, 0, 0, 0, 1, 0, 0, 0, 1, 0), payload);
        BorrowedTransfer lent = transports.get(1).borrow(new Envelope(0, 0, 0, 0, 1, 0, 0, 0, 1, 0));
        transports.get(1).progress();
        payload.set(ValueLayout.JAVA_BYTE, 0, (byte) 2);
        assertThat(lent.payload().get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 2);
        assertThat(sent.isDone()).isFalse();
        lent.release();
        assertThat(sent.isDone()).isTrue();
    }

    /** A sparse file stands for a message that no int can count; only its ends are touched. */
    @Test
    void lendsMoreThanAnIntCanCount(@TempDir Path directory) throws IOException {
        long bytes = (3L << 30) + 1;
        Envelope envelope = new Envelope(0, 0, 0, 0, 1, 0, 0, 0, bytes, 0);
        try (Arena arena = Arena.ofShared();
                FileChannel file = FileChannel.open(directory.resolve("sparse"), Set.of(CREATE_NEW, READ, WRITE))) {
            MemorySegment payload = file.map(FileChannel.MapMode.READ_WRITE, 0, bytes, arena);
            payload.set(ValueLayout.JAVA_BYTE, bytes - 1, (byte) 7);
            transports.get(0).send(envelope, payload);
            BorrowedTransfer lent = transports.get(1).borrow(envelope);
            transports.get(1).progress();
            assertThat(lent.payload().byteSize()).isEqualTo(bytes);
            assertThat(lent.payload().get(ValueLayout.JAVA_BYTE, bytes - 1)).isEqualTo((byte) 7);
            lent.release();
        }
    }
}
