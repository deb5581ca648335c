package org.ringwood.collectives;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.ringwood.collectives.Failure.Cause;
import org.ringwood.collectives.Operation.BorrowedTransfer;
import org.ringwood.collectives.TrafficLedger.Entry;
import org.ringwood.collectives.TrafficLedger.Traffic;

/** What groups do alike on every transport: the account, errors, ids; over the in-process one. */
class GroupTest {
    private static List<ProcessGroup> groups(Topology topology) {
        return ProcessGroups.inProcess(topology, GroupFactory.PATIENT);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"A", "AA", "AAA", "AAAAAAAA", "AABB", "AAABBB", "AAAB", "ABAB", "ABCDE", "AABBCC", "ABBBBBCC"})
    void countsWhatTheAllReducePlanPredicts(String letters) {
        Topology topology = AllReducePlanTest.nodes(letters);
        AllReducePlan plan = AllReducePlan.inRankOrder(topology);
        AtomicLong across = new AtomicLong();
        RankThreads.run(groups(topology), group -> {
            group.allReduce(Matrices.of(group.rank(), 3), Matrices.BYTES, Matrices::product);
            Traffic expected = plan.traffic(topology, group.rank(), 3 * Matrices.BYTES);
            assertThat(group.ledger().entries()).containsExactly(new Entry("all-reduce", expected));
            across.addAndGet(group.ledger().total().bytesAcrossNodes());
        });
        if (letters.equals("AABB") || letters.equals("AAABBB") || letters.equals("AAAB")) {
            assertThat(across).hasValue(2 * 3 * Matrices.BYTES);
        }
    }

    /** A sum of whole numbers commutes: every rank ends with it, and scattered nodes cross as seldom as others. */
    @ParameterizedTest
    @ValueSource(strings = {"A", "AB", "AABB", "ABAB", "ABBA", "AAAB", "ABABAB", "ABCABC", "ABCABBB"})
    void takesWhatCommutesNodeByNode(String letters) {
        Topology topology = AllReducePlanTest.nodes(letters);
        AllReducePlan plan = AllReducePlan.nodeByNode(topology);
        long sum = (long) topology.size() * (topology.size() + 1) / 2;
        RankThreads.run(groups(topology), group -> {
            MemorySegment number = MemorySegment.ofArray(new long[] {group.rank() + 1});
            group.allReduce(number, Long.BYTES, new Sum());
            assertThat(number.get(ValueLayout.JAVA_LONG_UNALIGNED, 0)).isEqualTo(sum);
            assertThat(group.ledger().total()).isEqualTo(plan.traffic(topology, group.rank(), Long.BYTES));
        });
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 7})
    void addsFloats(int ranks) {
        float[] sums = new float[5];
        for (int i = 0; i < sums.length; i++) {
            sums[i] = i * ranks + ranks * (ranks - 1) / 2f;
        }
        RankThreads.run(ProcessGroups.inProcess(ranks), group -> {
            float[] numbers = new float[sums.length];
            for (int i = 0; i < numbers.length; i++) {
                numbers[i] = i + group.rank();
            }
            group.allReduce(MemorySegment.ofArray(numbers), Float.BYTES, Reducer.sumOfFloats());
            assertThat(numbers).containsExactly(sums);
        });
    }

    private static final class Sum implements Reducer {
        @Override
        public void reduce(MemorySegment lower, MemorySegment higher, MemorySegment into) {
            ValueLayout.OfLong layout = ValueLayout.JAVA_LONG_UNALIGNED;
            into.set(layout, 0, lower.get(layout, 0) + higher.get(layout, 0));
        }

        @Override
        public boolean commutes() {
            return true;
        }
    }

    /** By hand: a part crosses once to each other node; what came across goes on to the others of the node. */
    @ParameterizedTest
    @CsvSource({
        "A, 0, 0",
        "AAAA, 12, 0",
        "ABCD, 0, 12",
        "AABB, 8, 4",
        "ABAB, 8, 4",
        "AAAB, 8, 4",
        "AAABBB, 24, 6",
        "ABCABC, 18, 12",
        "ABBCCC, 18, 12"
    })
    void gatheredPartsCrossOnceToEachNode(String letters, long within, long across) {
        Topology topology = AllReducePlanTest.nodes(letters);
        AtomicLong sentWithin = new AtomicLong();
        AtomicLong sentAcross = new AtomicLong();
        RankThreads.run(groups(topology), group -> {
            List<MemorySegment> all = IntStream.range(0, group.size())
                    .mapToObj(rank -> MemorySegment.ofArray(new byte[5 + rank]))
                    .toList();
            group.allGather(Payloads.of(group.rank(), 5 + group.rank()), all);
            for (int rank = 0; rank < group.size(); rank++) {
                Payloads.assertPayload(all.get(rank), rank);
            }
            AllGatherPlan plan = AllGatherPlan.of(topology, group.rank());
            Traffic traffic = group.ledger().total();
            assertThat(traffic).isEqualTo(plan.traffic(topology, group.rank(), rank -> 5L + rank));
            Traffic ofOnes = plan.traffic(topology, group.rank(), rank -> 1);
            sentWithin.addAndGet(ofOnes.bytesWithinNode());
            sentAcross.addAndGet(ofOnes.bytesAcrossNodes());
            long otherNodes = topology.ranksByNode().size() - 1L;
            assertThat(traffic.bytesAcrossNodes()).isEqualTo(otherNodes * (5L + group.rank()));
        });
        assertThat(sentWithin).hasValue(within);
        assertThat(sentAcross).hasValue(across);
    }

    @Test
    void countsBytesOfEveryHopWithinAndAcrossNodes() {
        RankThreads.run(groups(AllReducePlanTest.nodes("AAB")), group -> {
            try (Operation operation = group.begin("counted")) {
                if (group.rank() == 0) {
                    operation.send(1, 0, 0, Payloads.of(0, 10), 0);
                    operation.send(1, 0, 1, Payloads.of(0, 5), 0);
                    operation.send(2, 3, 0, Payloads.of(0, 100), 0);
                } else if (group.rank() == 1) {
                    operation.receive(0, 0, 0, MemorySegment.ofArray(new byte[10]), 0);
                    operation.receive(0, 0, 1, MemorySegment.ofArray(new byte[5]), 0);
                } else {
                    operation.receive(0, 3, 0, MemorySegment.ofArray(new byte[100]), 0);
                }
            }
            List<Traffic> expected =
                    List.of(new Traffic(15, 100, 3, 2), new Traffic(0, 0, 0, 1), new Traffic(0, 0, 0, 1));
            assertThat(group.ledger().total()).isEqualTo(expected.get(group.rank()));
        });
    }

    @Test
    void countsTheTrafficOfSubgroupsInTheirParents() {
        RankThreads.run(groups(AllReducePlanTest.nodes("ABAB")), group -> {
            ProcessGroup node = group.split(group.rank() % 2, 0);
            assertThat(node.topology().nodes()).hasSize(2).containsOnly(group.rank() % 2 == 0 ? "A" : "B");
            Traffic before = group.ledger().total();
            node.allReduce(Matrices.of(0, 1), Matrices.BYTES, Matrices::product);
            Traffic expected = new Traffic(Matrices.BYTES, 0, 1, 1);
            assertThat(node.ledger().entries()).containsExactly(new Entry("all-reduce", expected));
            assertThat(group.ledger().total()).isEqualTo(before.plus(expected));
            assertThat(group.ledger().entries()).extracting(Entry::name).containsExactly("split", "all-reduce");
        });
    }

    @Test
    void keepsTheLedgerSmallAndTheTotalWhole() {
        TrafficLedger ledger = new TrafficLedger();
        for (int i = 0; i < 25_000; i++) {
            TrafficLedger.Account account = new TrafficLedger.Account();
            account.sent(i, 0, true);
            ledger.record("operation", account);
        }
        assertThat(ledger.entries()).hasSize(10_000);
        assertThat(ledger.entries().getLast().traffic().bytes()).isEqualTo(24_999);
        assertThat(ledger.total()).isEqualTo(new Traffic(24_999L * 25_000 / 2, 0, 25_000, 25_000));
    }

    /** Groups that share ranks, in all the ways that ids could be mixed up, talk at once. */
    @Test
    void keepsGroupsApartThatShareRanks() {
        RankThreads.run(ProcessGroups.inProcess(8), group -> {
            List<ProcessGroup> mine = new ArrayList<>();
            mine.add(group);
            mine.add(group.split(group.rank() / 4, 0));
            mine.add(mine.get(1).split(group.rank() % 2, 0));
            mine.add(group.split(group.rank() % 2, 0));
            if (group.rank() < 4) {
                mine.add(mine.get(1).split(0, -group.rank()));
            }
            mine.add(group.split(0, -group.rank()));
            List<Operation> operations = new ArrayList<>();
            List<MemorySegment> received = new ArrayList<>();
            for (ProcessGroup one : mine) {
                Operation operation = one.begin("side by side");
                operations.add(operation);
                MemorySegment into = MemorySegment.ofArray(new byte[64]);
                received.add(into);
                operation.send((one.rank() + 1) % one.size(), 0, 0, Payloads.of(100 * one.size() + one.rank(), 64), 0);
                operation.receive(Math.floorMod(one.rank() - 1, one.size()), 0, 0, into, 0);
            }
            operations.reversed().forEach(Operation::close);
            for (int i = 0; i < mine.size(); i++) {
                ProcessGroup one = mine.get(i);
                Payloads.assertPayload(received.get(i), 100L * one.size() + Math.floorMod(one.rank() - 1, one.size()));
            }
        });
    }

    @Test
    void numbersGroupsAlikeOnAllTheirRanksAndApartOnEach() {
        List<Split> all = List.of(new Split(5, 1, 3), new Split(-2, 0, 7), new Split(5, 0, 4), new Split(5, 1, 3));
        assertThat(Split.part(all, 0)).isEqualTo(new Split.Part(8, List.of(2, 0, 3), 9));
        assertThat(Split.part(all, 1)).isEqualTo(new Split.Part(7, List.of(1), 9));
        assertThat(Split.part(all, 2)).isEqualTo(Split.part(all, 0)).isEqualTo(Split.part(all, 3));
    }

    @Test
    void endsAllRanksWhenAReducerBreaks() {
        assertAllNameRank(
                1,
                "the reducer broke",
                group -> group.allReduce(Matrices.of(0, 1), Matrices.BYTES, (lower, higher, into) -> {
                    if (group.rank() == 1) {
                        throw new ArithmeticException("the reducer broke");
                    }
                    Matrices.product(lower, higher, into);
                }));
    }

    @Test
    @SuppressWarnings("restricted")
    void endsAllRanksWhenOneHasNoMemoryToReduceIn() {
        RankThreads.run(ProcessGroups.inProcess(2), group -> {
            MemorySegment elements = MemorySegment.NULL.reinterpret(group.rank() == 1 ? 1L << 60 : 8);
            assertThatThrownBy(() -> group.allReduce(elements, 8, (lower, higher, into) -> {}))
                    .isInstanceOf(group.rank() == 1 ? MemoryExhaustedException.class : GroupFailureException.class);
            assertThat(group.liveness().failure()).isNotNull().satisfies(failure -> {
                assertThat(failure.rank()).isEqualTo(1);
                assertThat(failure.cause()).isEqualTo(Cause.ENVIRONMENT);
            });
        });
    }

    @Test
    void endsAllRanksWhenOneLeavesInTheMiddle() {
        assertAllNameRank(1, "left the group in the middle of operation 0 'half done'", group -> {
            Operation operation = group.begin("half done");
            if (group.rank() == 1) {
                group.close();
                throw new IllegalStateException("gone");
            }
            operation.receive(1, 0, 0, MemorySegment.ofArray(new byte[1]), 0);
            operation.close();
        });
    }

    private static void assertAllNameRank(int culprit, String detail, RankThreads.Task task) {
        var failures = ConcurrentHashMap.<Failure>newKeySet();
        List<Optional<Throwable>> thrown = RankThreads.outcomes(ProcessGroups.inProcess(4), group -> {
            try {
                task.run(group);
                group.barrier();
            } finally {
                Failure failure = group.liveness().failure();
                if (failure != null) {
                    failures.add(failure);
                }
            }
        });
        for (int rank = 0; rank < 4; rank++) {
            assertThat(thrown.get(rank)).isPresent();
            assertThat(thrown.get(rank).get() instanceof GroupFailureException).isEqualTo(rank != culprit);
        }
        assertThat(failures).singleElement().satisfies(failure -> {
            assertThat(failure.rank()).isEqualTo(culprit);
            assertThat(failure.cause()).isEqualTo(Cause.ERROR);
            assertThat(failure.host()).isEqualTo("local");
            assertThat(failure.pid()).isEqualTo(ProcessHandle.current().pid());
            assertThat(failure.detail()).contains(detail);
        });
    }

    @Test
    void refusesWhatIsNoOperation() {
        RankThreads.run(ProcessGroups.inProcess(2), group -> {
            MemorySegment one = MemorySegment.ofArray(new byte[1]);
            try (Operation operation = group.begin("refused")) {
                assertThatThrownBy(() -> operation.send(group.rank(), 0, 0, one, 0))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("sends to itself");
                assertThatThrownBy(() -> operation.send(2, 0, 0, one, 0)).isInstanceOf(IndexOutOfBoundsException.class);
            }
            assertThatThrownBy(() -> group.allReduce(one, 2, Matrices::product))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("1 bytes are no whole number of elements of 2");
            assertThatThrownBy(() -> group.allGather(one, List.of(one)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("1 parts for a group of 2 ranks");
            assertThatThrownBy(() -> group.broadcast(one, -1)).isInstanceOf(IndexOutOfBoundsException.class);
            group.barrier();
            group.close();
            assertThatThrownBy(() -> group.begin("too late")).hasMessage("group 0 of rank %d is closed", group.rank());
        });
    }

    @Test
    void refusesToCloseAnOperationThatHoldsABorrowedPayload() {
        List<Optional<Throwable>> thrown = RankThreads.outcomes(ProcessGroups.inProcess(2), group -> {
            try (Operation operation = group.begin("leaky")) {
                if (group.rank() == 0) {
                    operation.send(1, 2, 3, Payloads.of(0, 1), 0);
                } else {
                    BorrowedTransfer lent = operation.borrow(0, 2, 3, 1, 0);
                    assertThat(lent).isNotNull();
                }
            }
        });
        assertThat(thrown.get(1)).get().isInstanceOf(IllegalStateException.class);
        assertThat(thrown.get(1).get())
                .hasMessage(
                        "operation 0 'leaky' of group 0 was closed before the message from rank 0 (hop 2, tag 3) was released");
        assertThat(thrown.get(0)).get().isInstanceOf(GroupFailureException.class);
    }

    @Test
    void saysWhatMemoryWasAskedForWhenThereIsNotSoMuch() {
        RankThreads.run(
                ProcessGroups.inProcess(1),
                group -> assertThatThrownBy(() -> group.allocate(1L << 50))
                        .isInstanceOf(MemoryExhaustedException.class)
                        .hasMessageContainingAll(Long.toString(1L << 50), "free", "use more ranks"));
    }

    @Test
    void givesAlignedZeroedMemoryThatEndsWithTheGroup() {
        List<MemorySegment> given = new ArrayList<>();
        RankThreads.run(ProcessGroups.inProcess(1), group -> {
            for (long bytes : new long[] {0, 1, 63, 1000}) {
                MemorySegment segment = group.allocate(bytes).segment();
                assertThat(segment.byteSize()).isEqualTo(bytes);
                assertThat(segment.address() % 64).isZero();
                assertThat(segment.mismatch(MemorySegment.ofArray(new byte[(int) bytes])))
                        .isEqualTo(-1);
                given.add(segment);
            }
            GroupMemory twice = group.allocate(8);
            twice.close();
            twice.close();
        });
        assertThat(given).noneMatch(segment -> segment.scope().isAlive());
    }

    @Test
    void digestsTellNamesNumbersAndTheirOrderApart() {
        Stream<Long> digests = Stream.of(
                Digest.of(""),
                Digest.of("", 0),
                Digest.of("", 0, 0),
                Digest.of("a"),
                Digest.of("b"),
                Digest.of("ab"),
                Digest.of("ba"),
                Digest.of("a", 'b'),
                Digest.of("a", 1, 2),
                Digest.of("a", 2, 1),
                Digest.of("a", 1L << 40));
        assertThat(digests).doesNotHaveDuplicates();
        assertThat(Digest.of("ring", 3)).isEqualTo(Digest.with(Digest.of("ring"), 3));
    }

    @Test
    void digestsAreTheSameInEveryProcess() {
        assertThat(Digest.of("ring forward", 128, 8, 64)).isEqualTo(-7593347687364206532L);
    }
}
