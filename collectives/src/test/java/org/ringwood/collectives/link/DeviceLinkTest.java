package org.ringwood.collectives.link;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.ringwood.collectives.Payloads.assertPayload;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.ringwood.collectives.DeviceLink;
import org.ringwood.collectives.GroupFactory;
import org.ringwood.collectives.GroupFailureException;
import org.ringwood.collectives.GroupMemory;
import org.ringwood.collectives.Linking;
import org.ringwood.collectives.Operation;
import org.ringwood.collectives.Operation.Transfer;
import org.ringwood.collectives.Payloads;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.collectives.ProcessGroups;
import org.ringwood.collectives.RankThreads;
import org.ringwood.collectives.Timeouts;
import org.ringwood.collectives.Topology;

/** Messages between devices of ranks that are threads, over a transport that carries memory of the host alone. */
class DeviceLinkTest {
    private static final int RANKS = 3;

    @BeforeEach
    @AfterEach
    void nothingIsFreedThatOthersHaveOpen() {
        assertThat(ThreadsDevice.VIOLATIONS).isEmpty();
    }

    /** A rank with its device and the link, which is null where there is none. */
    private record Linked(ProcessGroup group, ThreadsDevice device, Linking linking) {
        DeviceLink required() {
            return Objects.requireNonNull(linking.link(), linking.reason());
        }

        /** Memory of the device that other ranks reach, with a content. */
        GroupMemory filled(int seed, int bytes) {
            GroupMemory memory = required().allocate(bytes);
            device.real(memory.segment()).copyFrom(Payloads.of(seed, bytes));
            return memory;
        }
    }

    private static void onEveryRank(Topology topology, Consumer<ThreadsDevice> flaw, Consumer<Linked> body) {
        onEveryRank(ProcessGroups.inProcess(topology, GroupFactory.PATIENT), (group, device) -> {
            if (group.rank() == RANKS - 1) {
                flaw.accept(device);
            }
            Linking linking = group.link(device);
            try (DeviceLink _ = linking.link()) {
                body.accept(new Linked(group, device, linking));
            }
        });
    }

    private static void onEveryRank(List<ProcessGroup> groups, BiConsumer<ProcessGroup, ThreadsDevice> body) {
        RankThreads.run(groups, group -> {
            ThreadsDevice device = new ThreadsDevice();
            body.accept(group, device);
            assertThat(device.allocations).as("memory that is not freed").isEmpty();
            assertThat(device.opened).as("memory that is not closed").isEmpty();
        });
    }

    private static void onOneNode(Consumer<Linked> body) {
        onEveryRank(Topology.singleNode(RANKS), _ -> {}, body);
    }

    /** Every rank sends to the next and the one after, and receives from both others. */
    private static void exchange(Linked rank, GroupMemory mine, int bytes, int messages) {
        ProcessGroup group = rank.group();
        List<MemorySegment> incoming = new ArrayList<>();
        try (Operation operation = group.begin("exchange")) {
            for (int message = 0; message < messages; message++) {
                for (int step = 1; step < RANKS; step++) {
                    int to = (group.rank() + step) % RANKS;
                    int from = (group.rank() + RANKS - step) % RANKS;
                    MemorySegment into = rank.device().allocate(bytes);
                    incoming.add(into);
                    Transfer _ = operation.send(to, message, step, mine.segment(), 7);
                    Transfer _ = operation.receive(from, message, step, into, 7);
                }
            }
        }
        int at = 0;
        for (MemorySegment into : incoming) {
            int from = (group.rank() + RANKS - 1 - at++ % (RANKS - 1)) % RANKS;
            assertPayload(rank.device().real(into), from);
            rank.device().free(into);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 13, 5000, 1 << 20})
    void payloadsGoFromDeviceToDevice(int bytes) {
        onOneNode(rank -> {
            long before = rank.group().ledger().total().bytes();
            GroupMemory mine = rank.filled(rank.group().rank(), bytes);
            exchange(rank, mine, bytes, 5);
            assertThat(rank.group().ledger().total().bytes() - before)
                    .as("payload, not what says where it is")
                    .isEqualTo(5L * (RANKS - 1) * bytes);
            assertThat(rank.device().copied).hasValue(5L * (RANKS - 1) * bytes);
            mine.close();
        });
    }

