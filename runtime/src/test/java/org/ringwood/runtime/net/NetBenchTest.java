package org.ringwood.runtime.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Percentage.withPercentage;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.ringwood.collectives.ProcessGroups;
import org.ringwood.collectives.RankThreads;
import org.ringwood.collectives.Timeouts;
import org.ringwood.collectives.Topology;

class NetBenchTest {
    private static final NetBench.Sizes SIZES = new NetBench.Sizes(4, 4096, 32, 1, 3);

    private static List<LinkMeasurement> measure(Topology topology) {
        List<LinkMeasurement> measured = new ArrayList<>();
        RankThreads.run(
                ProcessGroups.inProcess(topology, Timeouts.DEFAULT),
                group -> new NetBench(group, "run", "inprocess", SIZES).measure(link -> {
                    if (group.rank() == 0) {
                        measured.add(link);
                    }
                }));
        return measured;
    }

    @Test
    void everyPairOfNodesAndEveryCollectiveIsMeasured() {
        List<LinkMeasurement> all = measure(new Topology(List.of("a", "a", "b", "b", "c", "c")));
        assertThat(all).allSatisfy(link -> {
            assertThat(link.wrong()).as("%s", link).isZero();
            assertThat(link.timeUs()).isPositive();
            assertThat(link.sizeBytes()).isEqualTo(link.count() * 4);
        });
        assertThat(all.stream().filter(link -> link.operation().equals("sendrecv")))
                .extracting(LinkMeasurement::between)
                .containsOnly("a and b", "a and c", "b and c");
        assertThat(all.stream().filter(link -> link.between().equals("all")))
                .extracting(LinkMeasurement::operation)
                .containsOnly("all_gather", "all_to_all", "all_reduce");
        assertThat(all).hasSize((3 + 3) * 3);
    }

    @ParameterizedTest
    @CsvSource({"sendrecv, 1", "all_gather, 0.75", "all_to_all, 0.75", "all_reduce, 1.5"})
    void busBandwidthIsThatOfNcclTests(String operation, double factor) {
        assertThat(measure(Topology.singleNode(4)))
                .filteredOn(link -> link.operation().equals(operation))
                .isNotEmpty()
                .allSatisfy(link -> {
                    assertThat(link.busbwGbS()).isEqualTo(link.algbwGbS() * factor);
                    assertThat(link.algbwGbS()).isCloseTo(link.sizeBytes() / link.timeUs() / 1e3, withPercentage(1e-6));
                });
    }

    @Test
    void aWrongElementIsCounted() {
        RankThreads.run(ProcessGroups.inProcess(3), group -> {
            try (Exchange exchange = new Exchange.AllGather(group, 64)) {
                exchange.fill();
                // What has not arrived is wrong: 16 numbers of each of 3 ranks.
                assertThat(exchange.wrong()).isEqualTo(48);
                exchange.once();
                assertThat(exchange.wrong()).isZero();
            }
        });
    }

    @Test
    void neighboursSendAllAtOnce() {
        Topology topology = new Topology(List.of("a", "b", "a", "b", "c"));
        assertThat(Link.neighbours(topology, true)).containsExactly(2, 3, 0, 1, -1);
        assertThat(Link.neighbours(topology, false)).containsExactly(1, 4, 3, -1, 0);
        assertThat(Link.neighbours(Topology.singleNode(1), true)).containsExactly(-1);
    }

    @Test
    void ranksShareTheCardOfTheirNode() {
        RankThreads.run(ProcessGroups.inProcess(new Topology(List.of("a", "a", "b", "b")), Timeouts.DEFAULT), group -> {
            Link link = Link.measure(group);
            assertThat(link.bytesPerSecondOfCard()).isEqualTo(2 * link.bytesPerSecondAcross());
        });
    }

    @Test
    void aLinkHasARateWhereItHasTwoEnds() {
        RankThreads.run(ProcessGroups.inProcess(new Topology(List.of("a", "b")), Timeouts.DEFAULT), group -> {
            Link link = Link.measure(group);
            assertThat(link.bytesPerSecondWithin()).isNaN();
            assertThat(link.bytesPerSecond()).isPositive().isEqualTo(link.bytesPerSecondAcross());
            assertThat(link.latencySeconds()).isPositive();
        });
        RankThreads.run(
                ProcessGroups.inProcess(1),
                group -> assertThat(Link.measure(group)).isEqualTo(Link.NONE));
    }
}
