package org.ringwood.kernels.cpu;

import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.ringwood.kernels.AttentionCall;
import org.ringwood.kernels.pool.Phase;

/** One call of attention as phases: cut it into tasks, run them, and where keys were split, merge their parts. */
final class Attend {
    private final AttentionCall call;
    private final Scratch[] scratch;
    private final BooleanSupplier closing;
    private @Nullable AttendPlan plan;
    private @Nullable PartialStates partials;

    /**
     * Prepares a call.
     *
     * @param scratch memory of each worker
     * @param closing whether the device is being closed
     */
    Attend(AttentionCall call, Scratch[] scratch, BooleanSupplier closing) {
        this.call = call;
        this.scratch = scratch;
        this.closing = closing;
    }

    /** Ends the task if the call is not wanted any more. */
    private void poll() {
        if (closing.getAsBoolean() || call.cancellation().requested()) {
            throw new CancellationException("attention was cancelled");
        }
    }

    Phase[] phases() {
        return new Phase[] {new Planning(), new Groups(), new Parts()};
    }

    /** Lowering a mask of many documents takes milliseconds, which belong to the device and not to the caller. */
    private final class Planning implements Phase {
        @Override
        public int tasks() {
            return 1;
        }

        @Override
        public void run(int task, int worker) {
            AttendPlan planned = new AttendPlan(call, Attend.this::poll);
            partials = planned.splitGroups().isEmpty() ? null : new PartialStates(call, planned);
            plan = planned;
        }
    }

    private final class Groups implements Phase {
        @Override
        public int tasks() {
            return plan == null ? 0 : plan.tasks();
        }

        @Override
        public void run(int task, int worker) {
            if (plan != null) {
                attend(plan, task, scratch[worker]);
            }
        }
    }

    private void attend(AttendPlan plan, int task, Scratch memory) {
        Span span = plan.span(task);
        if (span.slices().isEmpty()) {
            return;
        }
        GroupAttention attention = new GroupAttention(call, span, memory, this::poll);
        attention.attend();
        if (partials == null || !partials.holds(task)) {
            attention.mergeIntoState();
        } else {
            attention.storeInto(partials.records(), partials.offset(task));
        }
    }

    private final class Parts implements Phase {
        @Override
        public int tasks() {
            return partials == null ? 0 : partials.merges();
        }

        @Override
        public void run(int task, int worker) {
            if (partials != null) {
                scratch[worker].reserve(call.queries().dim(), call.values().dim());
                partials.merge(task, scratch[worker].record);
            }
        }
    }
}
