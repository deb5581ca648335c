package org.ringwood.collectives.aeron;

import io.aeron.ChannelUriStringBuilder;
import io.aeron.CommonContext;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.ringwood.collectives.Digest;

/**
 * An Aeron channel and the stream in it.
 *
 * @param stream differs by job and receiver, so that what another job sends to a port that was once its own is not even stored
 */
record Channel(String uri, int stream) {
    /** Shared memory of the node's driver. */
    static Channel ipc(long job, int receiver) {
        return new Channel(CommonContext.IPC_CHANNEL, stream(job, receiver));
    }

    /** For the receiver: datagrams to a port of one interface, a free one if that is 0. */
    static Channel listening(InetSocketAddress at, long job, int receiver) {
        String uri =
                udp().endpoint(literal(at.getAddress()) + ":" + at.getPort()).build();
        return new Channel(uri, stream(job, receiver));
    }

    /** For the sender: datagrams from a free port of one interface. */
    static Channel sending(InetAddress from, String endpoint, long job, int receiver) {
        String uri = udp().endpoint(endpoint).networkInterface(literal(from)).build();
        return new Channel(uri, stream(job, receiver));
    }

    private static ChannelUriStringBuilder udp() {
        return new ChannelUriStringBuilder().media(CommonContext.UDP_MEDIA);
    }

    private static String literal(InetAddress address) {
        return address instanceof Inet6Address ? "[" + address.getHostAddress() + "]" : address.getHostAddress();
    }

    private static int stream(long job, int receiver) {
        return (int) Digest.of("aeron stream", job, receiver);
    }
}
