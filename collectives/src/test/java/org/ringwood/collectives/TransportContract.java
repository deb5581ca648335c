package org.ringwood.collectives;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.ringwood.collectives.Payloads.assertPayload;
import static org.ringwood.collectives.Payloads.fill;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.ringwood.collectives.Failure.Cause;
import org.ringwood.collectives.Operation.BorrowedTransfer;
import org.ringwood.collectives.Operation.Transfer;

/**
 * What every transport must do, seen through groups over it. To check a transport, implement this interface and
 * {@link CollectivesContract} in a test class:
 *
 * <pre>{@code
 * class ShmContractTest implements TransportContract, CollectivesContract {
 *     public List<ProcessGroup> connect(Topology topology, Timeouts timeouts) {
 *         // connect topology.size() ranks within this JVM, each with a transport of its own
 *     }
 * }
 * }</pre>
 *
 * The groups are driven by one thread each and closed by it, so that the ranks leave at different times. What a transport
 * promises beyond this contract (a kind of failure, an address reused) is for a test of its own.
 */
public interface TransportContract extends GroupFactory {
    /** Sizes of messages: empty, odd, around powers of two, and larger than every buffer that a transport may have. */
    List<Integer> BYTES = List.of(0, 1, 7, 64, 1407, 4096, 65_537, (1 << 20) + 3, 5 << 20);

    private static void forEachSource(int bytes, ProcessGroup group, Consumer<MemorySegment> test) {
        try (GroupMemory memory = group.allocate(bytes);
                Arena shared = Arena.ofShared();
                Arena confined = Arena.ofConfined()) {
            test.accept(memory.segment());
            test.accept(shared.allocate(bytes));
            test.accept(confined.allocate(bytes));
            test.accept(MemorySegment.ofArray(new byte[bytes]));
        }
    }

    @Test
    default void sendsAllKindsOfMemoryAroundARing() throws Exception {
        forEachSize(group -> {
            int size = group.size();
            for (int bytes : size == 1 ? List.<Integer>of() : BYTES) {
                forEachSource(bytes, group, memory -> {
                    int left = Math.floorMod(group.rank() - 1, size);
                    MemorySegment into = MemorySegment.ofArray(new byte[bytes]);
                    try (Operation ring = group.begin("ring")) {
                        ring.send((group.rank() + 1) % size, 0, 0, fill(memory, group.rank()), 3);
                        ring.receive(left, 0, 0, into, 3);
                    }
                    assertPayload(into, left);
                });
            }
        });
    }

    @Test
    default void lendsPayloadsInPlaceAndPassesThemOn() throws Exception {
        forEachSize(group -> {
            int size = group.size();
            for (int bytes : size == 1 ? List.<Integer>of() : BYTES) {
                try (GroupMemory memory = group.allocate(bytes);
                        Operation ring = group.begin("borrowed ring")) {
                    MemorySegment mine = fill(memory.segment(), group.rank());
                    passAround(group, ring, mine);
                }
            }
        });
    }

    /** Sends every block on while it is held; it is released once the next rank, and all after it, have released it. */
    private static void passAround(ProcessGroup group, Operation ring, MemorySegment mine) {
        int size = group.size();
        Map<BorrowedTransfer, Transfer> sentOn = new LinkedHashMap<>();
        Transfer sent = ring.send((group.rank() + 1) % size, 0, 0, mine, 0);
        for (int hop = 0; hop < size - 1; hop++) {
            int owner = Math.floorMod(group.rank() - hop - 1, size);
            BorrowedTransfer block = ring.borrow(Math.floorMod(group.rank() - 1, size), hop, 0, mine.byteSize(), 0);
            await(group, block);
            assertThat(block.payload().isReadOnly()).isTrue();
            assertPayload(block.payload(), owner);
            boolean last = hop == size - 2;
            sentOn.put(block, last ? () -> true : ring.send((group.rank() + 1) % size, hop + 1, 0, block.payload(), 0));
        }
        await(group, () -> {
            sentOn.entrySet().removeIf(entry -> {
                boolean done = entry.getValue().isDone();
                if (done) {
                    entry.getKey().release();
                    assertThatThrownBy(entry.getKey()::payload).isInstanceOf(IllegalStateException.class);
                }
                return done;
            });
            return sentOn.isEmpty() && sent.isDone();
        });
    }

    private static void await(ProcessGroup group, Transfer... transfers) {
        group.await(new ProcessGroup.Wait() {
            @Override
            public boolean done() {
                return List.of(transfers).stream().allMatch(Transfer::isDone);
            }

            @Override
            public String describe() {
                return "a transfer of the test";
            }
        });
    }

