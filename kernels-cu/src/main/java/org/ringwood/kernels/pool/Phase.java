package org.ringwood.kernels.pool;

/** Independent tasks of one kernel call. They start once every task of the phase before is done. */
public interface Phase {
    /** Number of tasks, asked once, when the phase starts; phases before it have then left what they found out. */
    int tasks();

    /**
     * Runs one task. An exception fails the call; its other tasks are then skipped.
     *
     * @param task from 0 to {@link #tasks()}
     * @param worker number of the thread, below the pool's threads, for its scratch memory
     */
    void run(int task, int worker);
}
