package org.ringwood.collectives.connect;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.ringwood.collectives.GroupOptions;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.collectives.control.ControlPlane;
import org.ringwood.collectives.environment.ParallelEnvironment;

/**
 * Where the ranks of a job without a runtime meet.
 *
 * @param hub where rank 0 listens, the address of one interface
 * @param size number of ranks
 * @param token secret that all ranks share
 */
public record Meeting(InetSocketAddress hub, int size, String token) {
    /** @throws IllegalArgumentException if rank 0 would listen on all interfaces */
    public Meeting {
        if (!hub.isUnresolved() && hub.getAddress().isAnyLocalAddress()) {
            throw new IllegalArgumentException(
                    "rank 0 listens on one interface: give the address of that in place of %s".formatted(hub));
        }
    }

    /** That of which the launcher tells. */
    public static Meeting of(ParallelEnvironment environment) {
        InetAddress address = Interfaces.reachable(environment.masterHost());
        return new Meeting(
                new InetSocketAddress(address, environment.masterPort()), environment.size(), environment.token());
    }

    /**
     * Joins as a rank; returns once all ranks are connected.
     *
     * @throws UncheckedIOException if rank 0 cannot listen
     * @throws UnsupportedOperationException if the JVM lacks a flag, naming it
     */
    public ProcessGroup join(int rank, GroupOptions options) {
        JvmFlags.require();
        ControlPlane plane = controlPlane(rank, options);
        try {
            InetAddress address = plane.localAddress();
            return Connector.connect(new Participant(rank, size, plane.job(), address, plane, plane), options);
        } catch (RuntimeException e) {
            plane.close();
            throw e;
        }
    }

    private ControlPlane controlPlane(int rank, GroupOptions options) {
        try {
            ControlPlane.Member self =
                    new ControlPlane.Member(rank, size, Node.own().name(), token);
            return ControlPlane.join(self, hub, options.timeouts());
        } catch (IOException e) {
            throw new UncheckedIOException(e.getMessage(), e);
        }
    }
}
