package org.ringwood.runtime.worker;

import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.util.Optional;
import org.ringwood.collectives.connect.Interfaces;
import org.ringwood.runtime.cluster.MeetingPoint;
import org.ringwood.runtime.files.InputException;

/** The one address at which a rank listens. */
final class ListenAddress {
    private ListenAddress() {}

    /** That of the configured interface; else the loopback one within a machine, and the one that reaches rank 0 elsewhere. */
    static InetAddress of(Optional<String> interfaceName, Seat seat) {
        try {
            if (interfaceName.isPresent()) {
                return Interfaces.address(interfaceName.get());
            }
            return switch (seat.meeting()) {
                case MeetingPoint.InDirectory _ -> InetAddress.getLoopbackAddress();
                case MeetingPoint.Known known -> towards(known, seat.rank());
            };
        } catch (IllegalArgumentException unknown) {
            throw new InputException("network.interface: " + unknown.getMessage(), unknown);
        }
    }

    private static InetAddress towards(MeetingPoint.Known master, int rank) {
        InetAddress address = Interfaces.reachable(master.host());
        if (rank == 0) {
            return address;
        }
        // Connecting a datagram socket sends nothing; it only asks the routing table.
        try (DatagramSocket route = new DatagramSocket()) {
            route.connect(new InetSocketAddress(address, master.port()));
            return route.getLocalAddress();
        } catch (SocketException unreachable) {
            throw new InputException(
                    "no interface reaches rank 0 at " + master.host() + " (" + unreachable.getMessage()
                            + "): name one as network.interface",
                    unreachable);
        }
    }
}
