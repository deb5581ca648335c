package org.ringwood.collectives;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.ringwood.collectives.AllReducePlan.Exchange;
import org.ringwood.collectives.AllReducePlan.Exchange.Incoming;
import org.ringwood.collectives.TrafficLedger.Traffic;

class AllReducePlanTest {
    /** One letter a rank: the node it is on. */
    static Topology nodes(String letters) {
        return new Topology(letters.chars().mapToObj(Character::toString).toList());
    }

    @Test
    void reducesInOrderOnEveryTopology() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int round = 0; round < 500; round++) {
            int nodes = 1 + random.nextInt(4);
            Topology topology = new Topology(IntStream.rangeClosed(0, random.nextInt(20))
                    .mapToObj(r -> "node" + random.nextInt(nodes))
                    .toList());
            assertReducesInOrder(topology, "seed " + seed + "L, " + topology);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"A", "AA", "AB", "AABB", "AAABBB", "AAAB", "ABAB", "AABBCC", "ABBBBBCC", "AABBAA"})
    void reducesInOrderOnNamedTopologies(String letters) {
        assertReducesInOrder(nodes(letters), letters);
    }

    private static void assertReducesInOrder(Topology topology, String description) {
        List<Integer> ranks = IntStream.range(0, topology.size()).boxed().toList();
        assertReduces(AllReducePlan.inRankOrder(topology), ranks, description);
        List<Integer> nodeByNode =
                topology.ranksByNode().stream().flatMap(List::stream).toList();
        assertReduces(AllReducePlan.nodeByNode(topology), nodeByNode, "node by node, " + description);
    }

    /** Runs the plan on lists of ranks, whose reduction is concatenation. */
    private static void assertReduces(AllReducePlan plan, List<Integer> all, String description) {
        List<List<Integer>> states = new ArrayList<>(
                IntStream.range(0, all.size()).boxed().map(List::of).toList());
        for (int hop = 0; hop < plan.hops(); hop++) {
            List<List<Integer>> before = List.copyOf(states);
            for (int rank : all) {
                for (Exchange exchange : in(plan, rank, hop)) {
                    assertMatched(plan, rank, exchange);
                    List<Integer> peers = before.get(exchange.peer());
                    states.set(rank, combined(exchange.incoming(), states.get(rank), peers));
                }
            }
        }
        assertThat(states).as(description).allMatch(all::equals);
        plan.ranks()
                .forEach(exchanges -> assertThat(exchanges.stream().map(Exchange::hop))
                        .as(description)
                        .isSorted()
                        .doesNotHaveDuplicates()
                        .allMatch(hop -> hop < plan.hops()));
    }

    private static List<Exchange> in(AllReducePlan plan, int rank, int hop) {
        return plan.ranks().get(rank).stream().filter(e -> e.hop() == hop).toList();
    }

    /** What one side sends the other takes. */
    private static void assertMatched(AllReducePlan plan, int rank, Exchange exchange) {
        assertThat(in(plan, exchange.peer(), exchange.hop())).singleElement().satisfies(other -> {
            assertThat(other.peer()).isEqualTo(rank);
            assertThat(other.sends()).isEqualTo(exchange.incoming() != Incoming.NONE);
            assertThat(other.incoming() != Incoming.NONE).isEqualTo(exchange.sends());
        });
    }

    private static List<Integer> combined(Incoming incoming, List<Integer> own, List<Integer> peers) {
        List<Integer> result = new ArrayList<>();
        switch (incoming) {
            case NONE -> result.addAll(own);
            case RESULT -> result.addAll(peers);
            case LOWER -> {
                result.addAll(peers);
                result.addAll(own);
            }
            case HIGHER -> {
                result.addAll(own);
                result.addAll(peers);
            }
        }
        return result;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4, 8, 16, 64})
    void takesTheLogarithmForAPowerOfTwo(int size) {
        int hops = Integer.numberOfTrailingZeros(size);
        Topology topology = Topology.singleNode(size);
        AllReducePlan plan = AllReducePlan.inRankOrder(topology);
        assertThat(plan.hops()).isEqualTo(hops);
        for (int rank = 0; rank < size; rank++) {
            assertThat(plan.traffic(topology, rank, 100)).isEqualTo(new Traffic(100L * hops, 0, hops, hops));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 5, 6, 7, 9, 12, 15, 17, 63, 65})
    void takesTwoHopsMoreOtherwise(int size) {
        int most = 31 - Integer.numberOfLeadingZeros(size) + 2;
        Topology topology = Topology.singleNode(size);
        AllReducePlan plan = AllReducePlan.inRankOrder(topology);
        assertThat(plan.hops()).isEqualTo(most);
        for (int rank = 0; rank < size; rank++) {
            Traffic traffic = plan.traffic(topology, rank, 100);
            assertThat(traffic.hops()).isLessThanOrEqualTo(most);
            assertThat(traffic.bytes()).isLessThanOrEqualTo(100 * traffic.hops());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 6, 8})
    void takesOneRankANodeForFlat(int size) {
        Topology apart =
                new Topology(IntStream.range(0, size).mapToObj(r -> "node" + r).toList());
        assertThat(AllReducePlan.inRankOrder(apart)).isEqualTo(AllReducePlan.inRankOrder(Topology.singleNode(size)));
    }

    /** States across: two nodes exchange one each; three fold, exchange and spread; scattered ones pay as flat ones do, in rank order. */
    @ParameterizedTest
    @CsvSource({
        "AABB, 2, 3",
        "AAABBB, 2, 5",
        "AAAB, 2, 5",
        "ABBB, 2, 5",
        "AABBCC, 4, 5",
        "AABBCCDD, 8, 4",
        "ABAB, 4, 2",
        "ABBA, 2, 5"
    })
    void crossesNodesAsSeldomAsItCan(String letters, int states, int hops) {
        Topology topology = nodes(letters);
        AllReducePlan plan = AllReducePlan.inRankOrder(topology);
        assertThat(across(topology, plan)).isEqualTo(states);
        assertThat(plan.hops()).isEqualTo(hops);
    }

    @ParameterizedTest
    @ValueSource(strings = {"AABB", "AAABBB", "AAAB", "AABBCCDDEE", "ABBBCCCC"})
    void sendsOneStateANodeAHopAcross(String letters) {
        Topology topology = nodes(letters);
        assertThat(statesACrossing(topology, AllReducePlan.inRankOrder(topology)))
                .isNotEmpty()
                .containsOnly(1);
    }

    /** However ranks are numbered, where the order does not matter. */
    @ParameterizedTest
    @ValueSource(strings = {"AABB", "ABAB", "ABBA", "ABBAB", "ABCABCABC", "ABCDAABBDD", "AAABBB"})
    void sendsOneStateANodeAHopAcrossNodeByNode(String letters) {
        Topology topology = nodes(letters);
        AllReducePlan plan = AllReducePlan.nodeByNode(topology);
        assertThat(statesACrossing(topology, plan)).isNotEmpty().containsOnly(1);
        char[] sorted = letters.toCharArray();
        Arrays.sort(sorted);
        assertThat(across(topology, plan))
                .isEqualTo(across(nodes(new String(sorted)), AllReducePlan.nodeByNode(nodes(new String(sorted)))));
    }

    /** How many states each node sends across in each hop in which it sends any. */
    private static Collection<Integer> statesACrossing(Topology topology, AllReducePlan plan) {
        Map<String, Integer> crossings = new HashMap<>();
        for (int rank = 0; rank < topology.size(); rank++) {
            for (Exchange exchange : plan.ranks().get(rank)) {
                if (exchange.sends() && !topology.sameNode(rank, exchange.peer())) {
                    crossings.merge(topology.nodes().get(rank) + exchange.hop(), 1, Integer::sum);
                }
            }
        }
        return crossings.values();
    }

    private static long across(Topology topology, AllReducePlan plan) {
        return IntStream.range(0, topology.size())
                .mapToLong(r -> plan.traffic(topology, r, 1).bytesAcrossNodes())
                .sum();
    }
}
