package org.ringwood.runtime.worker;

import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Supplier;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.Devices;
import org.ringwood.runtime.job.Speeds;
import org.ringwood.runtime.planning.RankSpeeds;

/**
 * What the ranks of a job compute with, as every rank knows it.
 *
 * @param ranks what each has, in their order
 */
record Crew(List<Equipment> ranks) {
    /**
     * A rank's device.
     *
     * @param kind never auto
     * @param threads compute threads
     */
    record Equipment(Devices.Kind kind, int threads) {}

    /** Ranks tell each other; every rank calls it. */
    static Crew meet(ProcessGroup group, Device mine) {
        return new Crew(Gathering.texts(group, mine.kind().name() + " " + mine.threads()).stream()
                .map(text -> text.split(" ", 2))
                .map(words -> new Equipment(Devices.Kind.valueOf(words[0]), Integer.parseInt(words[1])))
                .toList());
    }

    /** One for all if they are alike, else one for each. */
    List<Devices.Kind> kinds() {
        return oneIfAlike(ranks.stream().map(Equipment::kind).toList());
    }

    /** One for all if they are alike, else one for each. */
    List<Integer> threads() {
        return oneIfAlike(ranks.stream().map(Equipment::threads).toList());
    }

    /** Of all ranks, if they have as many. */
    OptionalInt commonThreads() {
        return threads().size() == 1 ? OptionalInt.of(threads().getFirst()) : OptionalInt.empty();
    }

    /** Of the rank that has least. */
    int leastThreads() {
        return Collections.min(threads());
    }

    private static <T> List<T> oneIfAlike(List<T> all) {
        return new HashSet<>(all).size() == 1 ? List.of(all.getFirst()) : all;
    }

    /**
     * How fast the ranks are taken to be.
     *
     * @param flopsPerSecond measures it, on all ranks together
     */
    RankSpeeds speeds(Speeds asked, Supplier<List<Double>> flopsPerSecond) {
        return switch (asked) {
            case Speeds.Given(var weights) -> new RankSpeeds(weights, "");
            case Speeds.Equal() -> RankSpeeds.equal(ranks.size(), "");
            case Speeds.Measured() -> RankSpeeds.measured(flopsPerSecond.get());
            case Speeds.Auto() ->
                oneIfAlike(ranks).size() == 1
                        ? RankSpeeds.equal(ranks.size(), "all workers have the same kind of device and as many threads")
                        : RankSpeeds.measured(flopsPerSecond.get());
        };
    }
}
