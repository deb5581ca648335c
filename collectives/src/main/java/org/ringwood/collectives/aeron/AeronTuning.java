package org.ringwood.collectives.aeron;

import java.time.Duration;

/**
 * Sizes and limits of the Aeron transport, meant for bulk. All ranks should use the same.
 *
 * <p>The death or silence of a process is normally learnt from the control connections of the job, within
 * {@link org.ringwood.collectives.Timeouts#peer()}. The limits here are the second line and therefore generous: a long garbage
 * collection, or more ranks than cores, must not look like a lost peer. A rank whose JVM was stopped for longer than
 * {@link #CLIENT_LIVENESS} cannot come back and fails.
 *
 * @param mtuBytes largest datagram without IP and UDP headers, a multiple of 32; 0 takes what the interface carries in one
 *     packet. On a clean network of 1500-byte packets, 8192 is faster: the kernel then cuts and reassembles
 * @param windowBytes what a sender may have under way to one receiver; lowered to what the kernel grants as a socket buffer
 *     ({@code net.core.rmem_max}).
 *     At most a quarter of a term: the driver ignores what a receiver says of itself if the sender is more than half a
 *     term ahead, which padding and a window of half a term would make it
 * @param termBytes a third of a log buffer, a power of two from 64 KiB to 1 GiB. Every pair of ranks that exchanges messages has a
 *     log of its own in each direction, on both nodes; its pages are taken as they are first written
 * @param eagerBytes messages up to this size are sent before their receiver is known to wait for them
 * @param eagerBudgetBytes what a receiver holds of each peer's such messages before it has posted their receives
 * @param silence of the media driver of a peer after which the peer counts as lost
 * @param reach time for the first contact with a peer's driver
 * @param linger how long closing waits for peers to take in the last messages
 */
public record AeronTuning(
        int mtuBytes,
        int windowBytes,
        int termBytes,
        int eagerBytes,
        int eagerBudgetBytes,
        Duration silence,
        Duration reach,
        Duration linger) {
    /** A process that does not serve its media driver connection for so long is given up by the driver, and the reverse. */
    public static final Duration CLIENT_LIVENESS = Duration.ofSeconds(30);

    /** Interface's packet size, 4 MiB window, 16 MiB terms, 4 KiB eager of at most 256 KiB, 10 s silence, 30 s reach, 5 s linger. */
    public static final AeronTuning DEFAULT = new AeronTuning(
            0,
            4 << 20,
            16 << 20,
            4 << 10,
            256 << 10,
            Duration.ofSeconds(10),
            Duration.ofSeconds(30),
            Duration.ofSeconds(5));

    private static final int SMALLEST_TERM = 64 << 10;
    private static final int LARGEST_TERM = 1 << 30;
    private static final int LARGEST_DATAGRAM = 65504;
    private static final int ALIGNMENT = 32;
    private static final int SMALLEST_MTU = 512;

    /** @throws IllegalArgumentException naming the property that is out of its range */
    public AeronTuning {
        require(
                mtuBytes == 0
                        || (mtuBytes >= SMALLEST_MTU && mtuBytes <= LARGEST_DATAGRAM && mtuBytes % ALIGNMENT == 0),
                "mtu.bytes",
                mtuBytes,
                "0, or a multiple of 32 from 512 to 65504");
        require(
                termBytes >= SMALLEST_TERM && termBytes <= LARGEST_TERM && Integer.bitCount(termBytes) == 1,
                "term.bytes",
                termBytes,
                "a power of two from 64 KiB to 1 GiB");
        require(
                windowBytes >= Math.max(mtuBytes, SMALLEST_MTU) && windowBytes <= termBytes / 4,
                "window.bytes",
                windowBytes,
                "between mtu.bytes and a quarter of term.bytes");
        require(mtuBytes <= termBytes / 8, "mtu.bytes", mtuBytes, "at most an eighth of term.bytes");
        require(eagerBytes >= 0, "eager.bytes", eagerBytes, "0 or more");
        require(eagerBudgetBytes >= 0, "eager.budget.bytes", eagerBudgetBytes, "0 or more");
        requirePositive(silence, "silence.ms");
        requirePositive(reach, "reach.ms");
        requirePositive(linger, "linger.ms");
    }

    /**
     * The defaults, changed by system properties: {@code ringwood.aeron.mtu.bytes}, {@code ringwood.aeron.window.bytes},
     * {@code ringwood.aeron.term.bytes}, {@code ringwood.aeron.eager.bytes}, {@code ringwood.aeron.eager.budget.bytes},
     * {@code ringwood.aeron.silence.ms}, {@code ringwood.aeron.reach.ms}, {@code ringwood.aeron.linger.ms}.
     *
     * @throws IllegalArgumentException naming the property that is no number or out of its range
     */
    public static AeronTuning fromProperties() {
        return new AeronTuning(
                property("mtu.bytes", DEFAULT.mtuBytes),
                property("window.bytes", DEFAULT.windowBytes),
                property("term.bytes", DEFAULT.termBytes),
                property("eager.bytes", DEFAULT.eagerBytes),
                property("eager.budget.bytes", DEFAULT.eagerBudgetBytes),
                property("silence.ms", DEFAULT.silence),
                property("reach.ms", DEFAULT.reach),
                property("linger.ms", DEFAULT.linger));
    }

    private static Duration property(String name, Duration otherwise) {
        return Duration.ofMillis(property(name, Math.toIntExact(otherwise.toMillis())));
    }

    private static int property(String name, int otherwise) {
        String value = System.getProperty(fullName(name));
        if (value == null) {
            return otherwise;
        }
        try {
            return Integer.parseInt(value);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "%s is %s, but must be a whole number".formatted(fullName(name), value), e);
        }
    }

    private static void requirePositive(Duration duration, String name) {
        require(duration.isPositive(), name, duration.toMillis(), "positive");
    }

    private static void require(boolean holds, String name, long value, String range) {
        if (!holds) {
            throw new IllegalArgumentException("%s is %d, but must be %s".formatted(fullName(name), value, range));
        }
    }

    private static String fullName(String name) {
        return "ringwood.aeron." + name;
    }
}
