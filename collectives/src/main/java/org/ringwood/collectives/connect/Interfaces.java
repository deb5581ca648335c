package org.ringwood.collectives.connect;

import java.io.UncheckedIOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.Comparator;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The network interfaces of this host. */
public final class Interfaces {
    private static final Comparator<InetAddress> PLAIN_FIRST =
            Comparator.comparing(address -> !(address instanceof Inet4Address));

    private Interfaces() {}

    /**
     * The address of an interface of this host.
     *
     * @param nameOrAddress such as {@code eth0}, {@code 10.0.0.7} or {@code localhost}
     * @throws IllegalArgumentException if this host has no such interface
     */
    public static InetAddress address(String nameOrAddress) {
        try {
            NetworkInterface named = NetworkInterface.getByName(nameOrAddress);
            Optional<InetAddress> address = named == null
                    ? Stream.of(InetAddress.getAllByName(nameOrAddress))
                            .filter(Interfaces::isOwn)
                            .findFirst()
                    : named.inetAddresses().min(PLAIN_FIRST);
            return address.orElseThrow(() -> unknown(nameOrAddress));
        } catch (UnknownHostException e) {
            throw unknown(nameOrAddress);
        } catch (SocketException e) {
            throw new UncheckedIOException("cannot list the network interfaces of this host", e);
        }
    }

    /**
     * The address by which rank 0's host is reached. Many hosts resolve their own name to a loopback address, at which no other
     * host reaches them: then it is that of their first other interface.
     *
     * @throws IllegalArgumentException if the host is not known
     */
    public static InetAddress reachable(String host) {
        try {
            InetAddress resolved = InetAddress.getByName(host);
            boolean meansLoopback = host.equals("localhost") || host.startsWith("127.") || host.contains(":");
            return resolved.isLoopbackAddress() && !meansLoopback ? firstOther().orElse(resolved) : resolved;
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(
                    "rank 0's host '%s' is not known on this host; set MASTER_ADDR to its address".formatted(host), e);
        }
    }

    private static Optional<InetAddress> firstOther() {
        return addresses()
                .filter(address -> !address.isLoopbackAddress() && !address.isLinkLocalAddress())
                .min(PLAIN_FIRST);
    }

    private static boolean isOwn(InetAddress address) {
        return addresses().anyMatch(address::equals) || address.isLoopbackAddress();
    }

    private static Stream<InetAddress> addresses() {
        try {
            return NetworkInterface.networkInterfaces().flatMap(NetworkInterface::inetAddresses);
        } catch (SocketException e) {
            throw new UncheckedIOException("cannot list the network interfaces of this host", e);
        }
    }

    private static IllegalArgumentException unknown(String nameOrAddress) {
        return new IllegalArgumentException("this host has no interface '%s'; it has %s"
                .formatted(
                        nameOrAddress,
                        addresses().map(InetAddress::getHostAddress).collect(Collectors.joining(", "))));
    }
}
