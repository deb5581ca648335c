package org.ringwood.kernels;

import java.util.Comparator;

/** Runs something every few thousand steps of a long loop, which takes well below a millisecond. */
final class Polling {
    private static final int STEPS = 1 << 12;

    private final Runnable poll;
    private int left = STEPS;

    /** Runs {@code poll}, which may throw to end the loop. */
    Polling(Runnable poll) {
        this.poll = poll;
    }

    /** Counts a step. */
    void step() {
        if (--left == 0) {
            left = STEPS;
            poll.run();
        }
    }

    /** The same order, each comparison a step: so a sort can be ended. */
    <T> Comparator<T> counting(Comparator<T> order) {
        return (one, other) -> {
            step();
            return order.compare(one, other);
        };
    }
}
