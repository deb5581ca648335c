package org.ringwood.benchmarks.measure;

import java.util.List;
import org.ringwood.benchmarks.peer.Peer;
import org.ringwood.benchmarks.workload.KernelCase;

/** Measures cases. One thread must make all calls: peers may set their number of threads for the calling thread only. */
public final class KernelBench implements AutoCloseable {
    /** What each ceiling warms up for once, as a part of a case's time. */
    private static final double CEILING_WARM_UP_SHARE = 0.5;

    private final List<Peer> peers;
    private final double seconds;
    private final Ceilings ceilings;

    /**
     * A bench with peers.
     *
     * @param peers who is measured beside Ringwood
     * @param seconds how long the rounds of a case last, if three take no longer; warming up comes on top
     */
    public KernelBench(List<Peer> peers, double seconds) {
        this.peers = List.copyOf(peers);
        this.seconds = seconds;
        this.ceilings = new Ceilings(CEILING_WARM_UP_SHARE * seconds);
    }

    /** Bytes of the tensors that a case needs at once, without what peers allocate. */
    public static double bytes(KernelCase subject) {
        return RandomOperands.bytes(subject.workload())
                + subject.baseline()
                        .map(baseline -> RandomOperands.bytes(baseline.workload()))
                        .orElse(0.0);
    }

    /** Measures a case. */
    public Measurement measure(KernelCase subject, int threads) {
        try (Lineup lineup = new Lineup(subject, threads, ceilings, peers)) {
            return lineup.measure(seconds);
        }
    }

    @Override
    public void close() {
        ceilings.close();
    }
}
