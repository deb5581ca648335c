package org.ringwood.collectives.aeron;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.DatagramChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.ringwood.collectives.GroupFactory;
import org.ringwood.collectives.Payloads;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.collectives.RankThreads;
import org.ringwood.collectives.Rendezvous;
import org.ringwood.collectives.Topology;

class AeronTransportTest {
    /** Whoever leaves waits for the others, so that nothing is left to a thread behind the test's back. */
    private static final AeronTuning PATIENT = new AeronTuning(
            0,
            16 << 10,
            64 << 10,
            1024,
            8 << 10,
            Duration.ofSeconds(10),
            Duration.ofSeconds(30),
            Duration.ofSeconds(60));

    private final LocalJob job =
            new LocalJob(AeronTwoNodesContractTest.twoNodes(8), GroupFactory.PATIENT, Media.AUTO, PATIENT);

    @Test
    void joinsEightRanksOfTwoNodes() throws Exception {
        RankThreads.run(job.groups(), group -> {
            for (int bytes : new int[] {3, 30_001}) {
                List<MemorySegment> send = IntStream.range(0, 8)
                        .mapToObj(peer -> Payloads.of(10L * group.rank() + peer, bytes * peer))
                        .toList();
                List<MemorySegment> receive = IntStream.range(0, 8)
                        .mapToObj(peer -> MemorySegment.ofArray(new byte[bytes * group.rank()]))
                        .toList();
                group.allToAll(send, receive);
                for (int peer = 0; peer < 8; peer++) {
                    Payloads.assertPayload(receive.get(peer), 10L * peer + group.rank());
                }
            }
        });
        assertThat(job.failure()).isNull();
    }

    @Test
    void leavesNeitherFilesNorPorts() throws Exception {
        List<ProcessGroup> groups = job.groups();
        Path directory = Path.of(published("aeron.driver", 0)).resolve("..").normalize();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory)))
                .isEqualTo("rwx------");
        String nonce = "%016x".formatted(job.job().nonce());
        assertThat(directory.toString())
                .contains(nonce, Long.toString(ProcessHandle.current().pid()));
        int port = Integer.parseInt(published("aeron.address", 7).replaceFirst("^127\\.0\\.0\\.1:(\\d+) .*", "$1"));
        assertThatThrownBy(() -> bind(port)).isInstanceOf(IOException.class);

        RankThreads.run(groups, ProcessGroup::barrier);

        try (var left = Files.list(directory.resolve("..").normalize())) {
            assertThat(left.map(Path::toString).filter(name -> name.contains(nonce)))
                    .isEmpty();
        }
        bind(port);
    }

    private String published(String name, int rank) {
        return job.config(rank).rendezvous().await(Rendezvous.key(name, rank), Duration.ZERO);
    }

    private static void bind(int port) throws IOException {
        try (DatagramChannel socket = DatagramChannel.open()) {
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        }
    }

    @Test
    void namesAnAddressThatThisHostDoesNotHave() throws Exception {
        Topology topology = new Topology(List.of("here", "there"));
        LocalJob job = new LocalJob(topology, GroupFactory.PATIENT, Media.AUTO, LocalJob.SMALL);
        AeronConfig here = job.config(0);
        InetSocketAddress nowhere = new InetSocketAddress("192.0.2.1", 0);
        AeronConfig elsewhere = new AeronConfig(here.job(), 0, nowhere, here.media(), here.rendezvous(), here.tuning());
        assertThatThrownBy(() -> AeronTransport.connect(elsewhere, job))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no interface of this host has the address 192.0.2.1");
        AeronTuning datagrams = new AeronTuning(
                1408,
                16 << 10,
                64 << 10,
                0,
                0,
                LocalJob.SMALL.silence(),
                LocalJob.SMALL.reach(),
                LocalJob.SMALL.linger());
        AeronConfig unchecked = new AeronConfig(here.job(), 0, nowhere, here.media(), here.rendezvous(), datagrams);
        assertThatThrownBy(() -> AeronTransport.connect(unchecked, job))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("rank 0 cannot listen on aeron:udp?endpoint=192.0.2.1:0");
    }

    @Test
    void refusesAPortThatIsTaken() throws Exception {
        Topology topology = new Topology(List.of("here", "there"));
        LocalJob job = new LocalJob(topology, GroupFactory.PATIENT, Media.AUTO, LocalJob.SMALL);
        try (DatagramChannel other = DatagramChannel.open()) {
            other.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            InetSocketAddress taken = (InetSocketAddress) other.getLocalAddress();
            AeronConfig here = job.config(0);
            AeronConfig fixed = new AeronConfig(here.job(), 0, taken, here.media(), here.rendezvous(), here.tuning());
            assertThatThrownBy(() -> AeronTransport.connect(fixed, job))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("rank 0 cannot listen on aeron:udp?endpoint=127.0.0.1:" + taken.getPort())
                    .hasMessageContaining("choose another interface or free ports");
        }
    }
}
