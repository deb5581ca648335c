package org.ringwood.collectives;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/** Runs the ranks of a group as threads of this JVM. */
public final class RankThreads {
    /** What a rank does. */
    @FunctionalInterface
    public interface Task {
        /** Runs on the rank's own thread. */
        void run(ProcessGroup group) throws Exception;
    }

    private RankThreads() {}

    /**
     * Runs a task on every rank, each on a thread of its own, and closes the groups. A rank whose task throws fails the group, so that
     * the others end too.
     *
     * @param groups all ranks of a job, such as {@link ProcessGroups#inProcess(int)} gives
     * @throws IllegalStateException with what the culprit threw as its cause, and what the others threw suppressed
     */
    public static void run(List<ProcessGroup> groups, Task task) {
        List<Throwable> thrown =
                outcomes(groups, task).stream().flatMap(Optional::stream).toList();
        if (thrown.isEmpty()) {
            return;
        }
        Throwable culprit = thrown.stream()
                .filter(t -> !(t instanceof GroupFailureException))
                .findFirst()
                .orElse(thrown.getFirst());
        IllegalStateException failure = new IllegalStateException("a rank failed: " + culprit.getMessage(), culprit);
        thrown.stream().filter(t -> !t.equals(culprit)).forEach(failure::addSuppressed);
        throw failure;
    }

    /** Like {@link #run}, but returns what each rank's task threw, if anything. */
    public static List<Optional<Throwable>> outcomes(List<ProcessGroup> groups, Task task) {
        AtomicReferenceArray<@Nullable Throwable> thrown = new AtomicReferenceArray<>(groups.size());
        CountDownLatch running = new CountDownLatch(groups.size());
        List<Thread> threads = new ArrayList<>();
        for (int rank = 0; rank < groups.size(); rank++) {
            int index = rank;
            threads.add(Thread.ofPlatform().daemon().name("rank-" + rank).start(() -> {
                thrown.set(index, runOne(groups.get(index), task));
                running.countDown();
            }));
        }
        awaitAll(running, threads);
        List<Optional<Throwable>> outcomes = new ArrayList<>();
        for (int rank = 0; rank < groups.size(); rank++) {
            outcomes.add(Optional.ofNullable(thrown.get(rank)));
        }
        return outcomes;
    }

    private static @Nullable Throwable runOne(ProcessGroup group, Task task) {
        try (group) {
            runOrFail(group, task);
            return null;
        } catch (Throwable t) {
            return t;
        }
    }

    private static void runOrFail(ProcessGroup group, Task task) throws Exception {
        try {
            task.run(group);
        } catch (Throwable t) {
            group.fail(t);
            throw t;
        }
    }

    /** An interrupt is passed on to the ranks, which end their waits by it. */
    private static void awaitAll(CountDownLatch running, List<Thread> threads) {
        boolean interrupted = false;
        while (true) {
            try {
                running.await();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
                threads.forEach(Thread::interrupt);
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
