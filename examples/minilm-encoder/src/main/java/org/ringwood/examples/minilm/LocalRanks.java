package org.ringwood.examples.minilm;

import java.util.List;
import java.util.concurrent.ConcurrentSkipListMap;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.collectives.ProcessGroups;
import org.ringwood.collectives.RankThreads;

/** Runs a program on ranks that are threads of this JVM. */
final class LocalRanks {
    /** What a rank does. */
    @FunctionalInterface
    interface Program<T> {
        /** Called on the rank's own thread. */
        T run(ProcessGroup group) throws Exception;
    }

    private LocalRanks() {}

    /** The results of all ranks, in rank order. */
    static <T> List<T> run(int ranks, Program<T> program) {
        ConcurrentSkipListMap<Integer, T> results = new ConcurrentSkipListMap<>();
        RankThreads.run(ProcessGroups.inProcess(ranks), group -> results.put(group.rank(), program.run(group)));
        return List.copyOf(results.values());
    }
}
