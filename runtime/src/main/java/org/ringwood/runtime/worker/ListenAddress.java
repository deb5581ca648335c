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
public final class ListenAddress {
    private ListenAddress() {}

    /**
     * Within a machine that of the configured interface, or the loopback one. Under a launcher it is the one that reaches rank 0 by
     * the address that all ranks know of it; the configured interface is then for tensors.
     */
    public static InetAddress of(Optional<String> interfaceName, Seat seat) {
        // Every rank looks for it before any meets the others, who would wait for one that had to leave.
        Optional<InetAddress> configured = interfaceName.map(ListenAddress::configured);
        return switch (seat.meeting()) {
            case MeetingPoint.InDirectory _ -> configured.orElseGet(InetAddress::getLoopbackAddress);
            case MeetingPoint.Known known -> towards(known, seat.rank());
        };
    }

    private static InetAddress configured(String interfaceName) {
        try {
            return Interfaces.address(interfaceName);
        } catch (IllegalArgumentException unknown) {
            throw new InputException("network.interface: " + unknown.getMessage(), unknown);
        }
    }

    private static InetAddress towards(MeetingPoint.Known master, int rank) {
        InetAddress address = master.address();
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
                            + "): set MASTER_ADDR to an address of its host that is reached from here",
                    unreachable);
        }
    }
}