    @Test
    default void lendsNothingThatHasNotCome() throws Exception {
        RankThreads.run(connect(2), group -> {
            try (Operation operation = group.begin("not yet")) {
                if (group.rank() == 0) {
                    group.barrier();
                    operation.send(1, 0, 0, Payloads.of(1, 10), 0);
                } else {
                    BorrowedTransfer lent = operation.borrow(0, 0, 0, 10, 0);
                    assertThat(lent.isDone()).isFalse();
                    assertThatThrownBy(lent::payload).isInstanceOf(IllegalStateException.class);
                    assertThatThrownBy(lent::release).isInstanceOf(IllegalStateException.class);
                    group.barrier();
                    await(group, lent);
                    assertPayload(lent.payload(), 1);
                    lent.release();
                    assertThatThrownBy(lent::release).isInstanceOf(IllegalStateException.class);
                }
            }
        });
    }

    @Test
    default void leavesTheSendersMemoryAloneOnceDone() throws Exception {
        RankThreads.run(connect(2), group -> {
            try (GroupMemory memory = group.allocate(100_000)) {
                for (int round = 0; round < 30; round++) {
                    try (Operation operation = group.begin("overwrite")) {
                        if (group.rank() == 0) {
                            await(group, operation.send(1, 0, 0, fill(memory.segment(), round), 0));
                            Payloads.spoil(memory.segment());
                            await(group, operation.send(1, 1, 0, fill(memory.segment(), -round), 0));
                            Payloads.spoil(memory.segment());
                        } else {
                            BorrowedTransfer lent = operation.borrow(0, 0, 0, 100_000, 0);
                            await(group, lent);
                            assertPayload(lent.payload(), round);
                            lent.release();
                            MemorySegment into = MemorySegment.ofArray(new byte[100_000]);
                            await(group, operation.receive(0, 1, 0, into, 0));
                            assertPayload(into, -round);
                        }
                    }
                }
            }
        });
    }

    @Test
    default void matchesByHopAndTagWhateverTheOrder() throws Exception {
        RankThreads.run(connect(2), group -> {
            int count = 200;
            int peer = 1 - group.rank();
            List<MemorySegment> into = new ArrayList<>(Collections.nCopies(count, MemorySegment.NULL));
            try (Operation operation = group.begin("shuffled")) {
                for (int i = 0; i < count; i++) {
                    operation.send(peer, i / 10, i % 10, Payloads.of(i, 10 * i), i);
                }
                for (int i = count - 1; i >= 0; i--) {
                    into.set(i, MemorySegment.ofArray(new byte[10 * i]));
                    operation.receive(peer, i / 10, i % 10, into.get(i), i);
                }
            }
            for (int i = 0; i < count; i++) {
                assertPayload(into.get(i), i);
            }
        });
    }

    @Test
    default void keepsMessagesThatArriveBeforeTheirReceive() throws Exception {
        for (int bytes : BYTES) {
            RankThreads.run(connect(3), group -> {
                MemorySegment into = MemorySegment.ofArray(new byte[bytes]);
                if (group.rank() == 0) {
                    try (Operation early = group.begin("early")) {
                        early.send(2, 0, 0, Payloads.of(1, bytes), 0);
                        group.barrier();
                    }
                } else {
                    // The barrier lets the message come while rank 2 has begun nothing that expects it.
                    try (Operation early = group.begin("early")) {
                        group.barrier();
                        if (group.rank() == 2) {
                            await(group, early.receive(0, 0, 0, into, 0));
                            assertPayload(into, 1);
                        }
                    }
                }
            });
        }
    }

    @Test
    default void carriesOperationsSideBySide() throws Exception {
        RankThreads.run(connect(2), group -> {
            int peer = 1 - group.rank();
            MemorySegment first = MemorySegment.ofArray(new byte[70_000]);
            MemorySegment second = MemorySegment.ofArray(new byte[500]);
            Operation one = group.begin("one");
            Operation two = group.begin("two");
            one.send(peer, 0, 0, Payloads.of(1, 70_000), 0);
            two.send(peer, 0, 0, Payloads.of(2, 500), 0);
            two.receive(peer, 0, 0, second, 0);
            two.close();
            assertPayload(second, 2);
            one.receive(peer, 0, 0, first, 0);
            one.close();
            assertPayload(first, 1);
        });
    }

    @Test
    default void movesRandomTrafficInRandomOrder() throws Exception {
        for (int size : sizes()) {
            long seed = seed();
            try {
                RandomTraffic traffic = new RandomTraffic(size, seed);
                RankThreads.run(connect(size), traffic::run);
            } catch (IllegalStateException e) {
                throw new AssertionError("random traffic of %d ranks with seed %dL".formatted(size, seed), e);
            }
        }
    }

