package org.ringwood.collectives.aeron;

import io.aeron.AeronCounters;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.StandardSocketOptions;
import java.nio.channels.DatagramChannel;
import java.util.HashMap;
import java.util.Map;
import org.agrona.concurrent.BackoffIdleStrategy;
import org.agrona.concurrent.status.CountersReader;
import org.ringwood.collectives.MemoryExhaustedException;

/**
 * The media driver of a node, within the process of the node's first rank. Its two threads park when there is nothing to do, since
 * ranks and their drivers often outnumber cores.
 */
final class NodeDriver implements AutoCloseable {
    private static final int LARGEST_DATAGRAM = 65504;
    private static final int MTU_ALIGNMENT = 32;
    private static final int IP4_AND_UDP_HEADERS = 28;
    private static final int IP6_AND_UDP_HEADERS = 48;
    private static final long LONGEST_PARK_NANOS = 1_000_000;

    private final DriverDirectory directory;
    private final MediaDriver driver;
    private final CountersReader counters;

    private NodeDriver(DriverDirectory directory, MediaDriver driver) {
        this.directory = directory;
        this.driver = driver;
        this.counters = new CountersReader(
                driver.context().countersMetaDataBuffer(), driver.context().countersValuesBuffer());
    }

    static NodeDriver launch(AeronConfig config, Troubles troubles) {
        return launch(config, context(config, troubles));
    }

    /** With a driver context made by {@link #context} and changed since. */
    static NodeDriver launch(AeronConfig config, MediaDriver.Context context) {
        String name = "%016x-%d".formatted(config.job().nonce(), config.rank());
        DriverDirectory directory = DriverDirectory.create(name);
        try {
            return new NodeDriver(
                    directory,
                    MediaDriver.launch(
                            context.aeronDirectoryName(directory.driver().toString())));
        } catch (InternalError fault) {
            directory.close();
            throw noMemoryBehind(directory, config, fault);
        } catch (RuntimeException e) {
            directory.close();
            throw new IllegalStateException(
                    "rank %d cannot start the Aeron media driver of its node in %s: %s"
                            .formatted(config.rank(), directory.driver(), e.getMessage()),
                    e);
        }
    }

    /** The JVM's one word for a mapped file whose page the system cannot back. */
    private static MemoryExhaustedException noMemoryBehind(
            DriverDirectory directory, AeronConfig config, InternalError fault) {
        MemoryExhaustedException exhausted = new MemoryExhaustedException(
                "the Aeron media driver that rank %d starts finds no memory for its files in %s (%s); enlarge or clear /dev/shm"
                                .formatted(config.rank(), directory.driver(), fault.getMessage())
                        + " (mount -o remount,size=… /dev/shm; --shm-size for a container)");
        exhausted.initCause(fault);
        return exhausted;
    }

    static MediaDriver.Context context(AeronConfig config, Troubles troubles) {
        AeronTuning tuning = config.tuning();
        int mtu = mtu(config);
        int socketBuffer = grantedSocketBuffer(tuning.windowBytes());
        return new MediaDriver.Context()
                .threadingMode(ThreadingMode.SHARED_NETWORK)
                .conductorIdleStrategy(parking())
                .sharedNetworkIdleStrategy(parking())
                .dirDeleteOnShutdown(true)
                .warnIfDirectoryExists(false)
                .errorHandler(troubles)
                .mtuLength(mtu)
                .ipcMtuLength(Math.min(LARGEST_DATAGRAM, tuning.termBytes() / 8))
                .socketSndbufLength(Math.max(socketBuffer, mtu))
                .socketRcvbufLength(Math.max(socketBuffer, mtu))
                .initialWindowLength(Math.max(socketBuffer, mtu))
                .publicationTermBufferLength(tuning.termBytes())
                .ipcTermBufferLength(tuning.termBytes())
                .driverTimeoutMs(AeronTuning.CLIENT_LIVENESS.toMillis())
                .clientLivenessTimeoutNs(AeronTuning.CLIENT_LIVENESS.toNanos())
                .publicationUnblockTimeoutNs(
                        AeronTuning.CLIENT_LIVENESS.multipliedBy(2).toNanos())
                .imageLivenessTimeoutNs(tuning.silence().toNanos())
                .publicationConnectionTimeoutNs(tuning.silence().toNanos());
    }

    private static BackoffIdleStrategy parking() {
        return new BackoffIdleStrategy(10, 20, 1_000, LONGEST_PARK_NANOS);
    }

    private static int mtu(AeronConfig config) {
        if (config.tuning().mtuBytes() > 0) {
            return config.tuning().mtuBytes();
        }
        InetAddress address = config.address();
        try {
            NetworkInterface networkInterface = NetworkInterface.getByInetAddress(address);
            if (networkInterface == null) {
                throw new IllegalArgumentException("no interface of this host has the address %s; choose one that has"
                        .formatted(address.getHostAddress()));
            }
            int headers = address instanceof Inet6Address ? IP6_AND_UDP_HEADERS : IP4_AND_UDP_HEADERS;
            int carried = networkInterface.getMTU() - headers;
            int largest = Math.min(LARGEST_DATAGRAM, config.tuning().termBytes() / 8);
            return Math.min(largest, carried) / MTU_ALIGNMENT * MTU_ALIGNMENT;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the packet size of " + address.getHostAddress(), e);
        }
    }

    /** A window larger than what the kernel buffers would be lost on the last few steps of its way. */
    private static int grantedSocketBuffer(int wanted) {
        try (DatagramChannel probe = DatagramChannel.open()) {
            probe.setOption(StandardSocketOptions.SO_RCVBUF, wanted);
            probe.setOption(StandardSocketOptions.SO_SNDBUF, wanted);
            int granted = Math.min(
                    probe.getOption(StandardSocketOptions.SO_RCVBUF), probe.getOption(StandardSocketOptions.SO_SNDBUF));
            return Math.min(wanted, granted);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot open a datagram socket", e);
        }
    }

    /** For the other ranks of the node. */
    String path() {
        return directory.driver().toString();
    }

    /** Whether any rank still uses the driver. A client that has closed leaves a heartbeat of 0 until the driver's next timer. */
    boolean hasClients() {
        boolean[] found = {false};
        counters.forEach((id, type, key, label) ->
                found[0] |= type == AeronCounters.DRIVER_HEARTBEAT_TYPE_ID && counters.getCounterValue(id) != 0);
        return found[0];
    }

    /** Whether all that was handed to publications has been sent at least once. */
    boolean hasSentAll() {
        Map<Long, Long> published = positions(AeronCounters.DRIVER_PUBLISHER_POS_TYPE_ID);
        Map<Long, Long> sent = positions(AeronCounters.DRIVER_SENDER_POSITION_TYPE_ID);
        return sent.entrySet().stream().allMatch(s -> s.getValue() >= published.getOrDefault(s.getKey(), 0L));
    }

    /** By the registration id of the publication, with which the keys of these counters begin. */
    private Map<Long, Long> positions(int type) {
        Map<Long, Long> positions = new HashMap<>();
        counters.forEach((id, counterType, key, label) -> {
            if (counterType == type) {
                positions.put(key.getLong(0), counters.getCounterValue(id));
            }
        });
        return positions;
    }

    @Override
    public void close() {
        try {
            driver.close();
        } finally {
            directory.close();
        }
    }
}