    /** Of a piece of the memory that is sent, and of memory of the host meanwhile. */
    @Test
    void hostsAndDevicesSendSideBySide() {
        onOneNode(rank -> {
            ProcessGroup group = rank.group();
            int next = (group.rank() + 1) % RANKS;
            int previous = (group.rank() + RANKS - 1) % RANKS;
            try (GroupMemory mine = rank.filled(group.rank(), 999)) {
                MemorySegment there = rank.device().allocate(500);
                MemorySegment here = MemorySegment.ofArray(new byte[700]);
                try (Operation operation = group.begin("both")) {
                    Transfer _ = operation.send(next, 0, 0, mine.segment().asSlice(300, 500), 1);
                    Transfer _ = operation.send(next, 0, 1, Payloads.of(group.rank(), 700), 2);
                    Transfer _ = operation.receive(previous, 0, 1, here, 2);
                    Transfer _ = operation.receive(previous, 0, 0, there, 1);
                }
                assertPayload(here, previous);
                assertThat(rank.device()
                                .real(there)
                                .mismatch(Payloads.of(previous, 999).asSlice(300, 500)))
                        .isEqualTo(-1);
                rank.device().free(there);
            }
        });
    }

    @Test
    void elementsAreReducedOnDevices() {
        onOneNode(rank -> {
            ThreadsDevice device = rank.device();
            GroupMemory mine = rank.required().allocate(3);
            device.real(mine.segment()).fill((byte) (1 << rank.group().rank()));
            MemorySegment scratch = device.allocate(3);
            rank.group().allReduce(mine.segment(), scratch, 1, 5, (lower, higher, into) -> {
                for (int i = 0; i < 3; i++) {
                    byte sum = (byte) (at(device.real(lower), i) + at(device.real(higher), i));
                    device.real(into).set(JAVA_BYTE, i, sum);
                }
            });
            assertThat(device.real(mine.segment()).toArray(JAVA_BYTE)).containsExactly(7, 7, 7);
            device.free(scratch);
        });
    }

    private static byte at(MemorySegment memory, int index) {
        return memory.get(JAVA_BYTE, index);
    }

    /** While peers have it open it stays; the next messages tell them. */
    @Test
    void memoryThatIsReplacedIsFreedOncePeersHaveClosedIt() {
        onOneNode(rank -> {
            for (int size = 100; size < 100 + 10; size++) {
                GroupMemory mine = rank.filled(rank.group().rank(), size);
                exchange(rank, mine, size, 1);
                mine.close();
                assertThat(rank.device().allocations)
                        .as("the last and the one before")
                        .hasSizeLessThanOrEqualTo(2);
            }
            assertThat(rank.device().opened).hasSizeLessThanOrEqualTo(2 * (RANKS - 1));
        });
    }

    @Test
    void aRankThatReachesNoOtherUnlinksItsNode() {
        for (Consumer<ThreadsDevice> flaw :
                List.<Consumer<ThreadsDevice>>of(device -> device.exports = false, device -> device.opens = false)) {
            onEveryRank(Topology.singleNode(RANKS), flaw, rank -> {
                assertThat(rank.linking().link()).isNull();
                assertThat(rank.linking().reason()).matches("rank [0-2]: it (exports|opens) nothing");
            });
        }
    }

    @Test
    void aRankWithoutADeviceUnlinksItsNode() {
        onEveryRank(
                ProcessGroups.inProcess(Topology.singleNode(RANKS), GroupFactory.PATIENT),
                (group, device) -> assertThat(group.link(group.rank() == 1 ? null : device))
                        .isEqualTo(new Linking(null, "rank 1 has no device that shares its memory")));
    }

    /** What lies on other nodes would go by way of the host. */
    @Test
    void nodesAreNotLinked() {
        onEveryRank(
                new Topology(List.of("a", "a", "b")),
                _ -> {},
                rank -> assertThat(rank.linking())
                        .isEqualTo(new Linking(null, "messages between nodes take memory of the host")));
    }

    @Test
    void aCopyThatFailsNamesItsRanks() {
        List<Optional<Throwable>> outcomes = RankThreads.outcomes(
                ProcessGroups.inProcess(Topology.singleNode(RANKS), GroupFactory.PATIENT), group -> {
                    ThreadsDevice device = new ThreadsDevice();
                    Linking linking = group.link(device);
                    try (DeviceLink _ = linking.link()) {
                        device.copies = group.rank() != 1;
                        Linked rank = new Linked(group, device, linking);
                        GroupMemory mine = rank.filled(group.rank(), 64);
                        try {
                            exchange(rank, mine, 64, 1);
                        } catch (RuntimeException e) {
                            group.fail(e);
                            throw e;
                        }
                    }
                });
        assertThat(outcomes.get(1))
                .get()
                .satisfies(thrown -> assertThat(thrown)
                        .hasMessageContaining("64 bytes could not be copied from the device of rank")
                        .hasMessageContaining("the device is on fire"));
        for (int other : new int[] {0, 2}) {
            assertThat(outcomes.get(other))
                    .get()
                    .satisfies(thrown -> assertThat(thrown)
                            .isInstanceOf(GroupFailureException.class)
                            .hasMessageContaining("rank 1"));
        }
    }

