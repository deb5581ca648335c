package org.ringwood.collectives;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Does something for every rank at once, each on a thread of its own. */
public final class Parallel {
    /** What one rank does. */
    @FunctionalInterface
    public interface Task<T> {
        T run(int rank) throws Exception;
    }

    private Parallel() {}

    /** The results in rank order. */
    public static <T> List<T> forEachRank(int size, Task<T> task) throws Exception {
        try (ExecutorService threads = Executors.newCachedThreadPool()) {
            List<Future<T>> running = new ArrayList<>();
            for (int rank = 0; rank < size; rank++) {
                int self = rank;
                running.add(threads.submit(() -> task.run(self)));
            }
            List<T> results = new ArrayList<>();
            for (Future<T> each : running) {
                results.add(each.get());
            }
            return results;
        }
    }
}
