package org.ringwood.collectives;

import java.util.Optional;

/**
 * How a group is made; the same on every rank, but for the interface.
 *
 * @param transport what carries the messages
 * @param networkInterface name or address of the interface that this rank receives messages on and sends them from; empty for the one
 *     that reaches rank 0
 * @param ports that ranks receive messages on. Neither says where rank 0 listens for the others at first: the place where they meet does
 * @param timeouts when waiting ends
 */
public record GroupOptions(
        TransportChoice transport, Optional<String> networkInterface, PortRange ports, Timeouts timeouts) {
    /** Automatic transport, interface and ports, default timeouts. */
    public static final GroupOptions DEFAULT =
            new GroupOptions(TransportChoice.AUTO, Optional.empty(), PortRange.FREE, Timeouts.DEFAULT);

    /** With another transport. */
    public GroupOptions withTransport(TransportChoice choice) {
        return new GroupOptions(choice, networkInterface, ports, timeouts);
    }

    /** With an interface, by name or address. */
    public GroupOptions withInterface(String nameOrAddress) {
        return new GroupOptions(transport, Optional.of(nameOrAddress), ports, timeouts);
    }

    /** With other ports. */
    public GroupOptions withPorts(PortRange range) {
        return new GroupOptions(transport, networkInterface, range, timeouts);
    }

    /** With other timeouts. */
    public GroupOptions withTimeouts(Timeouts other) {
        return new GroupOptions(transport, networkInterface, ports, other);
    }
}