    @Test
    default void namesBothRanksWhenSizesDiffer() throws Exception {
        assertDisagreement(
                group -> {
                    try (Operation operation = group.begin("ring forward")) {
                        if (group.rank() == 0) {
                            operation.send(1, 0, 0, Payloads.of(0, 4096), 5);
                            operation.receive(2, 0, 0, MemorySegment.ofArray(new byte[1]), 5);
                        } else if (group.rank() == 1) {
                            operation.receive(0, 0, 0, MemorySegment.ofArray(new byte[2048]), 5);
                        } else {
                            operation.receive(1, 0, 0, MemorySegment.ofArray(new byte[1]), 5);
                        }
                    }
                },
                "sent 4096 bytes for operation 0 'ring forward'",
                "rank 1 expected 2048");
    }

    @Test
    default void namesBothRanksWhenOperationsDiffer() throws Exception {
        assertDisagreement(
                group -> {
                    MemorySegment payload = MemorySegment.ofArray(new byte[64]);
                    try (Operation operation = group.begin(group.rank() == 0 ? "tree" : "ring forward")) {
                        if (group.rank() == 0) {
                            operation.send(1, 0, 0, payload, 5);
                            operation.receive(2, 0, 0, payload, 5);
                        } else {
                            operation.receive(group.rank() - 1, 0, 0, payload, 5);
                        }
                    }
                },
                "means something else than rank 1",
                "operation 0 'ring forward'");
    }

    @Test
    default void namesBothRanksWhenDigestsDiffer() throws Exception {
        assertDisagreement(
                group -> {
                    MemorySegment payload = MemorySegment.ofArray(new byte[64]);
                    try (Operation operation = group.begin("ring forward")) {
                        if (group.rank() == 0) {
                            operation.send(1, 0, 0, payload, 6);
                            operation.receive(2, 0, 0, payload, 6);
                        } else {
                            BorrowedTransfer lent = operation.borrow(group.rank() - 1, 0, 0, 64, 5);
                            await(group, lent);
                            lent.release();
                        }
                    }
                },
                "means something else than rank",
                "rank 1");
    }

    @Test
    default void namesBothRanksWhenAMessageIsNotExpected() throws Exception {
        assertDisagreement(
                group -> {
                    try (Operation operation = group.begin("ring forward")) {
                        if (group.rank() == 0) {
                            operation.send(1, 0, 9, Payloads.of(0, 100), 0);
                        }
                    }
                    group.barrier();
                    group.barrier();
                    await(group, () -> false);
                },
                "sent 100 bytes for operation 0",
                "rank 1 did not expect");
    }

    /** All ranks end, and name rank 0 as the culprit in the same words. */
    private void assertDisagreement(RankThreads.Task task, String... inDetail) throws Exception {
        for (Optional<Throwable> thrown : RankThreads.outcomes(connect(3), task)) {
            assertThat(thrown).get().isInstanceOfSatisfying(GroupFailureException.class, e -> {
                assertThat(e.failure().cause()).isEqualTo(Cause.DISAGREEMENT);
                assertThat(e.failure().rank()).isEqualTo(0);
                assertThat(e).hasMessageContainingAll(inDetail);
            });
        }
    }

    @Test
    default void endsAllWaitsByTheFirstFailure() throws Exception {
        var failures = ConcurrentHashMap.<Failure>newKeySet();
        List<ProcessGroup> groups = connect(4);
        List<Optional<Throwable>> thrown = RankThreads.outcomes(groups, group -> {
            if (group.rank() == 2) {
                group.barrier();
                throw new ArithmeticException("the kernel of rank 2 broke");
            }
            // Rank 2 may leave the barrier, and fail, before the others are told that it came.
            try {
                group.barrier();
                await(group, () -> false);
            } catch (GroupFailureException e) {
                failures.add(e.failure());
                throw e;
            }
        });
        assertThat(failures).hasSizeLessThanOrEqualTo(1).allSatisfy(failure -> {
            assertThat(failure.rank()).isEqualTo(2);
            assertThat(failure.cause()).isEqualTo(Cause.ERROR);
            assertThat(failure.detail()).contains("the kernel of rank 2 broke");
        });
        for (int i = 0; i < groups.size(); i++) {
            boolean culprit = groups.get(i).rank() == 2;
            assertThat(thrown.get(i))
                    .get()
                    .isInstanceOf(culprit ? ArithmeticException.class : GroupFailureException.class);
        }
    }

