package org.ringwood.collectives;

import static org.assertj.core.api.Assertions.assertThat;
import static org.ringwood.collectives.Payloads.assertPayload;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What the collective operations do, on whatever transport. See {@link TransportContract} for how to use it. */
public interface CollectivesContract extends GroupFactory {
    /** Numbers of 2×2 matrices: none, one, odd, and several MiB. */
    List<Integer> COUNTS = List.of(0, 1, 3, 1001, 150_000);

    @Test
    default void reducesInRankOrderWithoutCommutativity() throws Exception {
        forEachSize(group -> {
            for (int count : COUNTS) {
                MemorySegment expected = Matrices.of(0, count);
                for (int rank = 1; rank < group.size(); rank++) {
                    Matrices.product(expected, Matrices.of(rank, count), expected);
                }
                try (GroupMemory memory = group.allocate(count * Matrices.BYTES)) {
                    MemorySegment elements = memory.segment().copyFrom(Matrices.of(group.rank(), count));
                    group.allReduce(elements, Matrices.BYTES, Matrices::product);
                    assertThat(elements.mismatch(expected)).isEqualTo(-1);
                }
            }
        });
    }

    @Test
    default void leavesTheSameBitsOnEveryRank() throws Exception {
        forEachSize(group -> {
            MemorySegment number = MemorySegment.ofArray(new float[] {0.1f + 1e7f / (1 + group.rank())});
            group.allReduce(number, Float.BYTES, (lower, higher, into) -> {
                ValueLayout.OfFloat layout = ValueLayout.JAVA_FLOAT_UNALIGNED;
                into.set(layout, 0, lower.get(layout, 0) + higher.get(layout, 0));
            });
            List<MemorySegment> all = IntStream.range(0, group.size())
                    .mapToObj(rank -> MemorySegment.ofArray(new byte[Float.BYTES]))
                    .toList();
            group.allGather(number, all);
            assertThat(all)
                    .allSatisfy(other -> assertThat(other.mismatch(number)).isEqualTo(-1));
        });
    }

    @Test
    default void gathersUnevenParts() throws Exception {
        forEachSize(group -> {
            for (int unit : List.of(0, 1, 999, 300_001)) {
                List<MemorySegment> all = IntStream.range(0, group.size())
                        .mapToObj(r -> MemorySegment.ofArray(new byte[unit * ((r + 1) % 3)]))
                        .toList();
                int mine = (int) all.get(group.rank()).byteSize();
                group.allGather(Payloads.of(group.rank(), mine), all);
                for (int rank = 0; rank < group.size(); rank++) {
                    assertPayload(all.get(rank), rank);
                }
            }
        });
    }

    @Test
    default void exchangesUnevenParts() throws Exception {
        forEachSize(group -> {
            for (int unit : List.of(0, 1, 999, 300_001)) {
                List<MemorySegment> send = new ArrayList<>();
                List<MemorySegment> receive = new ArrayList<>();
                for (int peer = 0; peer < group.size(); peer++) {
                    send.add(Payloads.of(10 * group.rank() + peer, unit * ((group.rank() + 2 * peer) % 4)));
                    receive.add(MemorySegment.ofArray(new byte[unit * ((peer + 2 * group.rank()) % 4)]));
                }
                group.allToAll(send, receive);
                for (int peer = 0; peer < group.size(); peer++) {
                    assertPayload(receive.get(peer), 10L * peer + group.rank());
                }
            }
        });
    }

    @Test
    default void scansLowerRanksInOrder() throws Exception {
        forEachSize(group -> {
            for (int count : COUNTS) {
                MemorySegment identity = Matrices.identity(count);
                MemorySegment expected = Matrices.identity(count);
                for (int rank = 0; rank < group.rank(); rank++) {
                    Matrices.product(expected, Matrices.of(rank, count), expected);
                }
                MemorySegment elements = Matrices.of(group.rank(), count);
                group.exclusiveScan(elements, identity, Matrices.BYTES, Matrices::product);
                assertThat(elements.mismatch(expected)).isEqualTo(-1);
            }
        });
    }

    @Test
    default void broadcastsFromEveryRoot() throws Exception {
        forEachSize(group -> {
            for (int bytes : TransportContract.BYTES) {
                for (int root = 0; root < group.size(); root++) {
                    MemorySegment payload = Payloads.of(group.rank(), bytes);
                    group.broadcast(payload, root);
                    assertPayload(payload, root);
                }
            }
        });
    }

    @Test
    default void holdsEveryRankAtABarrier() throws Exception {
        for (int size : sizes()) {
            Tally arrived = tally();
            RankThreads.run(connect(size), group -> {
                for (int round = 0; round < 50; round++) {
                    arrived.add();
                    group.barrier();
                    assertThat(arrived.count()).isGreaterThanOrEqualTo((round + 1) * size);
                }
            });
        }
    }

    @Test
    default void splitsByColourAndKeyAgainAndAgain() throws Exception {
        forEachSize(group -> {
            int rank = group.rank();
            ProcessGroup parity = group.split(rank % 2, -rank);
            int others = (group.size() + 1 - rank % 2) / 2;
            assertThat(parity.size()).isEqualTo(others);
            assertThat(parity.rank()).isEqualTo(others - 1 - rank / 2);
            assertThat(sum(parity, rank)).isEqualTo(expectedParitySum(group.size(), rank % 2));

            ProcessGroup alone = parity.split(parity.rank(), 0);
            assertThat(alone.size()).isEqualTo(1);
            assertThat(sum(alone, 7)).isEqualTo(7);

            ProcessGroup again = group.split(0, rank);
            assertThat(again.rank()).isEqualTo(rank);
            assertThat(sum(again, 1)).isEqualTo(group.size());
            assertThat(sum(group, 1)).isEqualTo(group.size());
        });
    }

    private static long expectedParitySum(int size, int parity) {
        return IntStream.range(0, size).filter(r -> r % 2 == parity).sum();
    }

    private static long sum(ProcessGroup group, long number) {
        MemorySegment element = MemorySegment.ofArray(new long[] {number});
        group.allReduce(element, Long.BYTES, (lower, higher, into) -> {
            ValueLayout.OfLong layout = ValueLayout.JAVA_LONG_UNALIGNED;
            into.set(layout, 0, lower.get(layout, 0) + higher.get(layout, 0));
        });
        return element.get(ValueLayout.JAVA_LONG_UNALIGNED, 0);
    }
}
