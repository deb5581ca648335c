package org.ringwood.examples.minilm;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.collectives.ProcessGroups;

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
    static <T> List<T> run(int ranks, Program<T> program) throws InterruptedException, ExecutionException {
        try (ExecutorService threads = Executors.newFixedThreadPool(ranks)) {
            List<Future<T>> running = new ArrayList<>();
            for (ProcessGroup group : ProcessGroups.inProcess(ranks)) {
                running.add(threads.submit(() -> {
                    try (group) {
                        return program.run(group);
                    } catch (Exception e) {
                        group.fail(e);
                        throw e;
                    }
                }));
            }
            List<T> results = new ArrayList<>();
            for (Future<T> result : running) {
                results.add(result.get());
            }
            return results;
        }
    }
}