    /** Rank 0 waits in the group until rank 1 has the answer of rank 0's other thread, which waits in the duplicate. */
    @Test
    default void duplicatesCarryMessagesForAnotherThreadAtOnce() throws Exception {
        for (int bytes : BYTES) {
            RankThreads.run(connect(2), group -> {
                try (ProcessGroup duplicate = group.duplicate()) {
                    assertThat(duplicate.topology()).isEqualTo(group.topology());
                    assertThat(duplicate.ledger().entries()).isEmpty();
                    int peer = 1 - group.rank();
                    MemorySegment answer = MemorySegment.ofArray(new byte[bytes]);
                    MemorySegment last = MemorySegment.ofArray(new byte[bytes]);
                    Callable<Void> asked = () -> {
                        try (Operation question = duplicate.begin("question")) {
                            question.send(peer, 0, 0, Payloads.of(group.rank(), bytes), 0);
                            question.receive(peer, 0, 0, answer, 0);
                        }
                        assertPayload(answer, peer);
                        return null;
                    };
                    try (Operation waiting = group.begin("waiting")) {
                        if (group.rank() == 0) {
                            Transfer coming = waiting.receive(1, 0, 0, last, 0);
                            try (ExecutorService other = Executors.newSingleThreadExecutor()) {
                                Future<Void> asking = other.submit(asked);
                                await(group, coming);
                                asking.get();
                            }
                            assertPayload(last, 7);
                        } else {
                            asked.call();
                            waiting.send(0, 0, 0, Payloads.of(7, bytes), 0);
                        }
                    }
                }
            });
        }
    }

    @Test
    default void duplicatesAreClosedInAnyOrder() throws Exception {
        RankThreads.run(connect(3), group -> {
            ProcessGroup first = group.duplicate();
            ProcessGroup second = first.duplicate();
            ProcessGroup third = group.duplicate();
            third.barrier();
            first.close();
            group.barrier();
            group.close();
            second.barrier();
            third.close();
            ProcessGroup half = second.split(second.rank() / 2, 0);
            half.barrier();
            assertThatThrownBy(half::duplicate)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageEndingWith("duplicate the group of all ranks, and split the duplicate alike");
            second.close();
        });
    }

    @Test
    default void aFailureInADuplicateEndsWaitsInTheGroup() throws Exception {
        assertAllLearnThatRank1Fails(group -> {
            try (ProcessGroup duplicate = group.duplicate()) {
                failIfRank1(duplicate);
                await(group, () -> false);
            }
        });
    }

    @Test
    default void aDuplicateHearsOfFailuresOnceTheGroupIsClosed() throws Exception {
        assertAllLearnThatRank1Fails(group -> {
            try (ProcessGroup duplicate = group.duplicate()) {
                group.barrier();
                group.close();
                failIfRank1(duplicate);
                await(duplicate, () -> false);
            }
        });
    }

    private static void failIfRank1(ProcessGroup group) {
        if (group.rank() == 1) {
            group.fail(new ArithmeticException("the kernel of rank 1 broke"));
        }
    }

    private void assertAllLearnThatRank1Fails(RankThreads.Task task) throws Exception {
        for (Optional<Throwable> thrown : RankThreads.outcomes(connect(3), task)) {
            assertThat(thrown).get().isInstanceOfSatisfying(GroupFailureException.class, e -> {
                assertThat(e.failure().rank()).isEqualTo(1);
                assertThat(e.failure().detail()).contains("the kernel of rank 1 broke");
            });
        }
    }

    @Test
    default void allLearnThatOneDuplicatesAlone() throws Exception {
        for (Optional<Throwable> thrown : RankThreads.outcomes(connect(3), group -> {
            if (group.rank() == 0) {
                group.duplicate().close();
            } else {
                group.barrier();
                await(group, () -> false);
            }
        })) {
            assertThat(thrown).get().isInstanceOfSatisfying(GroupFailureException.class, e -> {
                assertThat(e.failure().cause()).isEqualTo(Cause.DISAGREEMENT);
                assertThat(e)
                        .hasMessageContaining("means something else than rank")
                        .hasMessageFindingMatch("operation 0 '(barrier|duplicate)'");
            });
        }
    }

    @Test
    default void letsRanksLeaveAtDifferentTimes() throws Exception {
        Tally left = tally();
        RankThreads.run(connect(3), group -> {
            group.barrier();
            if (group.rank() == 0) {
                group.close();
                left.add();
                return;
            }
            left.awaitAtLeast(1);
            MemorySegment payload = Payloads.of(group.rank(), 1000);
            try (Operation operation = group.begin("without rank 0")) {
                int peer = 3 - group.rank();
                operation.send(peer, 0, 0, payload, 0);
                operation.receive(peer, 0, 0, MemorySegment.ofArray(new byte[1000]), 0);
            }
        });
    }
}
