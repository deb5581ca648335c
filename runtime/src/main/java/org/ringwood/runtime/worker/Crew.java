package org.ringwood.runtime.worker;

import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Supplier;
import org.ringwood.attention.execution.PlanExecutor;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.Devices;
import org.ringwood.runtime.job.Speeds;
import org.ringwood.runtime.planning.RankSpeeds;
import org.ringwood.runtime.report.Report;

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

    /** Lets messages go from GPU to GPU where there are GPUs, and they can; tells whether they do. Every rank calls it. */
    Optional<Report.Choice> link(PlanExecutor executor, ProcessGroup group) {
        if (!kinds().contains(Devices.Kind.CUDA) || group.size() == 1) {
            return Optional.empty();
        }
        Optional<String> obstacle = executor.linkDevices();
        boolean direct = obstacle.isEmpty() || group.takesDeviceMemory();
        return Optional.of(new Report.Choice(
                "messages",
                direct ? "from GPU to GPU" : "by way of the host",
                obstacle.orElse("ranks of a node reach each other's")));
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
