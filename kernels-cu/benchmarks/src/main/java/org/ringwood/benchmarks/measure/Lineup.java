package org.ringwood.benchmarks.measure;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;
import org.ringwood.benchmarks.measure.Measurement.Outcome;
import org.ringwood.benchmarks.measure.Measurement.Timing;
import org.ringwood.benchmarks.peer.Contender;
import org.ringwood.benchmarks.peer.Operands;
import org.ringwood.benchmarks.peer.Peer;
import org.ringwood.benchmarks.peer.Peer.Entry;
import org.ringwood.benchmarks.workload.KernelCase;

/** All who take a turn in the rounds of one case: the ceiling, Ringwood, Ringwood on the baseline, and the peers. */
final class Lineup implements AutoCloseable {
    /** The part of a case's time in which a contender that is warm does not become faster. */
    private static final double WARM_UP_SHARE = 0.25;

    private final KernelCase subject;
    private final int threads;
    private final Arena arena = Arena.ofShared();
    private final Operands operands;
    private final Ceiling ceiling;
    private final Ringwood forward;
    private final Contender own;
    private final Optional<Contender> baseline;
    private final List<Entry> entries = new ArrayList<>();

    Lineup(KernelCase subject, int threads, Ceilings ceilings, List<Peer> peers) {
        this.subject = subject;
        this.threads = threads;
        this.operands = RandomOperands.of(subject.workload(), arena);
        this.ceiling = subject.workload().isDecode() ? ceilings.reading(threads) : ceilings.arithmetic(threads);
        this.forward = new Ringwood(operands, threads);
        this.own = own(forward, operands);
        this.baseline = subject.baseline().map(other -> {
            Operands others = RandomOperands.of(other.workload(), arena);
            return own(new Ringwood(others, threads), others);
        });
        peers.forEach(peer -> entries.add(entry(peer)));
    }

    private Entry entry(Peer peer) {
        return operands.dropout().isNone()
                ? tried(peer.enter(operands, threads))
                : new Entry.Absent("it has no dropout of the same mask");
    }

    private static Contender own(Ringwood forward, Operands operands) {
        return switch (operands.workload().pass()) {
            case FORWARD -> forward;
            case BACKWARD -> new RingwoodBackward(forward, operands);
        };
    }

    /** A peer may refuse a shape that it did not decline. */
    private static Entry tried(Entry entry) {
        if (entry instanceof Entry.Ready(Contender peer)) {
            try {
                peer.attend();
            } catch (IllegalStateException refused) {
                peer.close();
                return new Entry.Absent("it refuses the call: " + refused.getMessage());
            }
        }
        return entry;
    }

    /** Measures for about {@code seconds}, then compares the results. */
    Measurement measure(double seconds) {
        double warmUp = WARM_UP_SHARE * seconds;
        Rounds rounds = new Rounds();
        Rounds.Series ceilings = rounds.add(ceiling);
        Rounds.Series owns = rounds.add(new Stopwatch(own, warmUp));
        Optional<Rounds.Series> baselines = baseline.map(other -> rounds.add(new Stopwatch(other, warmUp)));
        List<Function<Truth, Outcome>> peers =
                entries.stream().map(entry -> outcome(entry, rounds, warmUp)).toList();
        rounds.run(seconds);
        Truth truth = switch (operands.workload().pass()) {
            case FORWARD -> new OutputTruth(operands, forward);
            case BACKWARD -> new GradientTruth(operands, own);
        };
        return new Measurement(
                subject,
                threads,
                timing(owns, own, truth),
                truth.holds(),
                ceilings.median(),
                baselines
                        .map(series -> OptionalDouble.of(subject.relativeCost(owns.median(), series.median())))
                        .orElse(OptionalDouble.empty()),
                peers.stream().map(outcome -> outcome.apply(truth)).toList());
    }

    /** Lets a peer take part in the rounds, if it can; what came of it is known once they are over. */
    private Function<Truth, Outcome> outcome(Entry entry, Rounds rounds, double warmUp) {
        return switch (entry) {
            case Entry.Absent(String reason) -> truth -> new Outcome.Absent(reason);
            case Entry.Ready(Contender peer) -> {
                Rounds.Series series = rounds.add(new Stopwatch(peer, warmUp));
                yield truth -> new Outcome.Measured(
                        timing(series, peer, truth), Truth.largestDifference(operands.workload(), own, peer));
            }
        };
    }

    private static Timing timing(Rounds.Series series, Contender contender, Truth truth) {
        return new Timing(series.median(), truth.relativeError(contender));
    }

    @Override
    public void close() {
        for (Entry entry : entries) {
            if (entry instanceof Entry.Ready(Contender peer)) {
                peer.close();
            }
        }
        baseline.ifPresent(Contender::close);
        own.close();
        arena.close();
    }
}
