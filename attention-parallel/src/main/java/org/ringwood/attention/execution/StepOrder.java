package org.ringwood.attention.execution;

import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;
import org.ringwood.attention.plan.Step;

/**
 * Whose turn it is. A step's turn comes when the steps before it have ended; among kernels already when those have been queued, since
 * a device runs them in the order in which they are queued.
 */
final class StepOrder {
    private final List<Step> steps;
    private final List<List<Step>> following = new ArrayList<>();
    private final int[] missing;
    private final PriorityQueue<Integer> ready = new PriorityQueue<>();
    private int left;

    StepOrder(List<Step> steps) {
        this.steps = steps;
        this.missing = new int[steps.size()];
        this.left = steps.size();
        for (Step step : steps) {
            following.add(new ArrayList<>());
            missing[step.id()] = step.after().size();
            for (int before : step.after()) {
                following.get(before).add(step);
            }
            if (step.after().isEmpty()) {
                ready.add(step.id());
            }
        }
    }

    /** A step whose turn it is, the first by id, to be started; null if there is none now. */
    @Nullable
    Step next() {
        Integer id = ready.poll();
        return id == null ? null : steps.get(id);
    }

    boolean hasNext() {
        return !ready.isEmpty();
    }

    void started(Step step) {
        if (step instanceof Step.Kernel) {
            release(step, true);
        }
    }

    void ended(Step step) {
        left--;
        if (step instanceof Step.Kernel) {
            release(step, false);
        } else {
            release(step, true);
            release(step, false);
        }
    }

    private void release(Step step, boolean kernels) {
        for (Step next : following.get(step.id())) {
            if (next instanceof Step.Kernel == kernels && --missing[next.id()] == 0) {
                ready.add(next.id());
            }
        }
    }

    boolean allEnded() {
        return left == 0;
    }
}