    /** Another one waits for its messages: then it leaves in the middle, and is named. */
    @Test
    void aRankThatLeavesWithoutAWordIsWaitedForAsLongAsForAnyPeer() {
        Timeouts hasty =
                new Timeouts(Duration.ofSeconds(60), Duration.ofMillis(300), Duration.ofSeconds(60), Optional.empty());
        List<Optional<Throwable>> outcomes =
                RankThreads.outcomes(ProcessGroups.inProcess(Topology.singleNode(2), hasty), group -> {
                    ThreadsDevice device = new ThreadsDevice();
                    Linking linking = group.link(device);
                    try (group;
                            DeviceLink _ = linking.link()) {
                        if (group.rank() == 1) {
                            throw new ArithmeticException("a bug of the caller's");
                        }
                        Linked rank = new Linked(group, device, linking);
                        try (GroupMemory mine = rank.filled(0, 64);
                                Operation operation = group.begin("exchange")) {
                            Transfer _ = operation.send(1, 0, 0, mine.segment(), 0);
                        }
                    }
                });
        assertThat(outcomes.get(0))
                .get()
                .satisfies(thrown -> assertThat(thrown)
                        .isInstanceOf(GroupFailureException.class)
                        .hasMessageContaining("rank 1")
                        .hasMessageContaining("'unlink'"));
        assertThat(outcomes.get(1)).get().isInstanceOf(ArithmeticException.class);
    }

    /** It is at something else for longer than peers are waited for: what they had open stays theirs until the device is closed. */
    @Test
    void aRankThatClosesLateFailsNobody() {
        Timeouts hasty =
                new Timeouts(Duration.ofSeconds(60), Duration.ofMillis(50), Duration.ofSeconds(60), Optional.empty());
        CountDownLatch left = new CountDownLatch(1);
        RankThreads.run(ProcessGroups.inProcess(Topology.singleNode(2), hasty), group -> {
            ThreadsDevice device = new ThreadsDevice();
            Linking linking = group.link(device);
            try (DeviceLink _ = linking.link()) {
                Linked rank = new Linked(group, device, linking);
                GroupMemory mine = rank.filled(group.rank(), 64);
                try (Operation operation = group.begin("exchange")) {
                    Transfer _ = operation.send(1 - group.rank(), 0, 0, mine.segment(), 0);
                    Transfer _ = operation.receive(1 - group.rank(), 0, 0, device.allocate(64), 0);
                }
                if (group.rank() == 1) {
                    await(left);
                }
            }
            if (group.rank() == 0) {
                assertThat(device.allocations).as("what rank 1 has open stays").hasSize(2);
                left.countDown();
            }
            group.barrier();
        });
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(1, TimeUnit.MINUTES)).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** The last one that closes it ends it. */
    @Test
    void twoMayHaveTheSameLink() {
        onOneNode(rank -> {
            DeviceLink again =
                    Objects.requireNonNull(rank.group().link(rank.device()).link());
            GroupMemory memory = again.allocate(64);
            rank.device()
                    .real(memory.segment())
                    .copyFrom(Payloads.of(rank.group().rank(), 64));
            again.close();
            exchange(rank, memory, 64, 2);
            memory.close();
        });
    }

    /** Messages of a group move while its ranks wait in another. */
    @Test
    void messagesMoveWhileOthersAreWaitedFor() {
        onOneNode(rank -> {
            ProcessGroup group = rank.group();
            ProcessGroup others = group.split(0, group.rank());
            GroupMemory mine = rank.filled(group.rank(), 64);
            MemorySegment into = rank.device().allocate(64);
            Operation operation = group.begin("before");
            Transfer sent = operation.send((group.rank() + 1) % RANKS, 0, 0, mine.segment(), 0);
            Transfer received = operation.receive((group.rank() + RANKS - 1) % RANKS, 0, 0, into, 0);
            others.await(new Both(sent, received));
            operation.close();
            rank.device().free(into);
            mine.close();
        });
    }

    private record Both(Transfer one, Transfer other) implements ProcessGroup.Wait {
        @Override
        public boolean done() {
            return one.isDone() && other.isDone();
        }

        @Override
        public String describe() {
            return "two messages";
        }
    }

    @Test
    void memoryThatNobodyElseReachesIsNotSent() {
        List<Optional<Throwable>> outcomes =
                RankThreads.outcomes(ProcessGroups.inProcess(Topology.singleNode(2), GroupFactory.PATIENT), group -> {
                    ThreadsDevice device = new ThreadsDevice();
                    try (DeviceLink _ = group.link(device).link();
                            Operation operation = group.begin("unreachable")) {
                        assertThatThrownBy(() -> operation.send(1 - group.rank(), 0, 0, device.allocate(8), 0))
                                .isInstanceOf(IllegalArgumentException.class)
                                .hasMessageContaining("no other process can open");
                    }
                });
        assertThat(outcomes).allSatisfy(outcome -> assertThat(outcome).isEmpty());
    }
}
