package org.ringwood.collectives.aeron;

import io.aeron.Aeron;
import io.aeron.Subscription;
import io.aeron.UnavailableImageHandler;
import io.aeron.exceptions.AeronException;
import io.aeron.status.ChannelEndpointStatus;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.agrona.concurrent.BackoffIdleStrategy;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.SleepingMillisIdleStrategy;
import org.jspecify.annotations.Nullable;
import org.ringwood.collectives.Failure.Cause;
import org.ringwood.collectives.Rendezvous;

/**
 * A rank's connection to the media driver of its node, and the driver itself in the first rank of the node. Keep-alives come from
 * a thread of their own, so a rank may compute for as long as it likes.
 */
final class NodeClient implements AutoCloseable {
    private static final String DRIVER_KEY = "aeron.driver";
    private static final int CONDUCTOR_SLEEP_MILLIS = 4;

    private final AeronConfig config;
    private final Troubles troubles;
    private final @Nullable NodeDriver driver;
    private final Aeron aeron;

    private NodeClient(AeronConfig config, Troubles troubles, @Nullable NodeDriver driver, Aeron aeron) {
        this.config = config;
        this.troubles = troubles;
        this.driver = driver;
        this.aeron = aeron;
    }

    /**
     * Launches the driver or waits until the first rank of the node has, and connects to it.
     *
     * @param launcher makes the driver if this rank hosts it
     */
    static NodeClient join(AeronConfig config, Troubles troubles, Function<AeronConfig, NodeDriver> launcher) {
        NodeDriver driver = config.hostsDriver() ? launcher.apply(config) : null;
        try {
            String path = driver == null ? awaitDriver(config) : driver.path();
            Aeron aeron = Aeron.connect(new Aeron.Context()
                    .aeronDirectoryName(path)
                    .driverTimeoutMs(AeronTuning.CLIENT_LIVENESS.toMillis())
                    .idleStrategy(new SleepingMillisIdleStrategy(CONDUCTOR_SLEEP_MILLIS))
                    .errorHandler(troubles)
                    .subscriberErrorHandler(error -> troubles.report(
                            config.rank(), Cause.ERROR, "could not take in a frame from Aeron: " + error)));
            if (driver != null) {
                config.rendezvous().publish(Rendezvous.key(DRIVER_KEY, config.rank()), path);
            }
            return new NodeClient(config, troubles, driver, aeron);
        } catch (RuntimeException e) {
            if (driver != null) {
                driver.close();
            }
            throw e;
        }
    }

    private static String awaitDriver(AeronConfig config) {
        String key = Rendezvous.key(DRIVER_KEY, config.driverHost());
        return config.rendezvous().await(key, config.job().timeouts().join());
    }

    Aeron aeron() {
        return aeron;
    }

    Subscription subscribe(Channel channel, UnavailableImageHandler onEnd) {
        try {
            return aeron.addSubscription(channel.uri(), channel.stream(), image -> {}, onEnd);
        } catch (AeronException e) {
            throw cannotListen(channel, e);
        }
    }

    private IllegalArgumentException cannotListen(Channel channel, @Nullable AeronException cause) {
        String reason = cause == null ? "" : " (" + cause.getMessage() + ")";
        return new IllegalArgumentException(
                "rank %d cannot listen on %s%s; choose another interface or free ports"
                        .formatted(config.rank(), channel.uri(), reason),
                cause);
    }

    /** The address and port that a subscription got. */
    String endpoint(Channel channel, Subscription subscription) {
        await(
                () -> subscription.resolvedEndpoint() != null
                        || subscription.channelStatus() == ChannelEndpointStatus.ERRORED,
                config.job().timeouts().join());
        String endpoint = subscription.resolvedEndpoint();
        if (endpoint == null) {
            throw cannotListen(channel, null);
        }
        return endpoint;
    }

    /**
     * Whether the driver can be used; if not, the culprit is reported. Aeron closes its client if the driver is gone, or if this
     * process was stopped for so long that the driver has given it up.
     */
    boolean isUsable() {
        if (!aeron.isClosed()) {
            return true;
        }
        if (troubles.isDriverSilent() && !config.hostsDriver()) {
            troubles.report(
                    config.driverHost(),
                    Cause.DIED,
                    "no longer runs the Aeron media driver that rank %d uses".formatted(config.rank()));
        } else {
            troubles.report(
                    config.rank(),
                    Cause.ERROR,
                    "lost its Aeron media driver; it cannot go on after a pause of more than %d s"
                            .formatted(AeronTuning.CLIENT_LIVENESS.toSeconds()));
        }
        return false;
    }

    /** Waits for something that other threads bring about; returns whether it came in time and before any failure. */
    boolean await(BooleanSupplier event, Duration limit) {
        IdleStrategy idle = new BackoffIdleStrategy();
        long began = System.nanoTime();
        while (!event.getAsBoolean()) {
            if (troubles.failed() || System.nanoTime() - began > limit.toNanos()) {
                return false;
            }
            idle.idle();
        }
        return true;
    }

    /** Leaves at once. */
    void abandon() {
        try {
            aeron.close();
        } finally {
            if (driver != null) {
                driver.close();
            }
        }
    }

    /**
     * Leaves the driver. Where this process hosts it, it lives on until the other ranks of the node have left too: they are waited for
     * here, and if they take their time, by a thread that keeps this process alive meanwhile. If the job has failed, the host may
     * have been killed, and what it left is swept.
     */
    @Override
    public void close() {
        aeron.close();
        if (driver == null && troubles.failed()) {
            DriverDirectory.sweep();
        }
        if (driver != null) {
            if (await(() -> !driver.hasClients(), config.tuning().linger()) || troubles.failed()) {
                shutDown(driver);
            } else {
                Thread.ofPlatform().name("aeron-driver-host").start(() -> {
                    await(() -> !driver.hasClients(), config.job().timeouts().stall());
                    shutDown(driver);
                });
            }
        }
    }

    private void shutDown(NodeDriver driver) {
        try (driver) {
            await(driver::hasSentAll, config.tuning().linger());
        }
    }
}
