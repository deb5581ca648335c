package org.ringwood.collectives.connect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;

import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;
import org.ringwood.collectives.Failure.Cause;
import org.ringwood.collectives.GroupFailureException;
import org.ringwood.collectives.GroupOptions;
import org.ringwood.collectives.Parallel;
import org.ringwood.collectives.PortRange;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.collectives.ProcessGroups;
import org.ringwood.collectives.RankThreads;
import org.ringwood.collectives.Timeouts;
import org.ringwood.collectives.TransportChoice;
import org.ringwood.collectives.environment.ParallelEnvironment;

class ConnectTest {
    private static final Duration LONG = Duration.ofSeconds(60);
    private static final GroupOptions PATIENT =
            GroupOptions.DEFAULT.withTimeouts(new Timeouts(LONG, LONG, LONG, Optional.empty()));
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

    private static List<InetSocketAddress> endpoints(int size) throws Exception {
        try (ServerSocket socket = new ServerSocket(0, 1, LOOPBACK)) {
            return Collections.nCopies(size, new InetSocketAddress(LOOPBACK, socket.getLocalPort()));
        }
    }

    @Test
    void aNodeSharesMemory() throws Exception {
        List<InetSocketAddress> endpoints = endpoints(3);
        List<ProcessGroup> groups =
                Parallel.forEachRank(3, rank -> ProcessGroups.connect(rank, endpoints, "token", PATIENT));
        assertThat(groups)
                .allSatisfy(group -> assertThat(group).hasToString("rank %d of 3 over shm".formatted(group.rank())));
        assertThat(groups.getFirst().topology().sameNode(0, 2)).isTrue();
        RankThreads.run(groups, ProcessGroup::barrier);
    }

    @Test
    void aDuplicateWouldNeedOtherPortsThanThoseThatAreFixed() throws Exception {
        List<InetSocketAddress> endpoints = endpoints(2);
        int first = endpoints(1).getFirst().getPort();
        GroupOptions options = PATIENT.withTransport(TransportChoice.AERON).withPorts(new PortRange(first));
        List<ProcessGroup> groups =
                Parallel.forEachRank(2, rank -> ProcessGroups.connect(rank, endpoints, "token", options));
        assertThat(RankThreads.outcomes(groups, ProcessGroup::duplicate))
                .allSatisfy(thrown -> assertThat(thrown)
                        .get()
                        .extracting(Throwable::getMessage, STRING)
                        .containsPattern("rank [01] listens on port \\d+, and a duplicate of its group needs another"));
    }

    @Test
    void oneRankNeedsNobody() throws Exception {
        try (ProcessGroup group = ProcessGroups.connect(0, endpoints(1), "token")) {
            group.barrier();
            assertThat(group.size()).isEqualTo(1);
        }
    }

    @Test
    void ranksThatChooseDifferentTransportsAreNamed() throws Exception {
        List<InetSocketAddress> endpoints = endpoints(2);
        assertThatThrownBy(() -> Parallel.forEachRank(
                        2,
                        rank -> ProcessGroups.connect(
                                rank,
                                endpoints,
                                "token",
                                PATIENT.withTransport(rank == 0 ? TransportChoice.SHM : TransportChoice.AERON))))
                .isInstanceOf(ExecutionException.class)
                .cause()
                .isInstanceOfSatisfying(GroupFailureException.class, e -> {
                    assertThat(e.failure().cause()).isEqualTo(Cause.DISAGREEMENT);
                    assertThat(e).hasMessageContainingAll("SHM", "AERON", "choose the same on every rank");
                });
    }

    @Test
    void aRankThatCannotJoinTellsTheOthers() throws Exception {
        List<InetSocketAddress> endpoints = endpoints(2);
        List<String> messages = Parallel.forEachRank(2, rank -> {
            GroupOptions options = rank == 1 ? PATIENT.withInterface("nonesuch0") : PATIENT;
            try (ProcessGroup group = ProcessGroups.connect(rank, endpoints, "token", options)) {
                return "joined " + group;
            } catch (IllegalArgumentException | GroupFailureException e) {
                return String.valueOf(e.getMessage());
            }
        });
        assertThat(messages.get(1)).startsWith("this host has no interface 'nonesuch0'; it has ");
        assertThat(messages.get(0)).contains("rank 1 ", "no interface 'nonesuch0'");
    }

    @Test
    void rankZeroDoesNotListenEverywhere() {
        assertThatThrownBy(() -> ProcessGroups.connect(0, List.of(new InetSocketAddress("0.0.0.0", 4711)), "token"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("rank 0 listens on one interface");
    }

    /** The interface is for messages: all ranks look for rank 0 where the launcher says, and so rank 0 listens there. */
    @Test
    void ranksMeetAtRankZerosAddressWhateverTheirInterface() throws Exception {
        int port = endpoints(1).getFirst().getPort();
        GroupOptions options = PATIENT.withInterface("127.0.0.1").withTransport(TransportChoice.AERON);
        List<ProcessGroup> groups = Parallel.forEachRank(2, rank -> {
            ParallelEnvironment environment = ParallelEnvironment.of(Map.of(
                    "RANK",
                    Integer.toString(rank),
                    "WORLD_SIZE",
                    "2",
                    "MASTER_ADDR",
                    "127.0.0.2",
                    "MASTER_PORT",
                    Integer.toString(port)));
            return Meeting.of(environment).join(rank, options);
        });
        RankThreads.run(groups, ProcessGroup::barrier);
    }

    @Test
    void portInUseIsOneSentence() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, LOOPBACK)) {
            List<InetSocketAddress> endpoints = List.of(new InetSocketAddress(LOOPBACK, taken.getLocalPort()));
            assertThatThrownBy(() -> ProcessGroups.connect(0, endpoints, "token"))
                    .isInstanceOf(UncheckedIOException.class)
                    .hasMessageMatching(
                            "rank 0 cannot listen on \\S+:%d \\(Address already in use\\); give it a free port .*"
                                    .formatted(taken.getLocalPort()));
        }
    }

    @Test
    void nodesDifferInNameOrMemory() {
        Node one = new Node("a", "1");
        Node two = new Node("b", "1");
        Node namesake = new Node("a", "2");
        assertThat(Node.decode(one.encoded())).isEqualTo(one);
        assertThat(Node.topology(List.of(one, two, namesake, one, new Node("a", "3")))
                        .nodes())
                .containsExactly("a", "b", "a#2", "a", "a#3");
    }

    @Test
    void interfacesAreFoundByNameAndAddress() {
        assertThat(Interfaces.address("lo").isLoopbackAddress()).isTrue();
        assertThat(Interfaces.address("127.0.0.1")).isEqualTo(LOOPBACK);
        assertThatThrownBy(() -> Interfaces.address("192.0.2.1")).hasMessageContaining("no interface '192.0.2.1'");
        assertThat(Interfaces.reachable("localhost").isLoopbackAddress()).isTrue();
        assertThatThrownBy(() -> Interfaces.reachable("no.such.host.invalid"))
                .hasMessageContaining("rank 0's host 'no.such.host.invalid' is not known on this host");
    }
}
