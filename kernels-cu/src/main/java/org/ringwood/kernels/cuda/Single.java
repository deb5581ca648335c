package org.ringwood.kernels.cuda;

import org.ringwood.kernels.pool.Phase;

/** A call as one task. */
record Single(Runnable body) implements Phase {
    @Override
    public int tasks() {
        return 1;
    }

    @Override
    public void run(int task, int worker) {
        body.run();
    }
}
