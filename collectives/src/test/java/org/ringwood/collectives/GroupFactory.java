package org.ringwood.collectives;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/** Makes the connected groups that a contract is checked on. */
public interface GroupFactory {
    /** Generous, so that a slow machine fails no test; a test that hangs ends by its own limit before. */
    Timeouts PATIENT =
            new Timeouts(Duration.ofSeconds(60), Duration.ofSeconds(60), Duration.ofSeconds(60), Optional.empty());

    /**
     * The group of all ranks of a new job, as each rank of this process sees it, in rank order: mostly all, or one of them if the ranks
     * are processes that all run the test. The test closes them, each on a thread of its own.
     *
     * @throws Exception if they cannot be connected, which fails the test
     */
    List<ProcessGroup> connect(Topology topology, Timeouts timeouts) throws Exception;

    /** A new count of what all ranks of a test do. */
    default Tally tally() throws Exception {
        return Tally.ofThreads();
    }

    /** Of what a test does at random: the same on all ranks. */
    default long seed() {
        return ThreadLocalRandom.current().nextLong();
    }

    /** Numbers of ranks to try. */
    default List<Integer> sizes() {
        return List.of(1, 2, 3, 4);
    }

    /** Groups of ranks on one node. */
    default List<ProcessGroup> connect(int size) throws Exception {
        return connect(Topology.singleNode(size), PATIENT);
    }

    /** Runs a task on a new group of each of the {@link #sizes}. */
    default void forEachSize(RankThreads.Task task) throws Exception {
        for (int size : sizes()) {
            RankThreads.run(connect(size), task);
        }
    }
}
