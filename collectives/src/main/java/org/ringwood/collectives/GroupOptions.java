package org.ringwood.collectives;

import java.util.Optional;

/**
 * How a group is made; the same on every rank, but for the interface.
 *
 * @param transport what carries the messages
 * @param networkInterface name or address of the interface that this rank listens on and sends from; empty for the one that reaches
 *     rank 0
 * @param timeouts when waiting ends
 */
public record GroupOptions(TransportChoice transport, Optional<String> networkInterface, Timeouts timeouts) {
    /** Automatic transport and interface, default timeouts. */
    public static final GroupOptions DEFAULT =
            new GroupOptions(TransportChoice.AUTO, Optional.empty(), Timeouts.DEFAULT);

    /** With another transport. */
    public GroupOptions withTransport(TransportChoice choice) {
        return new GroupOptions(choice, networkInterface, timeouts);
    }

    /** With an interface, by name or address. */
    public GroupOptions withInterface(String nameOrAddress) {
        return new GroupOptions(transport, Optional.of(nameOrAddress), timeouts);
    }

    /** With other timeouts. */
    public GroupOptions withTimeouts(Timeouts other) {
        return new GroupOptions(transport, networkInterface, other);
    }
}
