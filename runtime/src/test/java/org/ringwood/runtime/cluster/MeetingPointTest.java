package org.ringwood.runtime.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.ringwood.collectives.PortRange;
import org.ringwood.runtime.cluster.MeetingPoint.InDirectory;
import org.ringwood.runtime.cluster.MeetingPoint.Known;
import org.ringwood.runtime.files.InputException;

class MeetingPointTest {
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

    @Test
    void fixedPortsWinOverThePortThatALauncherNamed() {
        Known known = new Known("n1", 5000);
        assertThat(known.at(PortRange.FREE)).isEqualTo(known);
        assertThat(known.at(new PortRange(20_000))).isEqualTo(new Known("n1", 20_000));
        InDirectory directory = new InDirectory(Path.of("job"));
        assertThat(directory.at(new PortRange(20_000))).isEqualTo(directory);
    }

    @Test
    void rankZeroIsFoundOnceItListens() throws Exception {
        try (ServerSocket socket = new ServerSocket()) {
            socket.bind(new InetSocketAddress(LOOPBACK, 0));
            int port = socket.getLocalPort();
            assertThat(new Known("localhost", port).find(Duration.ofSeconds(100)))
                    .contains("127.0.0.1:" + port);
        }
    }

    @Test
    void rankZeroMayComeLate() throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, LOOPBACK)) {
            port = free.getLocalPort();
        }
        Known known = new Known("127.0.0.1", port);
        assertThat(known.find(Duration.ofMillis(300))).isEmpty();
        CompletableFuture<Optional<String>> found = new CompletableFuture<>();
        Thread.ofVirtual().start(() -> {
            try {
                found.complete(known.find(Duration.ofSeconds(100)));
            } catch (InterruptedException e) {
                found.completeExceptionally(e);
            }
        });
        try (ServerSocket late = new ServerSocket()) {
            late.bind(new InetSocketAddress(LOOPBACK, port));
            assertThat(found.join()).contains("127.0.0.1:" + port);
        }
    }

    @Test
    void anUnknownHostIsNamedWithTheRemedy() {
        assertThatThrownBy(() -> new Known("no.such.host.invalid", 5000).address())
                .isInstanceOf(InputException.class)
                .hasMessageContaining("no.such.host.invalid")
                .hasMessageContaining("MASTER_ADDR");
    }
}
